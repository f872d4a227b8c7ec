"""Quantities: the digits written are kept, and what is no number is refused with a sentence."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.unit import Unit, UnitError

ML = Unit.parse("mL")
PERCENT = Unit.parse("%")

DIGITS = st.from_regex(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)


@pytest.mark.parametrize("text", ["0.50 mL", "1.0e7 cells", "007 bags", "-0.0 °C", "+5 mL", "1E-9 g", "70 %"])
def test_a_quantity_reads_as_it_was_written(text: str) -> None:
    """Not a digit, a sign or a zero is lost between what a person wrote and what the record shows."""
    assert str(Quantity.parse(text)) == text


@pytest.mark.requirement("RQ-107")
def test_the_zero_that_says_how_well_it_was_measured_is_kept() -> None:
    """0.50 mL and 0.5 mL are the same amount and two different readings."""
    exact, rough = Quantity.parse("0.50 mL"), Quantity.parse("0.5 mL")
    assert exact.base == rough.base
    assert exact != rough


def test_a_unit_that_is_given_need_not_be_written() -> None:
    """A field states its unit, so a person types the number only."""
    assert Quantity.parse(" 0.50 ", ML) == Quantity("0.50", ML)


def test_another_unit_of_the_same_kind_may_be_written() -> None:
    """What is written in microlitres is kept so and compared in litres."""
    written = Quantity.parse("500 uL", ML)
    assert (str(written), written.base) == ("500 uL", Quantity.parse("0.5 mL").base)


def test_a_unit_of_another_kind_is_refused() -> None:
    """Grams are no millilitres, whatever the density."""
    with pytest.raises(QuantityError, match="“5 g” is not in mL"):
        Quantity.parse("5 g", ML)


def test_a_number_without_unit_is_a_plain_number() -> None:
    """A share or a count may stand alone."""
    assert str(Quantity.parse("0.057")) == "0.057"
    assert Quantity.parse("0.057").base == Fraction(57, 1000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,5", "decimal point as a point"),
        ("1,000.5", "no thousands separator"),
        ("NaN", "is not a number"),
        ("nan", "is not a number"),
        ("-inf", "is not a number"),
        ("Infinity", "is not a number"),
        ("1e999", "is not a number"),
        ("1e-100", "is not a number"),
        ("0x1F", "is not a number"),
        ("１２", "is not a number"),  # noqa: RUF001 - full-width digits, as a Chinese keyboard types them
        ("٣", "is not a number"),
        ("²", "is not a number"),
        ("1_000", "is not a number"),
        ("1 000", "no unit"),
        (".5", "is not a number"),
        ("5.", "is not a number"),
        ("--5", "is not a number"),
        ("−5", "is not a number"),  # noqa: RUF001 - the minus sign of typography
        ("1/3", "is not a number"),
        ("", "is not a number"),
        ("   ", "is not a number"),
        ("\x005", "is not a number"),
        ("5\n6", "is not a number"),
        ("95%", "a space before the unit"),
        ("5mL", "a space before the unit"),
        ("9" * 41, "is not a number"),
        ("5 mililitres", "no unit"),
    ],
)
@pytest.mark.requirement("RQ-103")
def test_what_is_no_number_is_refused_with_a_sentence(text: str, said: str) -> None:
    """There is no NaN, no infinity and no guess at what a comma meant."""
    with pytest.raises((QuantityError, UnitError), match=said):
        Quantity.parse(text)


@given(DIGITS)
def test_every_well_written_number_keeps_its_text_and_its_value(digits: str) -> None:
    """The text is kept to the letter, and the number is the exact one."""
    quantity = Quantity(digits, PERCENT)
    assert str(quantity) == f"{digits} %"
    assert quantity.base * 100 == Fraction(Decimal(digits))


def _is_kept_or_refused(text: str) -> bool:
    try:
        quantity = Quantity.parse(text)
    except (QuantityError, UnitError):
        return True
    return Quantity.parse(str(quantity)) == quantity


@given(st.text())
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    """No text makes the reader stumble: it is read and reads the same again, or is refused."""
    assert _is_kept_or_refused(text)
