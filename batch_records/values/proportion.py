"""A rate seen in few patients, and between which bounds the true rate may lie.

The exact interval of 95 % (Clopper and Pearson, Biometrika 1934;26:404): the lowest and the highest rate at which what
was seen, or more extreme, still has a probability of 2.5 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

_TAIL = 0.025
_STEPS = 40  # halvings: far below what is shown


@dataclass(frozen=True)
class Interval:
    """The bounds of a true rate, from 0 to 1."""

    low: float
    high: float


def interval(seen: int, of: int) -> Interval:
    """Return the interval for a number of patients among those treated."""
    if not 0 <= seen <= of or not of:
        raise ValueError(f"{seen} of {of} patients")
    low = _where(lambda rate: 1 - _at_most(seen - 1, of, rate) > _TAIL) if seen else 0.0
    high = _where(lambda rate: _at_most(seen, of, rate) < _TAIL) if seen < of else 1.0
    return Interval(low, high)


def _at_most(most: int, of: int, rate: float) -> float:
    """Return the probability of that many or fewer."""
    return sum(comb(of, count) * rate**count * (1 - rate) ** (of - count) for count in range(most + 1))


def _where(holds: Callable[[float], bool]) -> float:
    """Return from which rate on something holds."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
