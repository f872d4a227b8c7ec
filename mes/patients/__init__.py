"""Therapy orders: a chain-of-identity code for each, and no name."""
