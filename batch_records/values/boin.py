"""Bayesian optimal interval design (BOIN): when a dose level is safe enough to raise, and when it is to be lowered.

The rate of dose-limiting toxicity seen at a level is held against two bounds that depend on the target rate alone.
Source: Liu and Yuan, J R Stat Soc C 2015;64:507, the local design; a level is closed, with all above it, where the
probability that its rate exceeds the target is above 95 % after three patients or more (a uniform prior).

What it gives is advice. Which level a patient gets, a committee decides and a protocol allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, log

_FEWEST = 3  # patients, before a level can be closed


@dataclass(frozen=True)
class Bounds:
    """Below ``raise_at`` the dose may be raised, above ``lower_at`` it is lowered; rates from 0 to 1."""

    raise_at: float
    lower_at: float


@dataclass(frozen=True)
class Row:
    """What follows from the number of patients with toxicity among ``treated``.

    Raised with ``raise_up_to`` or fewer, lowered with ``lower_from`` or more; closed with ``close_from`` or more, None
    where not even all would close it. Between the first two the level is kept.
    """

    treated: int
    raise_up_to: int
    lower_from: int
    close_from: int | None

    def advice(self, toxic: int) -> str:
        """Say what the design advises for so many patients with toxicity."""
        if not 0 <= toxic <= self.treated:
            raise ValueError(f"{toxic} of {self.treated} patients")
        if self.close_from is not None and toxic >= self.close_from:
            return "lower, and close this level"
        if toxic >= self.lower_from:
            return "lower"
        return "raise" if toxic <= self.raise_up_to else "keep"


def bounds(target: Fraction, safe: Fraction | None = None, toxic: Fraction | None = None) -> Bounds:
    """Return the bounds for a target rate of toxicity.

    ``safe`` and ``toxic`` are the rates held for too low and too high; 0.6 and 1.4 of the target where not given.
    """
    low = target * Fraction(6, 10) if safe is None else safe
    high = target * Fraction(14, 10) if toxic is None else toxic
    if not 0 < low < target < high < 1:
        raise ValueError(f"the rates {float(low):g}, {float(target):g} and {float(high):g} do not lie in this order")
    return Bounds(_between(low, target), _between(target, high))


def table(target: Fraction, most: int) -> tuple[Row, ...]:
    """Return the decisions for 1 to ``most`` patients treated at a level."""
    limits = bounds(target)
    return tuple(_row(treated, target, limits) for treated in range(1, most + 1))


def _between(low: Fraction, high: Fraction) -> float:
    """Return the rate at which two hypotheses about the true rate are equally likely."""
    return log((1 - low) / (1 - high)) / log(high * (1 - low) / (low * (1 - high)))


def _row(treated: int, target: Fraction, limits: Bounds) -> Row:
    toxic = range(treated + 1)
    raised = max(count for count in toxic if count == 0 or count <= limits.raise_at * treated)
    lowered = min(count for count in (*toxic, treated + 1) if count >= limits.lower_at * treated)
    closed = [count for count in toxic if treated >= _FEWEST and exceeds(target, count, treated) > Fraction(95, 100)]
    return Row(treated, raised, lowered, min(closed, default=None))


def exceeds(target: Fraction, toxic: int, treated: int) -> Fraction:
    """Return the probability that the true rate exceeds the target, by a uniform prior.

    The posterior is Beta(1 + toxic, 1 + treated - toxic), whose upper tail is a binomial sum: exact.
    """
    trials = treated + 1
    return sum(
        (comb(trials, count) * target**count * (1 - target) ** (trials - count) for count in range(toxic + 1)),
        Fraction(0),
    )
