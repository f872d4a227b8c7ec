"""What instruments measured while they belonged to a batch, as the lowest and highest of each stretch of a chart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Run, Value
from mes.trends.queries import Channel, Span, channels

_COLUMNS = 240


def series_of(session: Session, batch: Batch, instrument_class: str) -> tuple[str, list[Channel]]:
    """Return the instrument of a class that belonged to a batch, and every channel over the time it was read for it.

    The readings were counted into their stretches as they came: however many there are, as many columns are asked for.
    """
    used = _use(batch, instrument_class)
    if used is None:
        return "", []
    code, since, until = used
    span = Span(int(since.timestamp()), int(until.timestamp()))
    return code, [each for each in channels(session.connection(), code, span, _COLUMNS) if each.at]


def _use(batch: Batch, instrument_class: str) -> tuple[str, datetime, datetime] | None:
    """Return which instrument of a class the batch used, from its scan to the last value taken from it."""
    code, since, until = "", None, None
    for run in batch.runs.values():
        for value in _values_of(run):
            entry = value.entry
            if isinstance(entry, e.EquipmentUsed) and entry.equipment_class == instrument_class:
                code, since = entry.value, value.stamp.at
    for run in batch.runs.values():
        for value in _values_of(run):
            if isinstance(value.entry, e.ReadingTaken) and value.entry.instrument == code:
                until = max(until or value.stamp.at, value.stamp.at)
    return (code, since, until) if code and since and until else None


def _values_of(run: Run) -> tuple[Value, ...]:
    return tuple(run.values.values())
