"""The search for the lowest level that works: what was seen at each, and what the design advises. People decide."""

from __future__ import annotations

import pytest

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.dose_plan import load_plan, shipped_plans
from mes.doses.commands import RecordOutcome
from mes.doses.found import LevelFound, Patient, found, lowest_wanted, others
from mes.doses.models import DoseOutcome
from mes.execute import Forbidden
from tests.cast import ALICE, DORA
from tests.mes.doses.planned import PLAN, ordered, planned
from tests.mes.laboratory import Laboratory

SHIPPED = load_plan(shipped_plans()[PLAN])
RULES = {level.name: level.rule.text for level in SHIPPED.levels}


def seen(**levels: str) -> tuple[LevelFound, ...]:
    """Return what is found of patients, a letter each: t toxic, r response, n neither, b both, . not yet known."""
    toxicity = {"t": "dose-limiting", "b": "dose-limiting", ".": "not yet known"}
    response = {"r": "response", "b": "response", ".": "not yet known"}
    patients = [
        Patient(
            f"{level}-{at}", level[1:], RULES[level[1:]], toxicity.get(one, "none"), response.get(one, "no response")
        )
        for level, row in levels.items()
        for at, one in enumerate(row)
    ]
    return found(SHIPPED, patients)


@pytest.mark.parametrize(
    ("levels", "advice"),
    [
        ({"L1": ""}, ["nobody's toxicity is known yet"] * 3),
        ({"L1": "..."}, ["nobody's toxicity is known yet"] * 3),
        ({"L1": "nnn"}, ["escalate to level 2", "nobody's toxicity is known yet", "nobody's toxicity is known yet"]),
        ({"L1": "nnn", "L2": "nnt"}, ["escalate to level 2", "stay at this level", "nobody's toxicity is known yet"]),
        (
            {"L1": "nnn", "L2": "ntt"},
            ["escalate to level 2", "de-escalate to level 1", "nobody's toxicity is known yet"],
        ),
        (
            {"L1": "nnn", "L2": "ttt"},
            ["stay: level 2 is closed", "de-escalate to level 1; close this level", "closed, with level 2"],
        ),
        (
            {"L1": "nnn", "L2": "nnn", "L3": "nnn"},
            ["escalate to level 2", "escalate to level 3", "stay: there is no higher level"],
        ),
    ],
)
def test_what_the_design_advises(levels: dict[str, str], advice: list[str]) -> None:
    """At 30 %: none of three escalates, one stays, two de-escalate, three close the level and those above."""
    assert [level.advice for level in seen(**levels)] == advice


def test_below_the_lowest_level_the_plan_says_what_follows() -> None:
    """There is no level to de-escalate to."""
    assert seen(L1="ttt")[0].advice == f"de-escalate. {SHIPPED.deescalation}; close this level"


def test_who_is_not_known_yet_is_in_no_rate() -> None:
    """Four ordered, three known: the fourth is awaited, and counted in neither column."""
    level = seen(L1="nrt.")[0]
    assert (level.ordered, level.treated, level.toxic, level.awaited) == (4, 3, 1, 1)
    assert (level.rate, level.interval) == ("1 of 3, 33 %", "95 % interval 1 to 91 %")


def test_the_lowest_level_that_is_as_wanted_is_named() -> None:
    """The plan wants 60 %: level 2 reaches it, and level 3 does no better at twice the dose."""
    levels = seen(L1="nnr", L2="rrn", L3="rrr")
    assert [level.is_wanted for level in levels] == [False, True, True]
    assert lowest_wanted(levels) == "level 2, with 2 of 3, 67 % (95 % interval 9 to 99 %)"


def test_a_closed_level_is_not_the_lowest_that_works() -> None:
    """What works and harms is no minimum effective dose."""
    assert lowest_wanted(seen(L1="bbb")) == ""


def test_a_dose_of_an_earlier_edition_is_counted_nowhere() -> None:
    """Level 2 of another edition was another dose: its patients are said to be elsewhere."""
    patient = Patient("COI-1", "2", "0.6e6 cells/kg within 30 %", "dose-limiting", "response")
    assert others(SHIPPED, [patient]) == (patient,)
    assert sum(level.ordered for level in found(SHIPPED, [patient])) == 0


def test_a_physician_records_what_was_seen(lab: Laboratory) -> None:
    """It stands in the order's book with level and name: in no record of another patient."""
    planned(lab)
    (coi,) = ordered(lab, "1", 1)
    lab.do(RecordOutcome(PLAN, coi, "none", "response"), DORA)
    line = lab.lines(f"order:{coi}", "dose outcome recorded")[0]
    assert line["body"] == {"level": "1", "toxicity": "none", "response": "response"}
    assert line["author"] == DORA.id


@pytest.mark.requirement("RQ-075")
def test_another_outcome_needs_its_reason_and_the_first_stays(lab: Laboratory) -> None:
    """A late toxicity is recorded anew, and both lines stand."""
    planned(lab)
    (coi,) = ordered(lab, "1", 1)
    lab.do(RecordOutcome(PLAN, coi, "none", "response"), DORA)
    with pytest.raises(Malformed, match="say why this is recorded anew"):
        lab.do(RecordOutcome(PLAN, coi, "dose-limiting", "response"), DORA)
    lab.do(RecordOutcome(PLAN, coi, "dose-limiting", "response", "seen on day 26"), DORA)
    lines = lab.lines(f"order:{coi}", "dose outcome recorded")
    assert [line["body"]["toxicity"] for line in lines] == ["none", "dose-limiting"]
    assert lines[1]["reason"] == "seen on day 26"
    assert lab.row(DoseOutcome, coi).toxicity == "dose-limiting"


@pytest.mark.parametrize(
    ("coi", "toxicity", "response", "said"),
    [
        ("COI-26-0001-A", "none", "response", "is the code of no order with a level"),
        ("COI-26-0001-D", "some", "response", "choose one of: none"),
        ("COI-26-0001-D", "none", "partial", "choose one of: response"),
    ],
)
def test_what_is_no_outcome_is_refused(lab: Laboratory, coi: str, toxicity: str, response: str, said: str) -> None:
    """Of a patient without a level, or in words that the plan does not count."""
    planned(lab)
    ordered(lab, "1", 1)
    with pytest.raises((Malformed, Refused), match=said):
        lab.do(RecordOutcome(PLAN, coi, toxicity, response), DORA)


def test_only_a_physician_records_outcomes(lab: Laboratory) -> None:
    """What an operator hears of a patient is no record."""
    planned(lab)
    (coi,) = ordered(lab, "1", 1)
    with pytest.raises(Forbidden):
        lab.do(RecordOutcome(PLAN, coi, "none", "response"), ALICE)
