"""A number as it was written, with its unit.

The digits are kept: ``0.50 mL`` is not ``0.5 mL`` to whoever reads the record, for the zero says how well it was
measured. There is no NaN and no infinity; what is not a number is not a quantity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from batch_records.values.unit import ONE, Unit

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DIGITS = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)


class QuantityError(ValueError):
    """A text that is no number with a unit; its sentence says how to write one."""


@dataclass(frozen=True)
class Quantity:
    """Digits as written and a unit. Two quantities are equal when they read the same; compare `base` for size."""

    digits: str
    unit: Unit = ONE

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            raise QuantityError(_how_to_write(self.digits))

    @staticmethod
    def parse(text: str, unit: Unit | None = None) -> Quantity:
        """Read ``0.50 mL``, or ``0.50`` with the unit given. Raise `QuantityError` or `UnitError`."""
        digits, _, rest = text.strip().partition(" ")
        if unit and not rest:
            return Quantity(digits, unit)
        written = Unit.parse(rest.strip() or "1")
        if unit and written.dimensions != unit.dimensions:
            raise QuantityError(f"“{text}” is not in {unit}")
        return Quantity(digits, written)

    @property
    def number(self) -> Decimal:
        """The number written, in its own unit."""
        return Decimal(self.digits)

    @property
    def base(self) -> Fraction:
        """The exact number in base units."""
        return Fraction(self.number) * self.unit.factor

    def __str__(self) -> str:
        return self.digits if self.unit == ONE else f"{self.digits} {self.unit}"


def _how_to_write(digits: str) -> str:
    if "," in digits:
        return f"“{digits}” is not read: write the decimal point as a point, and no thousands separator"
    if re.match(r"[0-9.]+[%A-Za-zµ°]", digits):
        return f"“{digits}” is not a number: write a space before the unit"
    return f"“{digits}” is not a number"


def power_of_ten(exponent: int | str) -> str:
    """Write a power of ten with raised digits, so that ``10⁶`` is never read or copied as 106."""
    return f"10{str(exponent).translate(_RAISED)}"
