"""Seals: the log over all lines, its checkpoints, and those who witness them."""
