"""The ledger: one append-only, hash-chained book for everything that has a history."""
