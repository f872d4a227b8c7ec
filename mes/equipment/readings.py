"""What instruments said, as stored."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from batch_records.executed.commands import Reading
from mes.ledger.tables import reading

_CHANNEL = (
    select(reading)
    .where(reading.c.instrument == bindparam("instrument"), reading.c.channel == bindparam("channel"))
    .order_by(reading.c.sequence.desc())
    .limit(1)
)
_SAMPLE = _CHANNEL.where(reading.c.sample == bindparam("sample"))
_ONE = _CHANNEL.where(reading.c.sequence == bindparam("sequence"))


def newest(connection: Connection, instrument: str, channel: str, sample: str = "") -> Reading | None:
    """Return the newest reading of a channel: of one sample where one is named, whatever its quality."""
    asked = {"instrument": instrument, "channel": channel} | ({"sample": sample} if sample else {})
    row = connection.execute(_SAMPLE if sample else _CHANNEL, asked).first()
    return _reading(row) if row else None


def one(connection: Connection, instrument: str, channel: str, sequence: int) -> Reading | None:
    """Return one reading of a channel."""
    asked = {"instrument": instrument, "channel": channel, "sequence": sequence}
    row = connection.execute(_ONE, asked).first()
    return _reading(row) if row else None


def _reading(row: Row[*tuple[Any, ...]]) -> Reading:
    return Reading(
        instrument=row.instrument,
        sequence=row.sequence,
        channel=row.channel,
        value=row.value,
        unit=row.unit,
        quality=row.quality,
        sample=row.sample or "",
        source_time=datetime.fromisoformat(row.source_time) if row.source_time else None,
        received_time=datetime.fromisoformat(row.received_time),
        raw_digest=hashlib.sha256(row.raw).hexdigest(),
    )
