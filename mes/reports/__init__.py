"""The batch record as a document."""
