"""The two tables: every state with every entry, allowed as the table says or impossible."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from batch_records.executed import entries as e
from batch_records.executed.batch import (
    AFTER_THE_END,
    RECORDED_IN,
    STEP_TRANSITIONS,
    TRANSITIONS,
    Batch,
    Disposition,
    Impossible,
    StepState,
)
from batch_records.executed.ending_entries import ENDINGS
from batch_records.executed.entries import KINDS, Entry, Recorded
from batch_records.executed.fold import fold, follow
from batch_records.executed.notification_entries import NotificationDue
from batch_records.executed.supply_entries import BatchReleasedOutOfSpecification, SupplyConcluded
from batch_records.values.limit import Verdict
from tests.batch_records.playing import START, Play
from tests.batch_records.writing import small
from tests.cast import ALICE, BOB

STEPS = "- step: 1.1 Volume\n  record: {volume: {unit: mL}}\n  verified by: verifier\n"
RECIPE = small(STEPS, "facts: {fact: {ask: A fact, unit: mL}}\n")
STEP_KINDS = (e.StepStarted, e.StepCompleted, e.StepVerified, e.StepReopened)
BATCH_KINDS = (
    *(e.BatchConditionallyReleased, e.BatchReleased, e.BatchRejected, e.BatchStopped),
    *(BatchReleasedOutOfSpecification, SupplyConcluded, *ENDINGS),
)
BODIES = {"hold_time": "H, since T", "limit": "1 h", "since": "T", "number": "D1", "field": "volume", "value": "5 mL"}
BODIES |= {"due": START.isoformat(), "calibrated_until": START.isoformat(), "set": "1"}


def entry(made: type[Entry]) -> Entry:
    """Return an entry of a kind that fits the recipe of these tests."""
    if issubclass(made, Recorded):
        return made("1.1", "volume", "5 mL", Verdict.WITHIN)
    body = {name: BODIES.get(name, name) for name in made.__dataclass_fields__} | {"step": "1.1"}
    return made(**{name: body[name] for name in made.__dataclass_fields__})


@cache
def step_in(state: StepState) -> Batch:
    """Return a batch whose step is in a state."""
    play = Play(RECIPE, {"fact": "4"}).start()
    if state is not StepState.NOT_STARTED:
        play.enter("1.1", volume="5")
        play.write(
            [e.DeviationRaised("D1", "a slip"), NotificationDue("D1", "who", "what", "why", BODIES["due"])], ALICE
        )
    if state in (StepState.COMPLETED, StepState.VERIFIED):
        play.complete("1.1")
    if state is StepState.VERIFIED:
        play.verify("1.1")
    assert play.batch.run("1.1").state is state
    return play.batch


def batch_in(disposition: Disposition) -> Batch:
    """Return a batch in a disposition, by the shortest way that the table knows."""
    batch = step_in(StepState.IN_PROGRESS)
    for (before, made), after in TRANSITIONS.items():
        if after is disposition:
            return after_one_more(batch_in(before), entry(made))
    return batch


def after_one_more(batch: Batch, each: Entry) -> Batch:
    """Return a batch after one more entry."""
    stamp = replace(batch.last, page=batch.last.page + 1, author=BOB.id)
    return follow(RECIPE, batch, stamp, each)


@pytest.mark.parametrize(("state", "made"), [*product(StepState, STEP_KINDS)])
@pytest.mark.requirement("RQ-008")
def test_a_step_goes_only_as_the_table_says(state: StepState, made: type[Entry]) -> None:
    """Each of the sixteen pairs is in the table or impossible."""
    batch = step_in(state)
    if (state, made) not in STEP_TRANSITIONS:
        with pytest.raises(Impossible, match="cannot follow"):
            after_one_more(batch, entry(made))
    else:
        assert after_one_more(batch, entry(made)).run("1.1").state is STEP_TRANSITIONS[state, made]


@pytest.mark.parametrize(("disposition", "made"), [*product(Disposition, BATCH_KINDS)])
def test_a_batch_goes_only_as_the_table_says(disposition: Disposition, made: type[Entry]) -> None:
    """Each of the twenty pairs is in the table or impossible."""
    batch = batch_in(disposition)
    assert batch.disposition is disposition
    if (disposition, made) not in TRANSITIONS:
        with pytest.raises(Impossible):
            after_one_more(batch, entry(made))
    else:
        assert after_one_more(batch, entry(made)).disposition is TRANSITIONS[disposition, made]


RECORDING = [made for made in KINDS.values() if issubclass(made, Recorded)]


@pytest.mark.parametrize(("state", "made"), [*product(StepState, RECORDING)])
def test_a_value_is_recorded_only_while_the_step_is_in_progress(state: StepState, made: type[Recorded]) -> None:
    """In a completed step values are corrected, computed and judged again, and nothing else; before it, nothing."""
    batch = step_in(state)
    if issubclass(made, RECORDED_IN[state]):
        assert after_one_more(batch, entry(made)).run("1.1").values["volume"].text == "5 mL"
    else:
        with pytest.raises(Impossible, match=f"step 1.1 is {state.value}"):
            after_one_more(batch, entry(made))


OTHERS = [made for made in KINDS.values() if made not in (*STEP_KINDS, *BATCH_KINDS, *RECORDING)]


@pytest.mark.parametrize(("disposition", "made"), [*product(Disposition, [*OTHERS, *STEP_KINDS, *RECORDING])])
def test_after_the_end_only_remarks_and_what_becomes_of_deviations(disposition: Disposition, made: type[Entry]) -> None:
    """What was released, rejected or stopped stays as it was signed."""
    batch = batch_in(disposition)
    is_allowed = disposition.is_open or made in AFTER_THE_END
    if is_allowed and made not in (e.BatchStarted, e.StepStarted, e.StepVerified, e.StepReopened):
        assert after_one_more(batch, entry(made)).last.page == batch.last.page + 1
    else:
        with pytest.raises(Impossible):
            after_one_more(batch, entry(made))


def test_a_batch_begins_with_its_start_and_starts_once() -> None:
    """Whatever else stands first, the ledger was cut at its head."""
    play = Play(RECIPE, {"fact": "4"}).start()
    with pytest.raises(Impossible, match="cannot begin with “step started”"):
        fold(RECIPE, [(play.lines[0][0], e.StepStarted("1.1"))])
    with pytest.raises(Impossible, match="“batch started” cannot follow"):
        after_one_more(play.batch, play.lines[0][1])
    with pytest.raises(Impossible, match="begins with an entry"):
        fold(RECIPE, [])


@pytest.mark.parametrize(
    "strange",
    [
        e.StepStarted("9.9"),
        e.StepStarted("1.1:1"),
        e.StepStarted("1.1:²"),
        e.StepStarted(""),
        e.ValueRecorded("1.1", "nothing", "5 mL"),
        e.ValueRecorded("1.1", "volume", "five"),
        e.ValueRecorded("1.1", "volume", "5 zz"),
        e.ValueJudged("1.1", "other", "5 mL"),
        e.EquipmentUsed("1.1", "volume", "5 mL", calibrated_until="soon"),
        e.DeviationExplained("D9", "why"),
        e.DeviationClosed("D9", "a", "b", "c"),
    ],
)
@pytest.mark.requirement("RQ-002")
def test_an_entry_that_fits_nothing_is_named_as_impossible(strange: Entry) -> None:
    """A ledger written by something else is found out at the page, and no other error comes of it."""
    batch = step_in(StepState.IN_PROGRESS)
    with pytest.raises(Impossible, match=f"page {batch.last.page + 1}"):
        after_one_more(batch, strange)


def test_every_state_is_reached_by_the_table() -> None:
    """No state is there that a batch or a step could never be in."""
    assert {StepState.NOT_STARTED, *STEP_TRANSITIONS.values()} == set(StepState)
    assert {Disposition.IN_PROCESS, *TRANSITIONS.values()} == set(Disposition)
    assert set(RECORDED_IN) == set(StepState)


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_fold_may_be_continued_from_any_prefix(cut: int) -> None:
    """The fold of a prefix can be kept for ever and shared: going on from it gives the same batch."""
    play = Play(RECIPE, {"fact": "4"}).start().finish()
    assert fold(RECIPE, play.lines[cut:], fold(RECIPE, play.lines[:cut])) == fold(RECIPE, play.lines) == play.batch


def test_folding_changes_no_batch() -> None:
    """A batch never changes: the one kept is the same after others went on from it."""
    batch = step_in(StepState.IN_PROGRESS)
    before = repr(batch)
    after_one_more(batch, e.ValueRecorded("1.1", "volume", "7 mL"))
    assert repr(batch) == before
    assert batch.started.at == START
