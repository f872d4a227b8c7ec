"""What instruments measured while they belonged to a batch, thinned for charts to the extremes of each stretch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Run, Value
from mes.ledger.line import utc
from mes.ledger.tables import reading

_STRETCHES = 240
_SILENT = 120.0  # seconds


@dataclass(frozen=True)
class Series:
    """One channel: its unit, and for each stretch the time in seconds since the epoch, the lowest and the highest."""

    instrument: str
    channel: str
    unit: str
    count: int
    at: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    gap: float  # what is longer than so without a reading is a gap


def series_of(session: Session, batch: Batch, instrument_class: str) -> list[Series]:
    """Return every channel of the instrument of a class that belonged to a batch, over the time it was read for it."""
    used = _use(batch, instrument_class)
    if used is None:
        return []
    code, since, until = used
    columns = reading.c
    query = select(columns.channel, columns.unit, columns.value, columns.source_time, columns.received_time).where(
        columns.instrument == code,
        columns.quality == "good",
        columns.received_time.between(utc(since), utc(until)),
    )
    frame = pd.DataFrame(session.connection().execute(query).all(), columns=["channel", "unit", "value", "at", "came"])
    if frame.empty:
        return []
    frame["at"] = pd.to_datetime(frame["at"].fillna(frame["came"]), utc=True, format="ISO8601")
    frame["value"] = pd.to_numeric(frame["value"], errors="coerce")
    groups = frame.dropna(subset=["value"]).groupby(["channel", "unit"], sort=True)
    return [_thin(code, str(channel), str(unit), group) for (channel, unit), group in groups]


def _thin(code: str, channel: str, unit: str, group: pd.DataFrame) -> Series:
    seconds = group["at"].astype("int64") / 1e9
    start, width = seconds.min(), max(seconds.max() - seconds.min(), 1.0) / _STRETCHES
    stretch = ((seconds - start) / width).astype(int).clip(upper=_STRETCHES - 1)
    bounds = group["value"].groupby(stretch).agg(["min", "max"])
    at = tuple(float(start + (index + 0.5) * width) for index in bounds.index)
    low, high = (tuple(map(float, bounds[name])) for name in ("min", "max"))
    pace = width * _STRETCHES / len(group)
    gap = max(_SILENT, 5 * pace, 1.5 * width)
    return Series(code, channel, unit, len(group), at, low, high, gap)


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
    return tuple(run.values.values())  # noqa: PD011 - a mapping, not a frame
