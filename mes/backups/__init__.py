"""Backups: what is copied, how a copy proves itself, and how it is put in place again."""
