"""Dose plans: what ships is sound, what is wrong is found with its line, and each level gives its line."""

from __future__ import annotations

import pytest

from batch_records.master.dose_plan import PlanError, load_plan, shipped_plans
from batch_records.master.load import shipped
from batch_records.values.dose import DoseRule
from batch_records.values.quantity import Quantity

TEXT = shipped_plans()["cd7_dose_finding"]
SPLIT = """split:
  - {portion: first, share: 10 %}
  - {portion: second, share: 30 %, after: 24 h, gate: no cytokine release syndrome}
  - {portion: third, share: 60 %, after: 24 h, gate: no cytokine release syndrome}
"""


@pytest.mark.parametrize("code", shipped_plans())
def test_a_shipped_plan_is_sound(code: str) -> None:
    """It reads, is called as its file is, and is for recipes that ship as well."""
    plan = load_plan(shipped_plans()[code])
    assert plan.code == code
    assert set(plan.recipes) <= set(shipped())


def test_a_level_gives_the_line_that_the_batch_carries() -> None:
    """The line is a rule of a dose itself: amount, tolerance, and where it is from."""
    line = load_plan(TEXT).assigned("2", 4)
    assert line == "0.5e6 cells/kg within 30 % (level 2 of cd7_dose_finding, edition 4)"
    assert DoseRule.parse(line).cells(Quantity.parse("20 kg").base) == 10_000_000


def test_a_level_that_the_plan_has_not_gives_none() -> None:
    """Nobody is assigned a dose that nobody approved."""
    with pytest.raises(KeyError):
        load_plan(TEXT).assigned("9", 1)


def test_levels_may_be_flat_or_banded() -> None:
    """Fact 12: the rule of weight is data of the plan."""
    banded = TEXT.replace("1e6 cells/kg", "1e6 cells/kg up to 50 kg, 5e7 cells above", 1).replace(
        '"2": 0.5e6 cells/kg', '"2": 0.5e6 cells/kg up to 50 kg, 2.5e7 cells above'
    )
    banded = banded.replace('"1": 0.25e6 cells/kg', '"1": 0.25e6 cells/kg, at most 1.25e7 cells')
    assert load_plan(banded).levels[2].rule.cells(Quantity.parse("80 kg").base) == 50_000_000


def test_a_dose_may_be_split_with_gates() -> None:
    """10, 30 and 60 %, each after the first behind its gate (as ARI-0001)."""
    portions = load_plan(TEXT + SPLIT).portions
    assert [str(portion.share) for portion in portions] == ["10 %", "30 %", "60 %"]
    assert [bool(portion.gate) for portion in portions] == [False, True, True]


def test_the_decision_table_is_the_plans_own() -> None:
    """At 30 % and six patients: raised up to one with toxicity, lowered from three, closed from four."""
    row = load_plan(TEXT).decisions()[5]
    assert (row.treated, row.raise_up_to, row.lower_from, row.close_from) == (6, 1, 3, 4)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("tolerance: 30 %", "tolerance: 300 %", "a tolerance of 300 % is none"),
        ("tolerance: 30 %\n", "", "“tolerance:” is missing here"),
        ('"2": 0.5e6 cells/kg', '"2": 0.2e6 cells/kg', "level 2 is not above level 1 for every weight"),
        ('"2": 0.5e6 cells/kg', '"2": 0.5e6 TU', "“0.5e6 TU” has no place in a dose"),
        ('"2": 0.5e6 cells/kg', '"high": 0.5e6 cells/kg', "“high” is no name for a level"),
        ('  "2": 0.5e6 cells/kg\n  "3": 1e6 cells/kg\n', "", "a plan has two levels or more"),
        ('start: "1"', 'start: "4"', "“4” is no level of this plan"),
        ("target: 30 %", "target: 80 %", "is no rate of toxicity that a design can aim at"),
        ("target: 30 %", "target: 30 kg", "“30 kg” is not a quantity in %"),
        ("most patients at a level: 12", "most patients at a level: 2", "from 3 to 99"),
        ("wanted: 60 %", "wanted: 160 %", "160 % is no rate of response"),
        ("window: 28 d\n  most", "window: 28 kg\n  most", "is not a quantity in h"),
        ("de-escalation:", "deescalation:", "did you mean “de-escalation”"),
    ],
)
def test_a_mistake_is_found_with_its_line(was: str, becomes: str, said: str) -> None:
    """Each is found before anybody signs the plan."""
    assert TEXT.count(was) == 1
    with pytest.raises(PlanError, match=said) as caught:
        load_plan(TEXT.replace(was, becomes))
    assert all(problem.line > 0 for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("share: 60 %", "share: 50 %", "two or more, and 100 % together"),
        ("share: 60 %", "share: -60 %", "is no share of a dose"),
        (", gate: no cytokine release syndrome}\n  - {portion: third", "}\n  - {portion: third", "“gate:” is missing"),
    ],
)
def test_portions_without_a_gate_or_not_the_whole_are_refused(was: str, becomes: str, said: str) -> None:
    """A second portion waits for what the first did."""
    with pytest.raises(PlanError, match=said):
        load_plan(TEXT + SPLIT.replace(was, becomes))
