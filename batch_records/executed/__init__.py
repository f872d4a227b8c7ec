"""The executed batch record: entries in order, what a batch is after them, and what may come next."""
