"""The HTTP API, version 1: readings in, records out."""
