"""The one rounding of a result, stated in the recipe: down for a dose, up for materials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from batch_records.values.expression import FormulaError, Uncomputable
from batch_records.values.quantity import Quantity
from batch_records.values.unit import Unit

_TOO_LARGE = 10**27


@dataclass(frozen=True)
class Rounding:
    """A stated rounding: ``down to 0.01``, ``up to 1``, ``half up to 0.1``, of the number in its unit."""

    text: str
    mode: str
    step: Decimal

    @staticmethod
    def parse(text: str) -> Rounding:
        """Read a rounding rule. Raise `FormulaError` with how to write one."""
        match = re.fullmatch(r"(down|up|half up) to (10{0,12}|0\.0{0,11}1)", text)
        if not match:
            raise FormulaError("write a rounding as “down to 0.01”, “up to 1” or “half up to 0.1”")
        return Rounding(text, match[1], Decimal(match[2]))

    def __call__(self, number: Fraction, unit: Unit) -> Quantity:
        """Round a number in base units to a quantity in ``unit``. Below zero too, down is down and up is up."""
        steps = number / unit.factor / Fraction(self.step)
        whole = {
            "down": steps.numerator // steps.denominator,
            "up": -(-steps.numerator // steps.denominator),
            "half up": (2 * steps.numerator + steps.denominator) // (2 * steps.denominator),
        }[self.mode]
        if abs(whole) >= _TOO_LARGE:
            raise Uncomputable("the result is too large to be true")
        exact = Context(prec=60).multiply(Decimal(whole), self.step)  # the usual 28 digits would round a second time
        return Quantity(f"{exact:f}", unit)
