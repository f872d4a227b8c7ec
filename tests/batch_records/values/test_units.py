"""Units: a closed list with exact factors and dimensions of their own for cells, vectors and endotoxin."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_records.values.unit import ONE, Unit, UnitError, describe, multiply


@pytest.mark.parametrize(
    ("text", "dimensions", "factor"),
    [
        ("mL", "volume", Fraction(1, 1000)),
        ("\N{MICRO SIGN}L", "volume", Fraction(1, 1_000_000)),
        ("\N{GREEK SMALL LETTER MU}L", "volume", Fraction(1, 1_000_000)),
        ("h", "time", Fraction(3600)),
        ("%", "a plain number", Fraction(1, 100)),
        ("fold", "a plain number", Fraction(1)),
        ("cells/mL", "cell per volume", Fraction(1000)),
        ("10^6 cells/mL", "cell per volume", Fraction(10**9)),
        ("10^-3 g", "mass", Fraction(1, 1000)),
        ("EU/kg/h", "endotoxin unit per mass per time", Fraction(1, 3_600_000)),
        ("TU/cell", "transducing unit per cell", Fraction(1)),
        ("1/mL", "1 per volume", Fraction(1000)),
        ("mL/min", "volume per time", Fraction(1, 60_000)),
        ("g/dL", "mass per volume", Fraction(10)),
        ("fL", "volume", Fraction(1, 10**15)),
        ("kPa", "pressure", Fraction(1000)),
        ("mbar", "pressure", Fraction(100)),
        ("psi", "pressure", Fraction("0.45359237") * Fraction("9.80665") / Fraction("0.0254") ** 2),
        ("copies/cell", "copy per cell", Fraction(1)),
    ],
)
def test_a_unit_has_an_exact_factor_and_a_kind(text: str, dimensions: str, factor: Fraction) -> None:
    """A minute is a sixtieth of an hour exactly, and a cell is not a number."""
    unit = Unit.parse(text)
    assert (describe(unit.dimensions), unit.factor, str(unit)) == (dimensions, factor, text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ml", "mL"),
        ("ML", "mL"),
        ("ul", "uL"),
        ("ph", "pH"),
        ("tu/ml", "TU"),
        ("celll", "cell"),
        ("hours", "h"),
        ("percent", "%"),
        ("C", "°C"),
        ("minutes", "min"),
    ],
)
def test_a_unit_misspelt_is_refused_with_what_was_meant(text: str, meant: str) -> None:
    """A wrong capital is nearer to the unit meant than any other spelling: ml is mL, never mol."""
    with pytest.raises(UnitError, match=f"did you mean “{meant}”"):
        Unit.parse(text)


@pytest.mark.parametrize(
    "text", ["", " ", "mL ", " mL", "mL//h", "/mL", "mL/", "10^6", "10^٣ cells", "10^999 g", "mol·L"]
)
def test_what_is_no_unit_is_refused(text: str) -> None:
    """A unit is written in one way."""
    with pytest.raises(UnitError, match="no unit this system knows"):
        Unit.parse(text)


def test_a_unit_without_end_is_refused_at_once() -> None:
    """A unit of a hundred thousand divisions would compute for hours before it said anything."""
    with pytest.raises(UnitError, match="at most 60 characters"):
        Unit.parse("/".join(["mL"] * 100_000))


def test_units_that_cancel_leave_a_plain_number() -> None:
    """Millilitres per litre are a share."""
    assert Unit.parse("mL/L").dimensions == ONE.dimensions


def test_the_plural_is_the_same_unit() -> None:
    """One cell and two cells are counted alike."""
    assert Unit.parse("cells/mL").dimensions == Unit.parse("cell/mL").dimensions


def test_a_power_is_said_in_words() -> None:
    """A sentence about a formula can name what came out of it."""
    volume = Unit.parse("mL").dimensions
    assert describe(multiply(volume, volume)) == "volume^2"
    assert describe(multiply(volume, volume, -1)) == "a plain number"


def _is_kept_or_refused(text: str) -> bool:
    try:
        return str(Unit.parse(text)) == text
    except UnitError:
        return True


@given(st.text(max_size=80))
def test_any_text_is_a_unit_or_refused(text: str) -> None:
    """No text makes the reader stumble."""
    assert _is_kept_or_refused(text)
