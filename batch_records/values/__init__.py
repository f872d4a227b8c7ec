"""Quantities with their units and digits, limits that judge, formulas that are checked before they are used."""
