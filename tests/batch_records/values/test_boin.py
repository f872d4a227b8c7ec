"""Dose finding: the bounds and the table of decisions, against the published ones."""

from __future__ import annotations

from fractions import Fraction

import pytest

from batch_records.values.boin import bounds, exceeds, table

PUBLISHED = {  # target rate: bounds, as the design's authors print them
    "0.15": (0.118, 0.179),
    "0.2": (0.157, 0.238),
    "0.25": (0.197, 0.298),
    "0.3": (0.236, 0.359),
    "0.35": (0.276, 0.419),
    "0.4": (0.316, 0.480),
}
# For a target of 30 %: raised with at most, lowered with at least, closed with at least so many.
THIRTY = {
    1: (0, 1, None),
    2: (0, 1, None),
    3: (0, 2, 3),
    4: (0, 2, 3),
    5: (1, 2, 4),
    6: (1, 3, 4),
    7: (1, 3, 5),
    8: (1, 3, 5),
    9: (2, 4, 5),
    12: (2, 5, 7),
    15: (3, 6, 8),
    18: (4, 7, 9),
}


@pytest.mark.parametrize("target", PUBLISHED)
def test_the_bounds_are_the_published_ones(target: str) -> None:
    """To the three digits that are printed."""
    found = bounds(Fraction(target))
    assert (round(found.raise_at, 3), round(found.lower_at, 3)) == PUBLISHED[target]


@pytest.mark.parametrize("treated", THIRTY)
def test_the_decisions_are_the_published_ones(treated: int) -> None:
    """For a target of 30 %."""
    row = table(Fraction(3, 10), 18)[treated - 1]
    assert (row.raise_up_to, row.lower_from, row.close_from) == THIRTY[treated]


@pytest.mark.parametrize(
    ("toxic", "advice"),
    [
        (0, "raise"),
        (1, "raise"),
        (2, "keep"),
        (3, "lower"),
        (4, "lower, and close this level"),
        (6, "lower, and close this level"),
    ],
)
def test_a_row_advises(toxic: int, advice: str) -> None:
    """Six treated at a target of 30 %: what follows from each number with toxicity, most of them."""
    row = table(Fraction(3, 10), 6)[5]
    assert row.advice(toxic) == advice


@pytest.mark.parametrize("toxic", [-1, 7])
def test_what_cannot_be_counted_is_refused(toxic: int) -> None:
    """Nobody has seen seven of six."""
    with pytest.raises(ValueError, match="of 6 patients"):
        table(Fraction(3, 10), 6)[5].advice(toxic)


def test_rates_out_of_order_are_refused() -> None:
    """A target above what is called toxic means that two figures were swapped."""
    with pytest.raises(ValueError, match="do not lie in this order"):
        bounds(Fraction(3, 10), Fraction(4, 10), Fraction(2, 10))


def test_the_tail_is_exact() -> None:
    """With nobody treated the prior is uniform: the rate exceeds 30 % with a probability of 70 %."""
    assert exceeds(Fraction(3, 10), 0, 0) == Fraction(7, 10)
