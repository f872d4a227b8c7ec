"""Where a value that is measured several times stands: which set is being counted, and how many counts are missing."""

from __future__ import annotations

from batch_records.executed.batch import Run
from batch_records.executed.count_entries import CountTaken, ValueAveraged
from batch_records.master.recipe import Field, Outliers
from batch_records.values.limit import Verdict


def set_of(field: Field, run: Run) -> tuple[CountTaken, ...]:
    """Return the counts of the set that is being counted, or was counted last."""
    number = number_of_set(field, run)
    return tuple(count for _, count in run.counts.get(field.name, ()) if count.set == number)


def number_of_set(field: Field, run: Run) -> int:
    """Return the number of the set that the next count belongs to, or the last that is full."""
    number = run.sets.get(field.name, 1)
    value = run.values.get(field.name)
    if value and isinstance(value.entry, ValueAveraged) and value.entry.set >= number:
        return number + 1 if must_be_counted_again(field, value.entry) else number
    return number


def must_be_counted_again(field: Field, entry: ValueAveraged) -> bool:
    """Say whether the recipe asks for another set: the counts of the first lie too far apart."""
    out = entry.cv_verdict in (Verdict.ACTION.value, Verdict.IMPLAUSIBLE.value)
    again = field.repeats is not None and field.repeats.outliers is Outliers.MEASURED_AGAIN
    return again and out and entry.set == 1


def is_counted(field: Field, run: Run) -> bool:
    """Say whether the last set is full and stands."""
    return field.repeats is not None and len(set_of(field, run)) == field.repeats.times


def left_to_count(field: Field, run: Run) -> int:
    """Return how many counts are missing; none for a value that is measured once."""
    return field.repeats.times - len(set_of(field, run)) if field.repeats else 0
