"""The historian: what gateways deliver is appended once, and sealed into the ledger range by range."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlalchemy import insert, select

from batch_records.executed.draft import Refused
from batch_records.executed.span import apart
from devices.reading import Reading
from mes.alarms.watching import watch_readings
from mes.execute import Doing, Outcome, handles
from mes.ledger import sealed_readings
from mes.ledger.line import utc
from mes.ledger.partitions import make_room
from mes.ledger.tables import reading
from mes.people.models import INSTRUMENT
from mes.trends.models import Point, count_in, point


@dataclass(frozen=True)
class StoreReadings:
    """Store what a gateway delivers. What is stored already is known, and stored once."""

    gateway: str
    readings: tuple[Reading, ...]


@handles(StoreReadings, "delivered readings", roles=(INSTRUMENT,))
def store_readings(doing: Doing, command: StoreReadings) -> Outcome:
    """Append readings under (instrument, sequence). The same key with other bytes is refused: it is not the same."""
    stored = known = 0
    make_room(doing.act.connection, doing.act.at)
    ordered = sorted(command.readings, key=lambda each: (each.instrument, each.sequence))
    for instrument, group in groupby(ordered, key=lambda each: each.instrument):
        arrived = list(group)
        before = _raw_of(doing, instrument, arrived[0].sequence, arrived[-1].sequence)
        new = []
        for each in arrived:
            if each.sequence not in before:
                before[each.sequence] = each.raw
                new.append(each)
            elif before[each.sequence] != each.raw:
                raise Refused(f"reading {each.sequence} of {instrument} is stored with other bytes")
        if new:
            stamp = utc(doing.act.at)
            doing.act.connection.execute(insert(reading), [_columns(each, stamp) for each in new])
            count_in(doing.act.connection, [_point(each) for each in new])
            watch_readings(doing, new)
        stored, known = stored + len(new), known + len(arrived) - len(new)
    return {"stored": stored, "known": known}


def _raw_of(doing: Doing, instrument: str, first: int, last: int) -> dict[int, bytes]:
    query = select(reading.c.sequence, reading.c.raw).where(
        reading.c.instrument == instrument, reading.c.sequence.between(first, last)
    )
    return {row.sequence: bytes(row.raw) for row in doing.act.connection.execute(query)}


def _point(each: Reading) -> Point:
    at = each.source_time or each.received_time
    return point(each.instrument, each.channel, each.value, each.unit, each.quality.value, at)


def _columns(each: Reading, stored: str) -> dict[str, object]:
    return {
        "instrument": each.instrument,
        "sequence": each.sequence,
        "channel": each.channel,
        "value": each.value,
        "unit": each.unit,
        "quality": each.quality.value,
        "status": each.status,
        "sample": each.sample,
        "source_time": utc(each.source_time) if each.source_time else None,
        "received_time": utc(each.received_time),
        "stored_time": stored,
        "raw": each.raw,
    }


def seal_new_readings(doing: Doing, every: timedelta) -> int:
    """Seal each instrument's readings that are not sealed yet, no oftener than so. Return how many were sealed.

    A range ends before a gap: what is still on its way is sealed when it has come.
    """
    connection = doing.act.connection
    sealed = 0
    for instrument, last in sealed_readings.newest(connection).items():
        after, at = sealed_readings.last_sealed(connection, instrument)
        if last > after and (at is None or apart(doing.act.at, at) >= every):
            doing.act.lock([sealed_readings.book_of(instrument)])
            after, _ = sealed_readings.last_sealed(connection, instrument)  # as it is now that nobody else seals
            sealed += _seal(doing, instrument, after + 1, sealed_readings.unbroken(connection, instrument, after))
    return sealed


def _seal(doing: Doing, instrument: str, first: int, last: int) -> int:
    """Write one line for a range: from, to, count and the digest of all its readings, in order."""
    if last < first:
        return 0
    count, digest = sealed_readings.digest_of(doing.act.connection, instrument, first, last)
    body = {"from": first, "to": last, "count": count, "digest": digest}
    doing.act.write(sealed_readings.book_of(instrument), sealed_readings.KIND, body)
    return count
