"""The archive: a batch record in one file that an outsider can check with nothing but Python."""
