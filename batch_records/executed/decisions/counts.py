"""Counting: a value that is measured several times, averaged when its set is full, and counted again where it must be.

Every single count stays on the record. Where the recipe says that counts too far apart are measured again, the average
of the first such set is recorded and not judged: the recipe itself says that it does not count.
"""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction

from batch_records.executed import commands as c
from batch_records.executed.count_entries import CountsRepeated, CountTaken, ValueAveraged
from batch_records.executed.counting import is_counted, must_be_counted_again, number_of_set, set_of
from batch_records.executed.decide import decides
from batch_records.executed.decisions.corrections import ripple
from batch_records.executed.decisions.steps import at_work
from batch_records.executed.draft import Draft, Refused
from batch_records.executed.entries import ReadingTaken, ValueRecorded
from batch_records.master.recipe import Average, Field, Kind, Repeats
from batch_records.values.expression import Constants, Uncomputable
from batch_records.values.limit import Verdict
from batch_records.values.quantity import Quantity
from batch_records.values.spread import PERCENT, coefficient_of_variation, mean, median


def take_count(draft: Draft, field: Field, repeats: Repeats, single: ReadingTaken | ValueRecorded) -> None:
    """Take one count, and average the set when it is full."""
    run = draft.batch.run(single.step)
    if is_counted(field, run):
        text = run.values[field.name].text
        raise Refused(f"“{field.ask}” is recorded as {text}; to count again, say why")
    known = {(count.instrument, count.sequence) for _, count in run.counts.get(field.name, ())}
    if isinstance(single, ReadingTaken) and (single.instrument, single.sequence) in known:
        raise Refused(f"reading {single.sequence} of {single.instrument} is counted already: measure again")
    number = len(set_of(field, run)) + 1
    draft.write(_count(single, number_of_set(field, run), number))
    if number == repeats.times:
        _average(draft, field, repeats, single.step)


def _count(single: ReadingTaken | ValueRecorded, number_of_set: int, number: int) -> CountTaken:
    shared = {each.name for each in fields(CountTaken)} & {each.name for each in fields(single)}
    quoted = {name: getattr(single, name) for name in shared}
    return CountTaken(set=number_of_set, number=number, **quoted)


def _average(draft: Draft, field: Field, repeats: Repeats, key: str) -> None:
    run = draft.batch.run(key)
    counts = tuple(count.value for count in set_of(field, run))
    entry = averaged(field, repeats, key, number_of_set(field, run), counts)
    if must_be_counted_again(field, entry):
        draft.write(replace(entry, judged="not judged: its counts lie too far apart and are measured again"))
        return
    draft.record(field, entry)
    if entry.cv_verdict in (Verdict.ACTION.value, Verdict.IMPLAUSIBLE.value):
        what = f"{field.ask}: the CV of its counts, {entry.cv or 'not computable'}, is {entry.cv_verdict}"
        draft.raise_deviation(f"{what} ({entry.cv_judged})", field.on_action, key, field.name)
    ripple(draft, {field.name}, key, f"“{field.ask}” was counted since")


def averaged(field: Field, repeats: Repeats, key: str, number_of_set: int, counts: tuple[str, ...]) -> ValueAveraged:
    """Return the average of a set of counts, rounded once as the recipe says, with the CV and its verdict."""
    if field.unit is None:
        raise TypeError(f"{field.name} has no unit")
    numbers = [Quantity.parse(text).base for text in counts]
    number = mean(numbers) if repeats.average is Average.MEAN else median(numbers)
    cv, verdict, judged = _spread(repeats, numbers)
    return ValueAveraged(
        key,
        field.name,
        str(repeats.rounding(number, field.unit)),
        set=number_of_set,
        average=f"{repeats.average.value} of {len(counts)}",
        counts=counts,
        rounding=repeats.rounding.text,
        cv=cv,
        cv_verdict=verdict.value,
        cv_judged=judged,
        outliers=repeats.outliers.value,
    )


def _spread(repeats: Repeats, numbers: list[Fraction]) -> tuple[str, Verdict, str]:
    try:
        cv = coefficient_of_variation(numbers)
    except Uncomputable as error:
        return "", Verdict.ACTION, f"the CV cannot be computed: {error}"
    nothing = Constants({})
    return str(cv), repeats.cv.judge(cv.base, nothing), repeats.cv.in_words(nothing, PERCENT)


@decides(c.CountAgain)
def count_again(draft: Draft, command: c.CountAgain) -> None:
    """Have a value counted anew, for a reason."""
    if not command.reason.strip():
        raise Refused("say why it is counted again")
    step = at_work(draft, command.step, command.reason)
    field = next((each for each in step.fields if each.name == command.field and each.repeats), None)
    if field is None or field.kind is not Kind.READING:
        raise Refused(f"step {step.id} counts no such value")
    if not set_of(field, draft.batch.run(command.step)):
        raise Refused(f"“{field.ask}” has no count yet")
    draft.write(CountsRepeated(command.step, field.name, command.reason.strip()))
