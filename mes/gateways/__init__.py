"""Gateways: how the processes that listen to instruments are, as they last told."""
