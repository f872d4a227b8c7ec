"""The audit trail: the ledger, searched and read."""
