"""Several counts of one thing: their mean or median, exactly, and how far they lie apart.

The coefficient of variation is the standard deviation of the sample (n - 1) over the mean, in percent, rounded half up
to 0.1 % once. It is judged as it is written: what reads 15.0 % is not above 15 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction

from batch_records.values.expression import Uncomputable
from batch_records.values.quantity import Quantity
from batch_records.values.rounding import Rounding
from batch_records.values.unit import Unit

PERCENT = Unit.parse("%")
CV_ROUNDING = Rounding.parse("half up to 0.1")
_EXACT = Context(prec=60)


def mean(numbers: Sequence[Fraction]) -> Fraction:
    """Return the arithmetic mean."""
    return sum(numbers, Fraction(0)) / len(numbers)


def median(numbers: Sequence[Fraction]) -> Fraction:
    """Return the middle one, or the mean of the two in the middle."""
    ordered, middle = sorted(numbers), len(numbers) // 2
    return ordered[middle] if len(ordered) % 2 else mean(ordered[middle - 1 : middle + 1])


def coefficient_of_variation(numbers: Sequence[Fraction]) -> Quantity:
    """Return how far counts lie apart. Raise `Uncomputable` where their mean is zero and they differ."""
    centre = mean(numbers)
    squares = sum(((number - centre) ** 2 for number in numbers), Fraction(0)) / (len(numbers) - 1)
    if squares and not centre:
        raise Uncomputable("the mean is zero")
    square = squares / centre**2 if squares else Fraction(0)
    ratio = _EXACT.sqrt(_EXACT.divide(Decimal(square.numerator), Decimal(square.denominator)))
    return CV_ROUNDING(Fraction(ratio), PERCENT)
