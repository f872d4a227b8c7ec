"""The one rounding of a result: stated in the recipe, exact, and the same every time."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_records.values.expression import FormulaError, Uncomputable
from batch_records.values.rounding import Rounding
from batch_records.values.unit import ONE, Unit


@pytest.mark.parametrize(
    ("rule", "number", "rounded"),
    [
        ("down to 0.01", "2.38095", "2.38"),
        ("down to 0.01", "2.389", "2.38"),
        ("down to 0.01", "-2.381", "-2.39"),
        ("up to 1", "1.0001", "2"),
        ("up to 1", "2", "2"),
        ("up to 1", "-1.5", "-1"),
        ("half up to 0.1", "0.05", "0.1"),
        ("half up to 0.1", "0.0499", "0.0"),
        ("half up to 0.1", "-0.05", "0.0"),
        ("half up to 1", "2.5", "3"),
        ("half up to 1", "3.5", "4"),
        ("half up to 1", "-2.5", "-2"),
        ("down to 100", "1999", "1900"),
        ("up to 1000", "1", "1000"),
        ("half up to 0.001", "1", "1.000"),
    ],
)
@pytest.mark.requirement("RQ-107")
def test_a_number_is_rounded_as_the_recipe_says(rule: str, number: str, rounded: str) -> None:
    """Down is down and up is up below zero too; a half goes up; the zeros that were asked for are written."""
    assert str(Rounding.parse(rule)(Fraction(Decimal(number)), ONE)) == rounded


def test_a_result_is_rounded_in_its_own_unit() -> None:
    """Two hundredths of a millilitre are not two hundredths of a litre."""
    assert str(Rounding.parse("down to 0.01")(Fraction(1, 300), Unit.parse("mL"))) == "3.33 mL"


_NO_ROUNDINGS = ["", "down", "to 0.1", "down to 0", "down to 0.0", "down to .1", "down to 5", "down to 0.5"]
_NO_ROUNDINGS += ["down to 101", "down to 1.01", "down to 011", "down to -1", "sideways to 1", "down to 1e3"]
_NO_ROUNDINGS += ["down to \N{ARABIC-INDIC DIGIT ZERO}.1", "up to 0." + "0" * 50 + "1", "up to 1" + "0" * 50]


@pytest.mark.parametrize("text", _NO_ROUNDINGS)
def test_a_rounding_that_is_not_to_a_digit_is_refused(text: str) -> None:
    """A result is rounded to a place of the decimal number, or the recipe is refused."""
    with pytest.raises(FormulaError, match="write a rounding as"):
        Rounding.parse(text)


def test_a_number_with_many_digits_is_not_rounded_twice() -> None:
    """Decimal's usual precision would round a long number to its nearest, and a dose up."""
    number = Fraction(10**26 * 9 + 12_345) + Fraction(9, 1000)
    with localcontext(prec=5):
        assert str(Rounding.parse("down to 0.01")(number / 10**2, ONE)) == "9000000000000000000000123.45"


def test_a_result_too_large_to_be_true_is_said_to_be() -> None:
    """A result of thirty digits is a mistake upstream, not a number to write down."""
    with pytest.raises(Uncomputable, match="too large"):
        Rounding.parse("down to 0.01")(Fraction(10**30), ONE)


@given(
    st.fractions(min_value=-(10**9), max_value=10**9),
    st.sampled_from(["0.001", "0.1", "1", "100"]),
    st.sampled_from(["down", "up", "half up"]),
)
def test_rounding_agrees_with_decimal(number: Fraction, step: str, mode: str) -> None:
    """An independent oracle: the number shifted so that the step is 1, then Python's own rounding to a whole."""
    steps = number / Fraction(step)
    direction = ROUND_FLOOR if mode == "down" else ROUND_CEILING
    shifted = steps if mode != "half up" else steps + Fraction(1, 2)
    with localcontext(prec=200):
        exact = Decimal(shifted.numerator) / Decimal(shifted.denominator)
        whole = int(exact.to_integral_value(ROUND_FLOOR if mode == "half up" else direction))
    assert Rounding.parse(f"{mode} to {step}")(number, ONE).base == whole * Fraction(step)
