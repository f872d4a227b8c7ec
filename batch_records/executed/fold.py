"""The fold: a batch, entry by entry. What is not in the tables of `batch_records.executed.batch` cannot be folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from batch_records.executed import entries as e
from batch_records.executed.alarm_entries import ALARMS
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
    Withdrawn,
    base_of,
    parse_key,
)
from batch_records.executed.count_entries import CountsRepeated, CountTaken
from batch_records.executed.ending_entries import ENDINGS
from batch_records.executed.entries import Entry, Recorded, Stamp
from batch_records.executed.label_entries import LabelScanned, LabelsReprinted
from batch_records.executed.notice_entries import NOTICES
from batch_records.executed.notification_entries import NotificationDue
from batch_records.executed.supply import FOLDED
from batch_records.executed.supply_entries import BatchReleasedOutOfSpecification, SupplyConcluded
from batch_records.executed.waiver_entries import GateWaived
from batch_records.master.recipe import Recipe

Changes = dict[str, Any]
Apply = Callable[[Batch, Stamp, Any], Changes]
_V = TypeVar("_V")

# What may follow a review without making it out of date.
_KEEPS_REVIEW = (
    e.BatchReviewed,
    e.BatchConditionallyReleased,
    e.BatchReleased,
    e.BatchRejected,
    e.AttemptRefused,
    BatchReleasedOutOfSpecification,
    SupplyConcluded,
    *ENDINGS,
    NotificationDue,  # it follows from what was released, or from an entry that ended the review already
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
        return Batch(recipe, stamp, entry, stamp, entry.facts)
    if not (batch.disposition.is_open or isinstance(entry, AFTER_THE_END)):
        raise Impossible(f"page {stamp.page}: “{e.kind(entry)}” after the batch was {batch.disposition.value}")
    try:
        apply: Apply = _record if isinstance(entry, Recorded) else _APPLY[type(entry)]
        changes = apply(batch, stamp, entry)
    except (KeyError, ValueError) as error:
        raise Impossible(f"page {stamp.page}: “{e.kind(entry)}” cannot follow ({error})") from None
    if batch.review and not isinstance(entry, _KEEPS_REVIEW):
        changes |= {"review": None, "amended": {**batch.amended, batch.review[0].page: stamp}}
    return replace(batch, **changes, last=stamp)


def _with(mapping: Mapping[str, _V], key: str, value: _V) -> Mapping[str, _V]:
    return {**mapping, key: value}


def _with_run(batch: Batch, stamp: Stamp, run: Run, **changes: Any) -> Changes:  # noqa: ANN401 - any attribute of a run
    step, number = parse_key(run.key)
    if step not in batch.recipe.steps:
        raise KeyError(step)
    changed = replace(run, **changes, last=stamp)
    after: Changes = {"runs": _with(batch.runs, run.key, changed)}
    if changed.started and batch.rounds.get(step, 0) < number:
        after["rounds"] = _with(batch.rounds, step, number)
    return after


def _start(batch: Batch, stamp: Stamp, entry: e.StepStarted) -> Changes:
    run = batch.run(entry.step)
    state = STEP_TRANSITIONS[run.state, type(entry)]
    return _with_run(batch, stamp, run, state=state, started=stamp, people=run.people | {stamp.author})


def _complete(batch: Batch, stamp: Stamp, entry: e.StepCompleted) -> Changes:
    run = batch.run(entry.step)
    state = STEP_TRANSITIONS[run.state, type(entry)]
    people, ended = run.people | {stamp.author}, run.ended or stamp
    return _with_run(batch, stamp, run, state=state, completed=stamp, ended=ended, people=people)


def _verify(batch: Batch, stamp: Stamp, entry: e.StepVerified) -> Changes:
    run = batch.run(entry.step)
    state = STEP_TRANSITIONS[run.state, type(entry)]
    return _with_run(batch, stamp, run, state=state, verified=stamp, verifiers=run.verifiers | {stamp.author})


def _reopen(batch: Batch, stamp: Stamp, entry: e.StepReopened) -> Changes:
    run = batch.run(entry.step)
    state = STEP_TRANSITIONS[run.state, type(entry)]
    reopened = (*run.reopened, (stamp, entry.because))
    withdrawn = (*run.withdrawn, Withdrawn(run.completed, run.verified, stamp, entry.because))
    changed = {"reopened": reopened, "withdrawn": withdrawn}
    return _with_run(batch, stamp, run, state=state, completed=None, verified=None, **changed)


def _record(batch: Batch, stamp: Stamp, entry: Recorded) -> Changes:
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
    changes = _with_run(batch, stamp, run, values=values, people=run.people | {stamp.author})
    if isinstance(entry, e.LabelsPrinted):
        changes["labels"] = (*batch.labels, (stamp, entry))
    if isinstance(entry, e.EquipmentUsed):
        changes |= _use(batch, entry.equipment_class, entry.value, entry.calibrated_until)
    return changes


def _assign(batch: Batch, stamp: Stamp, entry: e.InstrumentAssigned) -> Changes:
    run = batch.run(entry.step)
    if run.state is not StepState.IN_PROGRESS:
        raise KeyError(f"step {entry.step} is {run.state.value}")
    assigned, people = (*run.assigned, (stamp, entry)), run.people | {stamp.author}
    changes = _with_run(batch, stamp, run, assigned=assigned, people=people)
    return changes | _use(batch, entry.equipment_class, entry.code, entry.calibrated_until)


def _count(batch: Batch, stamp: Stamp, entry: CountTaken) -> Changes:
    run = _counting(batch, entry)
    taken = (*run.counts.get(entry.field, ()), (stamp, entry))
    sets = {**run.sets, entry.field: max(int(entry.set), run.sets.get(entry.field, 1))}
    people = run.people | {stamp.author}
    return _with_run(batch, stamp, run, counts=_with(run.counts, entry.field, taken), sets=sets, people=people)


def _count_again(batch: Batch, stamp: Stamp, entry: CountsRepeated) -> Changes:
    run = _counting(batch, entry)
    counted = max((int(count.set) for _, count in run.counts.get(entry.field, ())), default=0)
    repeated, people = (*run.repeated, (stamp, entry)), run.people | {stamp.author}
    sets = _with(run.sets, entry.field, counted + 1)
    return _with_run(batch, stamp, run, sets=sets, repeated=repeated, people=people)


def _counting(batch: Batch, entry: CountTaken | CountsRepeated) -> Run:
    run = batch.run(entry.step)
    if run.state is not StepState.IN_PROGRESS or batch.recipe.home[entry.field] != parse_key(entry.step)[0]:
        raise KeyError(f"step {entry.step} is {run.state.value}")
    return run


def _label(batch: Batch, stamp: Stamp, entry: LabelsReprinted | LabelScanned) -> Changes:
    run = batch.run(entry.step)
    if run.state is not StepState.IN_PROGRESS or entry.field not in batch.recipe.fields:
        raise KeyError(f"step {entry.step} is {run.state.value}")
    changes = _with_run(batch, stamp, run, people=run.people | {stamp.author})
    return changes | {"labels": (*batch.labels, (stamp, entry))}


def _use(batch: Batch, class_: str, code: str, calibrated_until: str) -> Changes:
    changes: Changes = {"equipment": _with(batch.equipment, class_, code)}
    if calibrated_until:
        changes["calibrated"] = _with(batch.calibrated, code, datetime.fromisoformat(calibrated_until))
    return changes


def _correct_fact(batch: Batch, stamp: Stamp, entry: e.FactCorrected) -> Changes:
    if entry.fact not in batch.facts:
        raise KeyError(entry.fact)
    return {"facts": _with(batch.facts, entry.fact, entry.value), "corrected": (*batch.corrected, (stamp, entry))}


def _dispose(batch: Batch, stamp: Stamp, entry: Entry) -> Changes:
    disposition = TRANSITIONS[batch.disposition, type(entry)]
    return {"disposition": disposition, "disposed": (*batch.disposed, (stamp, entry))}


def _review(batch: Batch, stamp: Stamp, entry: e.BatchReviewed) -> Changes:
    return {"review": (stamp, entry), "reviews": (*batch.reviews, (stamp, entry))}


def _hold(batch: Batch, stamp: Stamp, entry: e.BatchHeld) -> Changes:
    return {"holds": (*batch.holds, (stamp, entry))}


def _lift(batch: Batch, stamp: Stamp, entry: e.HoldLifted) -> Changes:
    return {"holds": (), "lifted": (*batch.lifted, (stamp, entry, batch.holds))}


def _overdue(batch: Batch, stamp: Stamp, entry: e.HoldTimeExceeded) -> Changes:
    return {"overdue": _with(batch.overdue, entry.hold_time, stamp)}


def _comment(batch: Batch, stamp: Stamp, entry: e.CommentAdded) -> Changes:
    if not entry.step:
        return {"comments": (*batch.comments, (stamp, entry.text))}
    run = batch.run(entry.step)
    return _with_run(batch, stamp, run, comments=(*run.comments, (stamp, entry.text)))


def _attempt(batch: Batch, stamp: Stamp, entry: e.AttemptRefused) -> Changes:
    return {"attempts": (*batch.attempts, (stamp, entry))}


def _alarm(batch: Batch, stamp: Stamp, entry: Entry) -> Changes:
    return {"alarms": (*batch.alarms, (stamp, entry))}


def _notice(batch: Batch, stamp: Stamp, entry: Entry) -> Changes:
    return {"notices": (*batch.notices, (stamp, entry))}


def _waive(batch: Batch, stamp: Stamp, entry: GateWaived) -> Changes:
    if parse_key(entry.step)[0] not in batch.recipe.steps:
        raise KeyError(entry.step)
    return {"waivers": (*batch.waivers, (stamp, entry))}


def _raise(batch: Batch, stamp: Stamp, entry: e.DeviationRaised) -> Changes:
    raised = Deviation(entry.number, entry.description, entry.step, entry.field, stamp)
    return {"deviations": _with(batch.deviations, entry.number, raised)}


def _explain(batch: Batch, stamp: Stamp, entry: e.DeviationExplained) -> Changes:
    deviation = batch.deviations[entry.number]
    explained = (*deviation.explained, (stamp, entry.explanation))
    return {"deviations": _with(batch.deviations, entry.number, replace(deviation, explained=explained))}


def _close(batch: Batch, stamp: Stamp, entry: e.DeviationClosed) -> Changes:
    closed = replace(batch.deviations[entry.number], closed=stamp, closing=entry)
    return {"deviations": _with(batch.deviations, entry.number, closed)}


_APPLY: dict[type[Entry], Apply] = {
    e.StepStarted: _start,
    e.StepCompleted: _complete,
    e.StepVerified: _verify,
    e.StepReopened: _reopen,
    e.InstrumentAssigned: _assign,
    e.FactCorrected: _correct_fact,
    CountTaken: _count,
    CountsRepeated: _count_again,
    LabelsReprinted: _label,
    LabelScanned: _label,
    e.BatchHeld: _hold,
    e.HoldLifted: _lift,
    e.BatchReviewed: _review,
    e.BatchConditionallyReleased: _dispose,
    e.BatchReleased: _dispose,
    e.BatchRejected: _dispose,
    e.BatchStopped: _dispose,
    BatchReleasedOutOfSpecification: _dispose,
    SupplyConcluded: _dispose,
    e.HoldTimeExceeded: _overdue,
    e.CommentAdded: _comment,
    e.AttemptRefused: _attempt,
    e.DeviationRaised: _raise,
    e.DeviationExplained: _explain,
    e.DeviationClosed: _close,
    **dict.fromkeys(ALARMS, _alarm),
    **dict.fromkeys(NOTICES, _notice),
    GateWaived: _waive,
    **dict.fromkeys(ENDINGS, _dispose),
    **FOLDED,
}
