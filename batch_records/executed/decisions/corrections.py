"""Corrections, and what rests on what was corrected.

The old value stays, struck through, with who, when and why. Whatever was computed from it is computed again, whatever
was judged against it is judged again, and every completed step among those counts as unsigned until it is completed
and verified anew. Nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Disposition, Value, base_of
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import declare_if_over, find, must_be_open, must_hold, reopen
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.entries import Recorded
from batch_records.executed.read import read_value
from batch_records.master.recipe import Consequence, Field, Kind, Role
from batch_records.values.expression import Missing, Uncomputable
from batch_records.values.label_code import says
from batch_records.values.limit import Verdict

_R = TypeVar("_R", bound=Recorded)
_INSTEAD = {
    Kind.CALCULATED: "correct what it is computed from",
    Kind.IDENTITY: "it is what was scanned",
    Kind.DECISION: "decide again, with the reason",
    Kind.LABELS: "print again, with the reason",
    Kind.RECONCILIATION: "account for the labels again, with the reason",
}
_TYPED = (Kind.NUMBER, Kind.TEXT, Kind.CHOICE, Kind.TIME, Kind.DONATION, Kind.PRODUCT, Kind.DOSE)
_CORRECTABLE = (*_TYPED, Kind.READING, Kind.RESULT)


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
    if field.repeats:
        raise Refused(f"“{field.ask}” is not corrected by typing: have it counted again, with the reason")
    if field.kind not in _CORRECTABLE:
        instead = _INSTEAD.get(field.kind, "scan it again, with the reason")
        raise Refused(f"“{field.ask}” is not corrected by typing: {instead}")
    if not command.reason.strip():
        raise Refused("say why the value is corrected")
    value = read_value(field, command.value)
    if value == before.text:
        raise Refused(f"“{field.ask}” is already recorded as {value}")
    corrected = e.ValueCorrected(command.step, field.name, value, was=before.text, corrects=before.stamp.page)
    draft.record(field, of_another(draft, field, corrected, command.therapies))
    because = f"“{field.ask}” was corrected from {before.text} to {value}"
    reopen(draft, command.step, because)
    ripple(draft, {field.name}, command.step, because)
    _time_again(draft, field)


def of_another(draft: Draft, field: Field, entry: _R, therapies: Mapping[str, str]) -> _R:
    """Return the record of a donation number with its verdict where it is known to belong to another therapy."""
    therapy = therapies.get(entry.value, "") if field.kind is Kind.DONATION else ""
    if therapy in ("", draft.batch.coi):
        return entry
    return replace(entry, verdict=Verdict.ACTION, judged=f"belongs to {therapy}")


def _time_again(draft: Draft, field: Field) -> None:
    """Record which hold times were exceeded after all, now that another start of them is known."""
    for hold_time in draft.recipe.hold_times:
        if hold_time.start.value == field.name and (stopped := draft.progress.stopped(hold_time)):
            declare_if_over(draft, *stopped)


@decides(c.CorrectFact)
def correct_fact(draft: Draft, command: c.CorrectFact) -> None:
    """Replace a fact of the order, with the reason; a patient whom the recipe is not for holds the batch."""
    must_be_open(draft)
    must_hold(draft, Role.PHYSICIAN)
    field = next((field for field in draft.recipe.facts if field.name == command.fact), None)
    if field is None or field.name not in draft.batch.facts:
        raise Refused(f"this batch was issued without a fact “{command.fact}”")
    if is_frozen(draft.batch, field):
        raise Refused(f"“{field.ask}” is frozen: the batch was released for {draft.batch.facts[field.name]}")
    if not command.reason.strip():
        raise Malformed("reason", "say why it is corrected")
    was, value = draft.batch.facts[field.name], read_value(field, command.value)
    if value == was:
        raise Refused(f"“{field.ask}” is already recorded as {value}")
    verdict = field.limits.judge(base_of(value, field.type), draft.batch.all_values())
    judged = field.limits.in_words(draft.batch.all_values(), field.unit)
    if verdict is Verdict.IMPLAUSIBLE:
        raise Malformed(field.name, f"{value} is {verdict.value} ({judged})")
    because = f"“{field.ask}” was corrected from {was} to {value}"
    draft.write(e.FactCorrected(field.name, value, was, verdict, judged))
    if verdict.is_out:
        draft.raise_deviation(f"{because}; this recipe is for {judged}", Consequence.HOLD)
    ripple(draft, {field.name}, "", because)


def is_frozen(batch: Batch, field: Field) -> bool:
    """Say whether a fact of the order can change no more: a batch is released for one dose."""
    return field.kind is Kind.DOSE and batch.disposition is not Disposition.IN_PROCESS


def ripple(draft: Draft, names: set[str], key: str, because: str) -> None:
    """Compute and judge again whatever rests on changed values, in the recipe's order, and reopen what that touches.

    What changed stands in the step with this key, or, where there is none, in the order.
    """
    dependents = draft.recipe.dependents
    if not any(step in draft.batch.rounds for name in names for step in dependents.get(name, ())):
        return  # nothing that rests on them was begun: so it is, most of the time
    changed = set(names)
    keys = list(draft.progress.keys())
    for later in keys[keys.index(key) if key else 0 :]:
        for field in draft.recipe.steps[later.partition(":")[0]].fields:
            value = draft.batch.run(later).values.get(field.name)
            if value is None or not changed.intersection(field.rests_on):
                continue
            entries = len(draft.entries)
            _redo(draft, later, field, value)
            if draft.batch.run(later).values[field.name].text != value.text:
                changed.add(field.name)
            if len(draft.entries) > entries or _sees_other(draft, later, field):
                reopen(draft, later, because)


def _redo(draft: Draft, key: str, field: Field, value: Value) -> None:
    """Compute and judge one value again."""
    if field.kind is Kind.CALCULATED:
        try:
            entry = draft.computed(field, key)
        except (Missing, Uncomputable) as error:  # the number that stands there is known to be wrong
            _judge(draft, field, value.entry, Verdict.IMPLAUSIBLE, f"cannot be computed: {error}")
            return
        if entry != unjudged(value.entry):
            draft.record(field, entry)
            return
    if field.kind is Kind.IDENTITY:
        _judge(draft, field, value.entry, *matched(draft, field, value.entry))
    else:
        _judge(draft, field, value.entry, *draft.judge(field, value.entry))


def matched(draft: Draft, field: Field, entry: Recorded) -> tuple[Verdict, str]:
    """Judge a scan by what the batch knows."""
    expected = draft.batch.seen_from(entry.step).text(field.matches)
    matches = says(entry.value, expected, field.matches)
    return Verdict.WITHIN if matches else Verdict.ACTION, f"must be {expected}"


def unjudged(entry: Recorded) -> Recorded:
    """Return an entry without its verdict, to compare what was recorded."""
    return replace(entry, verdict=Verdict.NONE, judged="")


def _judge(draft: Draft, field: Field, entry: Recorded, verdict: Verdict, judged: str) -> None:
    if (verdict, judged) != (entry.verdict, entry.judged):
        draft.record(field, e.ValueJudged(entry.step, field.name, entry.value, verdict, judged))


def _sees_other(draft: Draft, key: str, field: Field) -> bool:
    """Say whether a step sees another value than before: the fifth day's does not see that the first day's changed."""
    if draft.before is None:
        return True
    before, now = draft.before.seen_from(key), draft.batch.seen_from(key)
    used = {*(("", name) for name in field.rests_on), *(use for formula in field.formulas for use in formula.inputs)}
    return any(before.said(*use) != now.said(*use) for use in used)
