"""Formulas: what they compute, and the mistake that each wrong one is refused for, at its column."""

from __future__ import annotations

from fractions import Fraction

import pytest

from batch_records.values.expression import FormulaError, Missing, Result, Uncomputable, Unread
from batch_records.values.formula import Formula
from tests.batch_records.values.naming import TYPES, Recorded, recorded


def compute(text: str, **values: str) -> Result:
    """Compute a formula over texts."""
    return Formula.parse(text, TYPES)(recorded(**values))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1/3*3", 1),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("2 * 3 ^ 2", 18),
        ("-2 ^ 2", -4),
        ("(-2) ^ 2", 4),
        ("2 - -3", 5),
        ("10 - 4 - 3", 3),
        ("100 / 10 / 5", 2),
        ("1e3 + 1E-3", Fraction(1_000_001, 1000)),
        ("5 %", Fraction(1, 20)),
        ("5%", Fraction(1, 20)),
        ("30 min", 1800),
        ("2 h - 30 min", 5400),
        ("36 mL / 12 min", Fraction(1, 20_000)),
        ("min(3, 1, 2)", 1),
        ("max(3, 1, 2)", 3),
        ("abs(-5)", 5),
        ("sqrt(4/9)", Fraction(2, 3)),
        ("log2(8)", 3),
        ("log2(1/8)", -3),
        ("exp(0)", 1),
        ("ln(1)", 0),
        ("if 1 < 2 then 3 else 4", 3),
        ("if 1 > 2 then 1/0 else 4", 4),
        ("if 1 = 2 then 1 else if 1 = 1 then 2 else 3", 2),
        ("1 = 1 and 2 = 2 or 1 = 2", True),
        ("1 = 2 and (2 = 2 or 1 = 1)", False),
        ("not 1 = 2", True),
        ("not 1 = 2 and 1 = 2", False),
        ('"a" = "a"', True),
        ('"a" != "b"', True),
        ("(1 = 1) = (2 = 2)", True),
    ],
)
@pytest.mark.requirement("RQ-029")
def test_a_formula_computes_exactly(text: str, result: Result) -> None:
    """Numbers are fractions, the usual order of operations holds, and only the way chosen is computed."""
    assert compute(text) == result


def test_a_formula_computes_with_what_was_recorded() -> None:
    """Units are converted: cells a millilitre times litres are cells."""
    assert compute("density * volume", density="2.0e6 cells/mL", volume="0.5 L") == 10**9


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "=", "!="])
def test_a_comparison_is_of_sizes_not_of_digits(sign: str) -> None:
    """1.0 mL and 1000 uL are equal."""
    assert compute(f"volume {sign} 1.0 mL", volume="1000 uL") is (sign in ("<=", ">=", "="))


def test_a_formula_knows_what_it_names() -> None:
    """The names are given in the order written, each once, those in series too."""
    formula = Formula.parse("density * volume / first(density) / 1 mL + count(appearance)", TYPES)
    assert formula.names == ("density", "volume", "appearance")


def test_a_formula_knows_which_words_it_compares() -> None:
    """A lint can see that a word compared is no option of the value."""
    formula = Formula.parse('appearance = "clear" or "clots" != appearance or coi = appearance', TYPES)
    assert formula.compared == (("appearance", "clear"), ("appearance", "clots"))


def test_what_is_not_recorded_yet_is_named() -> None:
    """A value that is not there is neither zero nor an error: it is missing."""
    with pytest.raises(Missing, match="volume is not recorded yet"):
        compute("density * volume", density="1e6 cells/mL")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("number", 4),
        ("first(number)", 1),
        ("previous(number)", 2),
        ("count(number)", 3),
        ("total(number)", 7),
        ("mean(number)", Fraction(7, 3)),
        ("time(number) - previous_time(number)", Fraction(86_400)),
        ("ln(number / previous(number)) * 0 + count(appearance)", 0),
    ],
)
def test_a_formula_sees_the_rounds_of_a_repeated_value(text: str, result: Result) -> None:
    """The newest value stands for the name; the others are asked for by function."""
    days = [Fraction(0), Fraction(86_400), Fraction(172_800)]
    values = Recorded({"number": ("1", "2", "4")}, {"number": days})
    assert Formula.parse(text, TYPES)(values) == result


