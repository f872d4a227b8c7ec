"""Whether a batch may leave: the criteria, one file each, and what the releaser signs."""
