"""How a dose follows from a weight: a kilogram, flat, or by bands of weight; never above a cap; within a tolerance.

A rule is one line of text, so that a person reads on the record what the dose was computed by::

    1e6 cells/kg within 30 %
    1e6 cells/kg up to 50 kg, 5e7 cells above, within 20 %
    2e6 cells/kg, at most 1e8 cells, within 30 % (level 2 of cd7_dose_finding, edition 1)

The border of a band belongs to the band below it. What stands in brackets says where the rule is from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from batch_records.values.quantity import Quantity, QuantityError, power_of_ten
from batch_records.values.unit import Unit, UnitError

_LONGEST = 300
_POWER = re.compile(r"([0-9.]+)[eE]([+-]?[0-9]{1,2})")
_RULE = re.compile(r"(?P<amounts>.+?),? within (?P<tolerance>[^()]+?)(?: \((?P<source>[^()]+)\))?")
_MOST = re.compile(r"at most (.+)")
_BAND = re.compile(r"(.+) up to (.+)")
_ABOVE = re.compile(r"(.+) above")
_PER_KG, _CELLS, _WEIGHT, _SHARE = (Unit.parse(unit).dimensions for unit in ("cells/kg", "cells", "kg", "%"))


class DoseError(ValueError):
    """A text that is no rule of a dose; its sentence says what is wrong."""


@dataclass(frozen=True)
class Band:
    """An amount, of cells or of cells a kilogram, and up to which weight it counts; None for the last band."""

    amount: Quantity
    up_to: Quantity | None = None


@dataclass(frozen=True)
class DoseRule:
    """The rule of one dose. ``source`` says where it is from, empty where a person typed it."""

    text: str
    bands: tuple[Band, ...]
    most: Quantity | None
    tolerance: Quantity
    source: str = ""

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> DoseRule:
        """Read a rule. Raise `DoseError` with what is wrong."""
        match = _RULE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if not match:
            raise DoseError(f"“{text[:60]}” is no dose: write it like “1e6 cells/kg within 30 %”")
        *amounts, last = match["amounts"].split(", ")
        cap = _MOST.fullmatch(last)
        most = _quantity(cap[1], _CELLS) if cap else None
        bands = tuple(map(_band, amounts if cap else [*amounts, last]))
        _must_rise(bands)
        tolerance = _quantity(match["tolerance"], _SHARE)
        if tolerance.base >= 1:
            raise DoseError(f"a tolerance of {tolerance} is none: it is below 100 %")
        return DoseRule(text.strip(), bands, most, tolerance, match["source"] or "")

    @property
    def words(self) -> str:
        """The rule as a page says it, its powers of ten raised: a 10⁶ that is copied as 106 is another dose."""
        return _POWER.sub(lambda match: f"{match[1]} × {power_of_ten(int(match[2]))}", self.text)

    def cells(self, weight: Fraction) -> Fraction:
        """Return how many cells a patient gets whose weight is given in base units; not rounded."""
        band = next(band for band in self.bands if band.up_to is None or weight <= band.up_to.base)
        whole = band.amount.base * (weight if band.amount.unit.dimensions == _PER_KG else 1)
        return min(whole, self.most.base) if self.most else whole


def _band(text: str) -> Band:
    if within := _BAND.fullmatch(text):
        return Band(_quantity(within[1], _PER_KG, _CELLS), _quantity(within[2], _WEIGHT))
    above = _ABOVE.fullmatch(text)
    return Band(_quantity(above[1] if above else text, _PER_KG, _CELLS))


def _must_rise(bands: tuple[Band, ...]) -> None:
    """Refuse bands that leave a weight without a dose, or give it two."""
    borders = [band.up_to.base for band in bands if band.up_to]
    if len(borders) != len(bands) - 1 or bands[-1].up_to:
        raise DoseError("bands of weight end with a dose “above”: every weight has one dose")
    if borders != sorted(set(borders)):
        raise DoseError("bands of weight are written from the lightest to the heaviest")


def _quantity(text: str, *dimensions: object) -> Quantity:
    try:
        found = Quantity.parse(text)
    except (QuantityError, UnitError) as error:
        raise DoseError(str(error)) from None
    if found.unit.dimensions not in dimensions:
        raise DoseError(f"“{text}” has no place in a dose")
    if found.base <= 0:
        raise DoseError(f"“{text}” is not above zero")
    return found
