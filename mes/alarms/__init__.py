"""Alarms of instruments after ISA-18.2: limits approved by quality, raised, acknowledged, shelved, on the record."""
