"""Holds stop work and nothing else; deviations are explained, concluded, and never lost."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Disposition
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small
from tests.cast import ALICE, BOB, DORA, PETRA, QUINN

STEPS = """
- step: 1.1 Volume
  record: {volume: {unit: mL, limit: ">= 50 mL"}, seal: {one of: [intact, broken], limit: intact, on action: hold}}
  verified by: verifier
- step: 1.2 Gate
  decide: {gate: {choices: {go on: , stop: {ends the batch: yes}}}}
"""


def play() -> Play:
    """Return a batch that was started."""
    return Play(small(STEPS)).start()


def held() -> Play:
    """Return a batch on hold in the middle of its first step."""
    batch = play()
    batch.enter("1.1", volume="75")
    batch.do(c.HoldBatch(B, " the room's alarm sounds "), ALICE)
    return batch


@pytest.mark.parametrize("command", [c.CompleteStep(B, "1.1"), c.Decide(B, "1.2", "gate", "go on")])
def test_a_held_batch_is_not_worked_on(command: c.StepCommand) -> None:
    """The sentence says why, and who can unblock it."""
    with pytest.raises(Refused, match=r"the batch is on hold \(the room's alarm sounds\)\. Quality can lift the hold"):
        held().do(command)


def test_no_step_of_a_held_batch_is_started() -> None:
    """Nor is the next one begun."""
    batch = play()
    batch.do(c.HoldBatch(B, "alarm"), ALICE)
    with pytest.raises(Refused, match="on hold"):
        batch.enter("1.1", volume="75")


def test_what_is_observed_on_a_held_batch_is_recorded() -> None:
    """A hold does not make anybody blind: values, corrections, verifications and remarks go on."""
    batch = held()
    assert kinds(batch.enter("1.1", seal="broken")) == ["value recorded", "deviation raised", "batch held"]
    assert kinds(batch.correct("1.1", "volume", "76")) == ["value corrected"]
    assert kinds(batch.do(c.AddComment(B, "still sounds"), BOB)) == ["comment added"]


def test_a_completed_step_of_a_held_batch_is_verified() -> None:
    """Checking what was done is no work on the cells."""
    batch = play().work("1.1")
    batch.complete("1.1")
    batch.do(c.HoldBatch(B, "alarm"), ALICE)
    assert kinds(batch.verify("1.1")) == ["step verified"]


@pytest.mark.requirement("RQ-036")
def test_a_hold_is_lifted_by_quality_only() -> None:
    """Not by who works on it."""
    batch = held()
    for person in (ALICE, BOB, DORA, PETRA):
        with pytest.raises(Refused, match="the role “quality reviewer”"):
            batch.do(c.LiftHold(B, "gone"), person)
    assert kinds(batch.do(c.LiftHold(B, "gone"), QUINN)) == ["hold lifted"]
    assert not batch.batch.holds
    assert [len(holds) for _, _, holds in batch.batch.lifted] == [1]
    batch.enter("1.1", seal="intact")
    batch.complete("1.1")


def test_a_hold_with_a_deviation_waits_for_its_conclusion() -> None:
    """One of two deviations closed is not enough."""
    batch = play()
    batch.enter("1.1", seal="broken")
    batch.correct("1.1", "seal", "intact", "looked again")
    batch.correct("1.1", "seal", "broken", "no, it is broken")
    batch.settle("D1")
    with pytest.raises(Refused, match="deviation D2 holds the batch: close it first"):
        batch.do(c.LiftHold(B, "gone"), QUINN)
    batch.settle()
    assert not batch.batch.holds


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (c.HoldBatch(B, " "), "say why the batch is held"),
        (c.LiftHold(B, " "), "say why the batch may go on"),
        (c.StopBatch(B, ""), "say why the batch ends"),
        (c.RaiseDeviation(B, "  "), "say what departed from the recipe"),
        (c.ExplainDeviation(B, "D1", " "), "say what happened and what was done at once"),
        (c.CloseDeviation(B, "D1", "a", "", "c"), "a conclusion, its impact, and what of other batches"),
    ],
)
def test_each_asks_for_its_sentence(command: c.Command, said: str) -> None:
    """A hold, a conclusion, an end: none without saying why."""
    batch = held()
    batch.do(c.RaiseDeviation(B, "slip"), ALICE)
    if isinstance(command, c.CloseDeviation):
        batch.do(c.ExplainDeviation(B, "D1", "slipped"), ALICE)
    with pytest.raises(Malformed, match=said):
        batch.do(command, QUINN)


def test_a_batch_that_is_not_held_has_no_hold_to_lift() -> None:
    """The sentence says so."""
    with pytest.raises(Refused, match="the batch is not on hold"):
        play().do(c.LiftHold(B, "gone"), QUINN)


@pytest.mark.requirement("RQ-032")
def test_anybody_may_report_a_departure() -> None:
    """What no limit catches, people see."""
    batch = play()
    assert batch.do(c.RaiseDeviation(B, " the lid was open ", "1.1"), BOB) == [
        e.DeviationRaised("D1", "the lid was open", "1.1")
    ]
    with pytest.raises(Refused, match=r"has no step 9\.9"):
        batch.do(c.RaiseDeviation(B, "x", "9.9"), BOB)


def test_deviations_are_numbered_within_the_batch() -> None:
    """D1, D2, D3, whoever raises them and whatever was closed between."""
    batch = play()
    batch.enter("1.1", volume="5")
    batch.settle("D1")
    batch.do(c.RaiseDeviation(B, "slip"), ALICE)
    batch.correct("1.1", "volume", "4")
    assert list(batch.batch.deviations) == ["D1", "D2", "D3"]


@pytest.mark.requirement("RQ-044")
def test_a_deviation_is_explained_then_closed_by_quality() -> None:
    """With its conclusion, its impact, and what of other batches."""
    batch = play()
    batch.enter("1.1", volume="5")
    with pytest.raises(Refused, match="deviation D1 has not been explained yet"):
        batch.do(c.CloseDeviation(B, "D1", "a", "b", "c"), QUINN)
    batch.do(c.ExplainDeviation(B, "D1", "spilled"), ALICE)
    with pytest.raises(Refused, match="the role “quality reviewer”"):
        batch.do(c.CloseDeviation(B, "D1", "a", "b", "c"), ALICE)
    batch.do(c.CloseDeviation(B, "D1", "a", "b", "c"), QUINN)
    deviation = batch.batch.deviations["D1"]
    assert deviation.closing == e.DeviationClosed("D1", "a", "b", "c")
    assert [why for _, why in deviation.explained] == ["spilled"]


@pytest.mark.parametrize("command", [c.ExplainDeviation(B, "D1", "more"), c.CloseDeviation(B, "D1", "a", "b", "c")])
def test_a_closed_deviation_stays_closed(command: c.Command) -> None:
    """What was concluded is not concluded again."""
    batch = play()
    batch.enter("1.1", volume="5")
    batch.settle()
    with pytest.raises(Refused, match="deviation D1 is closed"):
        batch.do(command, QUINN)


def test_a_deviation_that_is_not_there_is_refused() -> None:
    """By its number."""
    with pytest.raises(Refused, match="this batch has no deviation D7"):
        play().do(c.ExplainDeviation(B, "D7", "why"), ALICE)


def stopped() -> Play:
    """Return a batch that was ended in the middle of its first step, with a deviation open."""
    batch = play()
    batch.enter("1.1", volume="5", seal="intact")
    batch.do(c.StopBatch(B, "the patient withdrew"), QUINN)
    return batch


def test_quality_ends_a_batch() -> None:
    """Not every batch is released: an end before that is an end like any other."""
    batch = stopped()
    assert batch.batch.disposition is Disposition.STOPPED
    with pytest.raises(Refused, match="the role “quality reviewer”"):
        play().do(c.StopBatch(B, "x"), ALICE)


AFTER = [
    c.CompleteStep(B, "1.1"),
    c.StartStep(B, "1.1"),
    c.RecordValues(B, "1.1", {"volume": "6"}, "again"),
    c.CorrectValue(B, "1.1", "volume", "6", "misread"),
    c.VerifyStep(B, "1.1", ""),
    c.SendBack(B, "1.1", "no"),
    c.HoldBatch(B, "x"),
    c.LiftHold(B, "x"),
    c.StopBatch(B, "x"),
    c.RaiseDeviation(B, "x"),
]


@pytest.mark.parametrize("command", AFTER, ids=lambda command: type(command).__name__)
@pytest.mark.requirement("RQ-079")
def test_nothing_is_added_after_the_end(command: c.Command) -> None:
    """Whoever asks, in whatever role: the record of a batch that ended is closed."""
    everybody = Person("x", "X", frozenset(("operator", "verifier", "quality reviewer", "releaser")))
    with pytest.raises(Refused, match="batch B1 is stopped: nothing can be added"):
        stopped().do(command, everybody)


def test_the_clock_declares_nothing_after_the_end() -> None:
    """It is asked every minute, and has nothing to say."""
    assert stopped().do(c.DeclareOverdue(B), ALICE) == []


def test_what_becomes_of_a_deviation_is_recorded_after_the_end_too() -> None:
    """An ended batch is investigated like any other."""
    batch = stopped().settle()
    assert batch.batch.deviations["D1"].closed


def test_a_refused_attempt_stands_in_the_record_and_changes_nothing_else() -> None:
    """Who tried what, and what they were told."""
    batch = play()
    before = batch.batch
    batch.write([e.AttemptRefused("CompleteStep", "step 1.1 is not complete", "1.1")], ALICE)
    assert [attempt.command for _, attempt in batch.batch.attempts] == ["CompleteStep"]
    assert (batch.batch.runs, batch.batch.disposition) == (before.runs, before.disposition)