@pytest.mark.parametrize("text", ["previous(number)", "previous_time(number)", "mean(volume)", "first(volume)"])
def test_a_round_that_was_not_yet_is_missing(text: str) -> None:
    """The first day has no day before."""
    with pytest.raises(Missing):
        Formula.parse(text, TYPES)(Recorded({"number": ("1",)}, {"number": [Fraction(0)]}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / 0", "division by zero"),
        ("1 / (2 - 2)", "division by zero"),
        ("1 = 1 or 1/0 = 1", "division by zero"),
        ("ln(0)", "not above zero"),
        ("log2(0 - 1)", "not above zero"),
        ("sqrt(0 - 1)", "below zero"),
        ("exp(101)", "too large"),
        ("((((9e99 ^ 9) ^ 9) ^ 9) ^ 9) ^ 9", "too large"),
    ],
)
def test_what_gives_no_number_says_why(text: str, why: str) -> None:
    """There is no infinity to go on computing with; both sides of “or” are looked at."""
    with pytest.raises(Uncomputable, match=why):
        compute(text)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 0, "expected a value here, not “the end”"),
        ("density *", 9, "not “the end”"),
        ("density volume", 8, "did not expect “volume”"),
        ("densty * volume", 0, "no value is named “densty” here; did you mean “density”?"),
        ("volume + nonsense", 9, "no value is named “nonsense” here"),
        ("volume + weight", 9, "volume cannot stand beside mass"),
        ("volume + 5", 9, "volume cannot stand beside a plain number"),
        ("volume < 5", 9, "volume cannot stand beside a plain number"),
        ("volume < 5 ml", 11, "did you mean “mL”?"),
        ("appearance * 2", 0, "expected a number here, and this is a text"),
        ("volume + appearance", 9, "expected a number here, and this is a text"),
        ('appearance < "b"', 0, "a text has no size"),
        ("(1 = 1) < (2 = 2)", 1, "a yes or no has no size"),
        ("1 < 2 < 3", 6, "did not expect “<”"),
        ("volume and 1 = 1", 0, "expected a yes or no here, and this is volume"),
        ("1 = 1 and volume", 10, "expected a yes or no here, and this is volume"),
        ("1 = 1 or share", 9, "expected a yes or no here, and this is a plain number"),
        ("not volume", 4, "expected a yes or no here"),
        ("if volume then 1 else 2", 3, "expected a yes or no here"),
        ("if 1 = 1 then 1 else volume", 21, "a plain number cannot stand beside volume"),
        ("if 1 = 1 then 1", 15, "expected “else” here, not “the end”"),
        ("(1 + 2", 6, "expected “)” here"),
        ("1 + 2)", 5, "did not expect “)”"),
        ("2 ^ 1", 4, "a whole number from 2 to 9"),
        ("2 ^ 10", 4, "a whole number from 2 to 9"),
        ("2 ^ share", 4, "a whole number from 2 to 9"),
        ("2 ^ -2", 4, "a whole number from 2 to 9"),
        ("2 ** 3", 3, "expected a value here, not “*”"),
        ("ln(volume)", 3, "ln takes a plain number, and this is volume"),
        ("ln(1, 2)", 0, "ln takes one value"),
        ("lg(1)", 0, "no function is named “lg”"),
        ("logg2(8)", 0, "did you mean “log2”?"),
        ("max()", 4, "expected a value here, not “)”"),
        ("max(1, volume)", 7, "a plain number cannot stand beside volume"),
        ("max(appearance)", 4, "expected a number here"),
        ("first(1)", 6, "first(…) takes the name of a value"),
        ("first(nonsense)", 6, "no value is named"),
        ("mean(appearance)", 0, "and a number is asked for"),
        ("share; drop", 5, "“;” has no place in a formula"),
        ('"open', 0, "has no place in a formula"),
        ("5 EU/kg/hh", 2, "no unit this system knows"),
        ("1.2.3", 3, "“.” has no place"),
        (".5", 0, "“.” has no place"),
        ("1e999", 4, "did not expect “9”"),
        ("１", 0, "has no place"),  # noqa: RUF001 - a full-width digit
        ("nan", 0, "no value is named “nan”"),
        ("__import__", 0, "no value is named"),
        ("then", 0, "expected a value here, not “then”"),
        ("+1", 0, "expected a value here, not “+”"),
        ("- - 1", 2, "expected a value here, not “-”"),
    ],
)
@pytest.mark.requirement("RQ-058")
def test_a_mistake_is_shown_where_it_stands(text: str, column: int, said: str) -> None:
    """Each mistake has its column and a sentence, before any batch is made by it."""
    with pytest.raises(FormulaError) as caught:
        Formula.parse(text, TYPES)
    assert said in str(caught.value)
    assert caught.value.column == column


def test_a_name_whose_own_place_has_a_mistake_is_not_called_unknown() -> None:
    """The person is told of the one mistake, not of all that follows from it."""
    with pytest.raises(Unread):
        Formula.parse("2 * broken", TYPES)


HOSTILE = {
    "too long": "1" + "+1" * 10_000,
    "nested brackets": "(" * 249 + "1" + ")" * 249,
    "nested conditions": "if 1=1 then " * 30 + "1" + " else 1" * 30,
    "nested functions": "abs(" * 99 + "1" + ")" * 99,
    "minus signs": "-" * 499 + "1",
    "code": "__import__('os').system('true')",
    "attributes": "().__class__.__bases__",
    "a lambda": "(lambda: 1)()",
    "nul": "1\x00",
    "an emoji": "1 + 🧫",
    "a huge power": "9" * 400 + "^9^9^9",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
@pytest.mark.requirement("RQ-058")
def test_a_hostile_formula_is_refused(text: str) -> None:
    """Whatever is written, the reader answers at once, and there is nothing in it that could run."""
    with pytest.raises(FormulaError):
        Formula.parse(text, TYPES)


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["1"] * 250),
        "*".join(["2"] * 250),
        "not " * 120 + "1 = 1",
        " and ".join(["1=1"] * 60),
        "*".join(["9e99"] * 100),
        "(" * 39 + "1" + ")" * 39,
    ],
)
def test_the_longest_formula_that_is_read_is_also_computed(text: str) -> None:
    """What was approved does not fail for its length when a batch needs it."""
    assert compute(text) in (250, 2**250, True, Fraction("9e99") ** 100, 1)
