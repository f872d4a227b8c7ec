"""Mean, median and coefficient of variation, exactly; checked against the standard library's own statistics."""

from __future__ import annotations

import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_records.values.expression import Uncomputable
from batch_records.values.spread import coefficient_of_variation, mean, median

NUMBERS = st.lists(st.decimals(1, 10**9, places=3).map(Fraction), min_size=2, max_size=10)


@given(NUMBERS)
def test_mean_and_median_are_those_of_the_standard_library(numbers: list[Fraction]) -> None:
    """To the last digit: both compute with fractions."""
    assert mean(numbers) == statistics.mean(numbers)
    assert median(numbers) == statistics.median(numbers)


@given(NUMBERS)
def test_the_spread_is_that_of_the_standard_library(numbers: list[Fraction]) -> None:
    """Within the one rounding to 0.1 %."""
    floats = [float(number) for number in numbers]
    expected = 100 * statistics.stdev(floats) / statistics.fmean(floats)
    assert abs(float(coefficient_of_variation(numbers).number) - expected) < 0.0501


@pytest.mark.parametrize(
    ("counts", "cv"),
    [
        (("10", "10", "10"), "0.0 %"),
        (("0", "0"), "0.0 %"),
        (("9", "10", "11"), "10.0 %"),
        (("8", "12"), "28.3 %"),
        (("-9", "-10", "-11"), "10.0 %"),
        (("1.21e6", "1.24e6", "1.3e6"), "3.7 %"),
    ],
)
def test_the_spread_of_counts(counts: tuple[str, ...], cv: str) -> None:
    """The sample's standard deviation over the mean: 9, 10, 11 have 10 %."""
    assert str(coefficient_of_variation([Fraction(count) for count in counts])) == cv


def test_a_mean_of_zero_has_no_spread() -> None:
    """Nothing can be divided by it."""
    with pytest.raises(Uncomputable, match="the mean is zero"):
        coefficient_of_variation([Fraction(-1), Fraction(1)])
