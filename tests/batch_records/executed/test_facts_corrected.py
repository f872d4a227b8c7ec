"""A fact of the order was wrong: it is corrected by a physician, and what rests on it is computed again."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import StepState
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.entries import Entry
from batch_records.executed.review import exceptions
from batch_records.master.recipe import Recipe
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small
from tests.cast import ALICE, DORA

HEAD = """
facts:
  weight: {ask: Body weight, unit: kg, plausible: 2 to 150 kg, limit: <= 80 kg}
  protocol: {ask: Protocol, kind: text}
"""
STEPS = """
- step: 1.1 Dose
  calculate: {dose: {ask: Dose, formula: weight * 1e6 cells/kg, unit: 10^6 cells, round: down to 0.1}}
  verified by: verifier
- step: 1.2 Volume
  record: {volume: {ask: Volume, unit: mL, limit: 10 to 100 mL}}
"""


def dosed() -> Play:
    """Return a batch whose dose was computed from a weight of 30 kg, and verified."""
    play = Play(recipe(), {"weight": "30", "protocol": "P-1"}).start()
    play.do(c.Calculate(B, "1.1"))
    play.complete("1.1")
    play.verify("1.1")
    return play


def recipe() -> Recipe:
    return small(STEPS, HEAD)


def correct(play: Play, value: str, reason: str = "the ward wrote another child's", **changes: str) -> list[Entry]:
    return play.do(c.CorrectFact(B, changes.get("fact", "weight"), value, reason), DORA)


@pytest.mark.requirement("RQ-007")
def test_what_rests_on_a_corrected_weight_is_computed_again() -> None:
    """The dose follows the weight, the step counts as unsigned, and the old weight stays on record."""
    play = dosed()
    written = correct(play, "20")
    assert kinds(written) == ["fact corrected", "value calculated", "step reopened"]
    assert isinstance(written[0], e.FactCorrected)
    assert (written[0].was, written[0].value) == ("30 kg", "20 kg")
    assert play.value("1.1", "dose") == "20.0 10^6 cells"
    assert play.batch.run("1.1").state is StepState.IN_PROGRESS
    assert play.batch.issue.facts["weight"] == "30 kg"


@pytest.mark.requirement("RQ-007")
def test_the_reviewer_finds_it() -> None:
    """Old, new and why are among the exceptions."""
    play = dosed()
    correct(play, "20")
    assert "Body weight: 30 kg became 20 kg: the ward wrote another child's" in [
        each.sentence for each in exceptions(play.batch)
    ]


def test_what_does_not_rest_on_it_is_untouched() -> None:
    """A corrected protocol reopens nothing."""
    play = dosed()
    assert kinds(correct(play, "P-2", fact="protocol")) == ["fact corrected"]
    assert play.batch.run("1.1").state is StepState.VERIFIED


def test_a_patient_whom_the_recipe_is_not_for_holds_the_batch() -> None:
    """What is true is recorded, and work stops."""
    play = dosed()
    assert kinds(correct(play, "95"))[:3] == ["fact corrected", "deviation raised", "batch held"]
    assert play.batch.facts["weight"] == "95 kg"


@pytest.mark.parametrize(
    ("value", "reason", "said"),
    [
        ("20", " ", "say why it is corrected"),
        ("200", "misread", "200 kg is not plausible"),
        ("20 cm2", "misread", "is not in kg"),
    ],
)
def test_a_correction_has_a_reason_and_can_be(value: str, reason: str, said: str) -> None:
    """It is asked for again."""
    with pytest.raises(Malformed, match=said):
        correct(dosed(), value, reason)


@pytest.mark.parametrize(
    ("value", "fact", "said"), [("30", "weight", "already recorded as 30 kg"), ("1", "height", "without a fact")]
)
def test_a_correction_corrects_something(value: str, fact: str, said: str) -> None:
    """The same again is none, nor is what the order never said."""
    with pytest.raises(Refused, match=said):
        correct(dosed(), value, fact=fact)


@pytest.mark.requirement("RQ-009")
def test_an_operator_does_not_correct_the_order() -> None:
    """It is the physician's."""
    with pytest.raises(Refused, match="physician"):
        dosed().do(c.CorrectFact(B, "weight", "20", "misread"), ALICE)


def test_after_the_end_nothing_is_corrected() -> None:
    """The record is closed."""
    play = dosed()
    play.write([e.BatchStopped("over")], ALICE)
    with pytest.raises(Refused, match="nothing can be added"):
        correct(play, "20")
