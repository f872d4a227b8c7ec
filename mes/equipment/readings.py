"""What instruments said, as stored."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Reading
from mes.ledger.tables import reading


def newest(session: Session, instrument: str, channel: str, sample: str = "") -> Reading | None:
    """Return the newest reading of a channel: of one sample where one is named, whatever its quality."""
    query = select(reading).where(reading.c.instrument == instrument, reading.c.channel == channel)
    if sample:
        query = query.where(reading.c.sample == sample)
    row = session.connection().execute(query.order_by(reading.c.sequence.desc()).limit(1)).first()
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
