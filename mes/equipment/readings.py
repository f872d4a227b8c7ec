"""What instruments said, as stored."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

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


_OF = reading.c.instrument == bindparam("instrument")
_FIRST = select(func.min(reading.c.channel).label("channel")).where(_OF).cte("each", recursive=True)
_NEXT = select(func.min(reading.c.channel)).where(_OF, reading.c.channel > _FIRST.c.channel).scalar_subquery()
_EACH = _FIRST.union_all(select(_NEXT).where(_FIRST.c.channel.is_not(None)))
_CHANNELS = select(_EACH.c.channel).where(_EACH.c.channel.is_not(None))


def channels(connection: Connection, instrument: str) -> list[str]:
    """Return every channel that an instrument ever spoke on, stepping from key to key: not every reading is asked."""
    return list(connection.execute(_CHANNELS, {"instrument": instrument}).scalars())


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


def newest_sequence(connection: Connection, instrument: str) -> int:
    """Return the sequence of an instrument's newest reading, 0 where it has none."""
    return int(connection.execute(_LAST, {"instrument": instrument}).scalar() or 0)


def earliest_after(connection: Connection, instrument: str, sequence: int) -> datetime | None:
    """Return when the earliest of the readings was measured that came after one; None where none came."""
    found = connection.execute(_SINCE, {"instrument": instrument, "sequence": sequence}).scalar()
    return datetime.fromisoformat(found) if found else None


_LAST = select(func.max(reading.c.sequence)).where(_OF)
_SINCE = select(func.min(func.coalesce(reading.c.source_time, reading.c.received_time))).where(
    _OF, reading.c.sequence > bindparam("sequence")
)
