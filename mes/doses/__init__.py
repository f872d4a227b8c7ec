"""Dose plans: their editions and approval, the level that an order names, and what was seen at each level."""
