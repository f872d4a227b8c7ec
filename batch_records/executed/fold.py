"""The fold: a batch, entry by entry. What is not in the tables of `batch_records.executed.batch` cannot be folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from batch_records.executed import entries as e
from batch_records.executed.batch import (
    AFTER_THE_END,
    RECORDED_IN,
    STEP_TRANSITIONS,
    TRANSITIONS,
    Batch,
    Deviation,
    Impossible,
    Run,
    StepState,
    Value,
    base_of,
    parse_key,
)
from batch_records.executed.entries import Entry, Recorded, Stamp
from batch_records.master.recipe import Recipe

Apply = Callable[[Batch, Stamp, Any], Batch]
_V = TypeVar("_V")

# What may follow a review without making it out of date.
_KEEPS_REVIEW = (
    e.BatchReviewed,
    e.BatchConditionallyReleased,
    e.BatchReleased,
    e.BatchRejected,
    e.AttemptRefused,
)


def fold(recipe: Recipe, lines: Iterable[tuple[Stamp, Entry]], batch: Batch | None = None) -> Batch:
    """Fold entries, onto a batch where one is given. Raise `Impossible` for an entry that cannot follow."""
    for stamp, entry in lines:
        batch = follow(recipe, batch, stamp, entry)
    if batch is None:
        raise Impossible("a batch begins with an entry")
    return batch


def follow(recipe: Recipe, batch: Batch | None, stamp: Stamp, entry: Entry) -> Batch:
    """Return the batch after one more entry."""
    if batch is None:
        if not isinstance(entry, e.BatchStarted):
            raise Impossible(f"a batch cannot begin with “{e.kind(entry)}”")
        return Batch(recipe, stamp, entry, stamp)
    if not (batch.disposition.is_open or isinstance(entry, AFTER_THE_END)):
        raise Impossible(f"page {stamp.page}: “{e.kind(entry)}” after the batch was {batch.disposition.value}")
    try:
        apply: Apply = _record if isinstance(entry, Recorded) else _APPLY[type(entry)]
        after = apply(batch, stamp, entry)
    except (KeyError, ValueError) as error:
        raise Impossible(f"page {stamp.page}: “{e.kind(entry)}” cannot follow ({error})") from None
    review = after.review if isinstance(entry, _KEEPS_REVIEW) else None
    return replace(after, last=stamp, review=review)


def _with(mapping: Mapping[str, _V], key: str, value: _V) -> Mapping[str, _V]:
    return {**mapping, key: value}


def _with_run(batch: Batch, stamp: Stamp, run: Run) -> Batch:
    step, number = parse_key(run.key)
    if step not in batch.recipe.steps:
        raise KeyError(step)
    begun = run.started and batch.rounds.get(step, 0) < number
    rounds = _with(batch.rounds, step, number) if begun else batch.rounds
    return replace(batch, runs=_with(batch.runs, run.key, replace(run, last=stamp)), rounds=rounds)


def _step(batch: Batch, stamp: Stamp, entry: e.StepStarted | e.StepCompleted | e.StepVerified) -> Batch:
    run = batch.run(entry.step)
    state = STEP_TRANSITIONS[run.state, type(entry)]
    changed = replace(run, state=state, people=run.people | {stamp.author})
    if isinstance(entry, e.StepStarted):
        changed = replace(changed, started=stamp)
    elif isinstance(entry, e.StepCompleted):
        changed = replace(changed, completed=stamp, ended=run.ended or stamp)
    else:
        verifiers = run.verifiers | {stamp.author}
        changed = replace(changed, verified=stamp, people=run.people, verifiers=verifiers)
    return _with_run(batch, stamp, changed)


def _reopen(batch: Batch, stamp: Stamp, entry: e.StepReopened) -> Batch:
    run = batch.run(entry.step)
    state = STEP_TRANSITIONS[run.state, type(entry)]
    reopened = (*run.reopened, (stamp, entry.because))
    return _with_run(batch, stamp, replace(run, state=state, completed=None, verified=None, reopened=reopened))


def _record(batch: Batch, stamp: Stamp, entry: Recorded) -> Batch:
    run = batch.run(entry.step)
    if not isinstance(entry, RECORDED_IN[run.state]):
        raise KeyError(f"step {entry.step} is {run.state.value}")
    before = run.values.get(entry.field)
    types = batch.recipe.types
    if isinstance(entry, e.ValueJudged):
        before = run.values[entry.field]
        value = replace(before, entry=replace(before.entry, verdict=entry.verdict, judged=entry.judged))
    else:
        history = (*before.history, replace(before, history=())) if before else ()
        value = Value(entry.field, entry, stamp, base_of(entry.value, types[entry.field]), history)
    values = {**run.values, entry.field: value}
    if isinstance(entry, e.MaterialAdded):
        for name, text in entry.gives.items():
            values[name] = Value(name, replace(entry, field=name, value=text), stamp, base_of(text, types[name]))
    if isinstance(entry, e.EquipmentUsed):
        batch = _use(batch, entry.equipment_class, entry.value, entry.calibrated_until)
    return _with_run(batch, stamp, replace(run, values=values, people=run.people | {stamp.author}))


def _assign(batch: Batch, stamp: Stamp, entry: e.InstrumentAssigned) -> Batch:
    run = batch.run(entry.step)
    if run.state is not StepState.IN_PROGRESS:
        raise KeyError(f"step {entry.step} is {run.state.value}")
    batch = _use(batch, entry.equipment_class, entry.code, entry.calibrated_until)
    assigned = (*run.assigned, (stamp, entry))
    return _with_run(batch, stamp, replace(run, assigned=assigned, people=run.people | {stamp.author}))


def _use(batch: Batch, class_: str, code: str, calibrated_until: str) -> Batch:
    equipment = _with(batch.equipment, class_, code)
    if not calibrated_until:
        return replace(batch, equipment=equipment)
    until = datetime.fromisoformat(calibrated_until)
    return replace(batch, equipment=equipment, calibrated=_with(batch.calibrated, code, until))


def _dispose(batch: Batch, stamp: Stamp, entry: Entry) -> Batch:
    disposition = TRANSITIONS[batch.disposition, type(entry)]
    return replace(batch, disposition=disposition, disposed=(*batch.disposed, (stamp, entry)))


def _review(batch: Batch, stamp: Stamp, entry: e.BatchReviewed) -> Batch:
    return replace(batch, review=(stamp, entry), reviews=(*batch.reviews, (stamp, entry)))


def _hold(batch: Batch, stamp: Stamp, entry: e.BatchHeld) -> Batch:
    return replace(batch, holds=(*batch.holds, (stamp, entry)))


def _lift(batch: Batch, stamp: Stamp, entry: e.HoldLifted) -> Batch:
    return replace(batch, holds=(), lifted=(*batch.lifted, (stamp, entry, batch.holds)))


def _overdue(batch: Batch, stamp: Stamp, entry: e.HoldTimeExceeded) -> Batch:
    return replace(batch, overdue=_with(batch.overdue, entry.hold_time, stamp))


def _comment(batch: Batch, stamp: Stamp, entry: e.CommentAdded) -> Batch:
    if not entry.step:
        return replace(batch, comments=(*batch.comments, (stamp, entry.text)))
    run = batch.run(entry.step)
    return _with_run(batch, stamp, replace(run, comments=(*run.comments, (stamp, entry.text))))


def _attempt(batch: Batch, stamp: Stamp, entry: e.AttemptRefused) -> Batch:
    return replace(batch, attempts=(*batch.attempts, (stamp, entry)))


def _raise(batch: Batch, stamp: Stamp, entry: e.DeviationRaised) -> Batch:
    raised = Deviation(entry.number, entry.description, entry.step, entry.field, stamp)
    return replace(batch, deviations=_with(batch.deviations, entry.number, raised))


def _explain(batch: Batch, stamp: Stamp, entry: e.DeviationExplained) -> Batch:
    deviation = batch.deviations[entry.number]
    explained = (*deviation.explained, (stamp, entry.explanation))
    return replace(batch, deviations=_with(batch.deviations, entry.number, replace(deviation, explained=explained)))


def _close(batch: Batch, stamp: Stamp, entry: e.DeviationClosed) -> Batch:
    closed = replace(batch.deviations[entry.number], closed=stamp, closing=entry)
    return replace(batch, deviations=_with(batch.deviations, entry.number, closed))


_APPLY: dict[type[Entry], Apply] = {
    e.StepStarted: _step,
    e.StepCompleted: _step,
    e.StepVerified: _step,
    e.StepReopened: _reopen,
    e.InstrumentAssigned: _assign,
    e.BatchHeld: _hold,
    e.HoldLifted: _lift,
    e.BatchReviewed: _review,
    e.BatchConditionallyReleased: _dispose,
    e.BatchReleased: _dispose,
    e.BatchRejected: _dispose,
    e.BatchStopped: _dispose,
    e.HoldTimeExceeded: _overdue,
    e.CommentAdded: _comment,
    e.AttemptRefused: _attempt,
    e.DeviationRaised: _raise,
    e.DeviationExplained: _explain,
    e.DeviationClosed: _close,
}
