"""Ranges of readings, sealed into the ledger: one line quotes the digest of all readings of an instrument in a range.

The digest is SHA-256 over the canonical JSON of each reading in order of its sequence, each followed by a line feed;
raw bytes stand in it as hex.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from mes.ledger.line import canonical
from mes.ledger.tables import line, reading

KIND = "readings sealed"


def book_of(instrument: str) -> str:
    """Return the book that the seals of an instrument's readings stand in: the equipment's own."""
    return f"equipment:{instrument}"


def of_range(connection: Connection, instrument: str, first: int, last: int) -> Iterator[dict[str, Any]]:
    """Give the readings of a range in order of their sequence, as their digest reads them."""
    query = (
        select(reading)
        .where(reading.c.instrument == instrument, reading.c.sequence.between(first, last))
        .order_by(reading.c.sequence)
    )
    for row in connection.execute(query, execution_options={"stream_results": True}).mappings():
        yield {key: bytes(value).hex() if key == "raw" else value for key, value in row.items()}


def digest_of(connection: Connection, instrument: str, first: int, last: int) -> tuple[int, str]:
    """Return how many readings a range holds, and their digest in hex."""
    digest, count = hashlib.sha256(), 0
    for content in of_range(connection, instrument, first, last):
        digest.update(canonical(content).encode() + b"\n")
        count += 1
    return count, digest.hexdigest()


def last_sealed(connection: Connection, instrument: str) -> tuple[int, datetime | None]:
    """Return the sequence up to which an instrument's readings are sealed, and when that was done."""
    query = (
        select(line.c.text)
        .where(line.c.book == book_of(instrument), line.c.kind == KIND)
        .order_by(line.c.page.desc())
        .limit(1)
    )
    found = connection.execute(query).scalar()
    if found is None:
        return 0, None
    content = json.loads(found)
    return int(content["body"]["to"]), datetime.fromisoformat(content["at"])


def unbroken(connection: Connection, instrument: str, after: int) -> int:
    """Return the sequence up to which an instrument's readings follow without a gap."""
    query = (
        select(reading.c.sequence)
        .where(reading.c.instrument == instrument, reading.c.sequence > after)
        .order_by(reading.c.sequence)
    )
    last = after
    for sequence in connection.execute(query).scalars():
        if sequence != last + 1:
            break
        last = sequence
    return last


def newest(connection: Connection) -> dict[str, int]:
    """Return the newest sequence stored of each instrument, stepping from key to key: not every reading is asked."""
    return {row.instrument: row.newest for row in connection.execute(_NEWEST)}


_FIRST = select(func.min(reading.c.instrument).label("instrument")).cte("each", recursive=True)
_NEXT = select(func.min(reading.c.instrument)).where(reading.c.instrument > _FIRST.c.instrument).scalar_subquery()
_EACH = _FIRST.union_all(select(_NEXT).where(_FIRST.c.instrument.is_not(None)))
_LAST = select(func.max(reading.c.sequence)).where(reading.c.instrument == _EACH.c.instrument).scalar_subquery()
_NEWEST = select(_EACH.c.instrument, _LAST.label("newest")).where(_EACH.c.instrument.is_not(None))
