"""Batches: the executed batch records, folded from their books."""
