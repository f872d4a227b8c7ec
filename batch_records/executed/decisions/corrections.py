"""Corrections, and what rests on what was corrected.

The old value stays, struck through, with who, when and why. Whatever was computed from it is computed again, whatever
was judged against it is judged again, and every completed step among those counts as unsigned until it is completed
and verified anew. Nothing else changes.
"""

from __future__ import annotations

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import StepState, Value
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import find, must_be_open, must_hold
from batch_records.executed.draft import Draft, Refused
from batch_records.executed.read import read_value
from batch_records.master.recipe import Field, Kind

_CORRECTABLE = (Kind.NUMBER, Kind.TEXT, Kind.CHOICE, Kind.TIME, Kind.READING, Kind.RESULT, Kind.LABELS)


@decides(c.CorrectValue)
def correct(draft: Draft, command: c.CorrectValue) -> None:
    """Replace a recorded value, with the reason, in whatever state its step is."""
    must_be_open(draft)
    step = find(draft, command.step)
    must_hold(draft, step.performer)
    field = next((field for field in step.fields if field.name == command.field), None)
    before = draft.batch.run(command.step).values.get(command.field)
    if field is None or before is None:
        raise Refused(f"step {step.id} has recorded no such value")
    if field.kind not in _CORRECTABLE:
        raise Refused(f"“{field.ask}” is {field.kind.value}: scan or compute it again instead")
    if not command.reason.strip():
        raise Refused("say why the value is corrected")
    value = read_value(field, command.value)
    if value == before.text:
        raise Refused(f"“{field.ask}” is already recorded as {value}")
    draft.record(field, e.ValueCorrected(command.step, field.name, value, was=before.text, corrects=before.stamp.page))
    because = f"“{field.ask}” was corrected from {before.text} to {value}"
    _reopen(draft, command.step, because)
    ripple(draft, field.name, command.step, because)


def ripple(draft: Draft, name: str, key: str, because: str = "a value it rests on was recorded again") -> None:
    """Compute and judge again whatever rests on a changed value, in the recipe's order."""
    changed = {name}
    keys = list(draft.progress.keys())
    for later in keys[keys.index(key) :]:
        for field in draft.recipe.steps[later.partition(":")[0]].fields:
            value = draft.batch.run(later).values.get(field.name)
            if value and changed.intersection(field.rests_on):
                if _redo(draft, later, field, value):
                    changed.add(field.name)
                _reopen(draft, later, because)


def _redo(draft: Draft, key: str, field: Field, value: Value) -> bool:
    """Compute or judge one value again; say whether its text changed."""
    if field.kind is Kind.CALCULATED:
        entry = draft.compute(field, key)
        if entry.value != value.text:
            draft.record(field, entry)
            return True
    verdict, judged = draft.judge(field, value.entry)
    if (verdict, judged) != (value.entry.verdict, value.entry.judged):
        draft.record(field, e.ValueJudged(key, field.name, value.text, verdict, judged))
    return False


def _reopen(draft: Draft, key: str, because: str) -> None:
    if draft.batch.run(key).state in (StepState.COMPLETED, StepState.VERIFIED):
        draft.write(e.StepReopened(key, because))
