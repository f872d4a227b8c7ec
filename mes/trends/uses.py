"""Which instruments were a batch's, and for how long: from the scan until another took over, or it was freed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch
from mes.ledger.line import utc
from mes.ledger.sealed_readings import book_of
from mes.ledger.tables import line


@dataclass(frozen=True)
class Use:
    """An instrument of a batch; ``until`` is None while it still is."""

    instrument: str
    equipment_class: str
    since: datetime
    until: datetime | None


def uses(session: Session, batch: Batch) -> list[Use]:
    """Return the equipment of a batch in the order in which it was scanned, each piece once for each class."""
    ended = batch.disposed[0][0].at if batch.disposed else None
    found = []
    for class_, scans in groupby(sorted(_scans(batch)), key=lambda scan: scan[0]):
        turns = list(scans)
        ends: list[datetime | None] = [at for _, at, _ in turns[1:]]
        for (_, since, code), next_scan in zip(turns, [*ends, ended], strict=True):
            ends_at = [each for each in (next_scan, _freed(session, code, since)) if each]
            found.append(Use(code, class_, since, min(ends_at, default=None)))
    return sorted(found, key=lambda use: use.since)


def _scans(batch: Batch) -> Iterator[tuple[str, datetime, str]]:
    """Give class, time and code of each scan that brought another piece of equipment."""
    last: dict[str, str] = {}
    for _, at, class_, code in sorted(_all_scans(batch)):
        if last.get(class_) != code:
            yield class_, at, code
        last[class_] = code


def _all_scans(batch: Batch) -> Iterator[tuple[int, datetime, str, str]]:
    for run in batch.runs.values():
        for value in run.values.values():
            for version in (*value.history, value):
                if isinstance(version.entry, e.EquipmentUsed):
                    yield version.stamp.page, version.stamp.at, version.entry.equipment_class, version.entry.value
        for stamp, entry in run.assigned:
            yield stamp.page, stamp.at, entry.equipment_class, entry.code


def _freed(session: Session, code: str, since: datetime) -> datetime | None:
    """Return when a piece of equipment was made ready again after a scan."""
    query = select(line.c.text).where(
        line.c.book == book_of(code), line.c.kind == "status changed", line.c.at > utc(since)
    )
    for text in session.connection().execute(query.order_by(line.c.page)).scalars():
        content = json.loads(text)
        if content["body"]["status"] == "ready":
            return datetime.fromisoformat(content["at"])
    return None
