"""The rule of a dose: a kilogram, flat, by bands of weight, capped; within a tolerance that the protocol says."""

from __future__ import annotations

import pytest

from batch_records.values.dose import DoseError, DoseRule
from batch_records.values.expression import Constants, FormulaError, Type, Uncomputable
from batch_records.values.formula import Formula
from batch_records.values.limit import Limit
from batch_records.values.quantity import Quantity
from batch_records.values.unit import Unit

TYPES: dict[str, Type] = {"rule": "dose", "weight": (("mass", 1),)}
CELLS = Unit.parse("10^6 cells")
BANDED = "1e6 cells/kg up to 50 kg, 5e7 cells above, within 20 %"


def cells(rule: str, weight: str) -> float:
    """Return how many million cells a rule gives."""
    return float(DoseRule.parse(rule).cells(Quantity.parse(weight).base) / CELLS.factor)


@pytest.mark.parametrize(
    ("rule", "weight", "million"),
    [
        ("1e6 cells/kg within 30 %", "20 kg", 20.0),
        ("1e6 cells/kg within 30 %", "8 kg", 8.0),
        ("2e6 cells/kg, within 20 %", "60 kg", 120.0),
        ("1e8 cells within 20 %", "8 kg", 100.0),
        ("1e8 cells within 20 %", "60 kg", 100.0),
        (BANDED, "20 kg", 20.0),
        (BANDED, "50 kg", 50.0),
        (BANDED, "50.1 kg", 50.0),
        ("5e5 cells/kg up to 10 kg, 1e6 cells/kg up to 50 kg, 6e7 cells above, within 20 %", "10 kg", 5.0),
        ("5e5 cells/kg up to 10 kg, 1e6 cells/kg up to 50 kg, 6e7 cells above, within 20 %", "12 kg", 12.0),
        ("2e6 cells/kg, at most 1e8 cells, within 30 %", "60 kg", 100.0),
        ("2e6 cells/kg, at most 1e8 cells, within 30 %", "20 kg", 40.0),
    ],
)
@pytest.mark.requirement("RQ-029")
def test_the_dose_follows_from_the_weight(rule: str, weight: str, million: float) -> None:
    """Fact 12: per kilogram, flat, banded and capped doses, each against a figure worked by hand."""
    assert cells(rule, weight) == million


@pytest.mark.parametrize(("tolerance", "range_"), [("30 %", "14 to 26 10^6 cells"), ("20 %", "16 to 24 10^6 cells")])
@pytest.mark.requirement("RQ-029")
def test_how_far_from_it_is_still_the_dose_is_part_of_the_rule(tolerance: str, range_: str) -> None:
    """Fact 12: 20 kg at 1e6 a kilogram is 1.4e7 to 2.6e7 cells at 30 %, and 1.6e7 to 2.4e7 at 20 %."""
    limit = Limit.parse("within tolerance(rule) of dose(rule, weight)", TYPES, CELLS)
    known = Constants({"rule": f"1e6 cells/kg within {tolerance}", "weight": Quantity.parse("20 kg").base})
    assert limit.in_words(known, CELLS) == range_
    assert set(limit.names) == {"rule", "weight"}


def test_a_rule_says_where_it_is_from() -> None:
    """The line on the record names level, plan and edition, and is computed by all the same."""
    rule = DoseRule.parse("1e6 cells/kg within 30 % (level 2 of cd7_dose_finding, edition 3)")
    assert rule.source == "level 2 of cd7_dose_finding, edition 3"
    assert str(rule.tolerance) == "30 %"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no dose: write it like"),
        ("1e6", "is no dose: write it like"),
        ("1e6 cells/kg", "is no dose: write it like"),
        ("1e6 cells/kg within 130 %", "a tolerance of 130 % is none"),
        ("1e6 cells/kg within 5 kg", "“5 kg” has no place in a dose"),
        ("1e6 TU/mL within 20 %", "“1e6 TU/mL” has no place in a dose"),
        ("-1e6 cells/kg within 20 %", "is not above zero"),
        ("1e6 cell/kgs within 20 %", "no unit this system knows"),
        ("1e6 cells/kg up to 50 kg, within 20 %", "bands of weight end with a dose “above”"),
        ("1e6 cells/kg, 5e7 cells above, within 20 %", "bands of weight end with a dose “above”"),
        ("1e6 cells/kg up to 50 kg, 5e7 cells up to 20 kg, 1e8 cells above, within 20 %", "lightest to the heaviest"),
        ("1e6 cells/kg within 20 %" + " " * 400, "is no dose"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    """A weight without a dose, or with two, is found when the rule is written."""
    with pytest.raises(DoseError, match=said):
        DoseRule.parse(text)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("dose(weight, weight)", "expected the rule of a dose here, and this is mass"),
        ("dose(rule, rule)", "expected mass here, and this is the rule of a dose"),
        ("dose(rule)", "dose takes a dose and a weight"),
        ("tolerance(rule, weight)", "tolerance takes a dose"),
        ("rule * weight", "expected a number here"),
        ("rule < rule", "the rule of a dose has no size"),
        ("dos(rule, weight)", "did you mean “dose”"),
    ],
)
def test_a_formula_asks_a_rule_only_what_it_can_say(formula: str, said: str) -> None:
    """A rule is no number: what is computed from it is."""
    with pytest.raises(FormulaError, match=said):
        Formula.parse(formula, TYPES)


def test_a_rule_that_cannot_be_read_gives_no_number() -> None:
    """What stands in an old record and is no rule stops the calculation, with its sentence."""
    formula = Formula.parse("dose(rule, weight)", TYPES)
    with pytest.raises(Uncomputable, match="is no dose"):
        formula(Constants({"rule": "much", "weight": Quantity.parse("20 kg").base}))


def test_a_page_says_powers_of_ten_with_raised_digits() -> None:
    """Nobody reads 1 × 10⁶ as 106; the text that was signed stays as it is."""
    rule = DoseRule.parse("0.25e6 cells/kg, at most 5e7 cells, within 30 %")
    assert rule.words == "0.25 × 10⁶ cells/kg, at most 5 × 10⁷ cells, within 30 %"
    assert rule.text == "0.25e6 cells/kg, at most 5e7 cells, within 30 %"
