"""The one rounding of a result, stated in the recipe: down for a dose, up for materials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from batch_records.values.expression import FormulaError
from batch_records.values.quantity import Quantity
from batch_records.values.unit import Unit


@dataclass(frozen=True)
class Rounding:
    """A stated rounding: ``down to 0.01``, ``up to 1``, ``half up to 0.1``, of the number in its unit."""

    text: str
    mode: str
    step: Decimal

    @staticmethod
    def parse(text: str) -> Rounding:
        """Read a rounding rule. Raise `FormulaError` with how to write one."""
        match = re.fullmatch(r"(down|up|half up) to (1?0?0*(?:\.0*)?1?0*)", text)
        step = Decimal(match[2]) if match and match[2].strip(".") else Decimal(0)
        if not match or step <= 0:
            raise FormulaError("write a rounding as “down to 0.01”, “up to 1” or “half up to 0.1”")
        return Rounding(text, match[1], step)

    def __call__(self, number: Fraction, unit: Unit) -> Quantity:
        """Round a number in base units to a quantity in ``unit``."""
        steps = number / unit.factor / Fraction(self.step)
        whole = {
            "down": steps.numerator // steps.denominator,
            "up": -(-steps.numerator // steps.denominator),
            "half up": (2 * steps.numerator + steps.denominator) // (2 * steps.denominator),
        }[self.mode]
        return Quantity(f"{whole * self.step:f}", unit)
