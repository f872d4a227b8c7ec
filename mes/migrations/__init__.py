"""Migrations of rows and views. The ledger is created once, in the first, and never migrates."""
