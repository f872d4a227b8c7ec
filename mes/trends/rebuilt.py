"""Trends made again from the readings, and compared with those that stand in the database.

The long stretches are made again channel by channel, so that years of readings fit into memory; the short ones must
then say the same as the long ones they lie in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from mes.ledger.sealed_readings import book_of
from mes.ledger.tables import reading
from mes.ledger.verify import Flaw
from mes.trends.models import TABLE, WIDTHS, points_of, stretches

_SHORT, _LONG = WIDTHS
_COUNTED = ("low", "high", "good", "other")


def wrong_trends(connection: Connection) -> Iterator[Flaw]:
    """Give every stretch that says something else than its readings, and every instrument that lacks some."""
    pairs = connection.execute(select(TABLE.c.instrument, TABLE.c.channel).distinct()).all()
    for instrument, channel in pairs:
        yield from _wrong_stretches(connection, instrument, channel)
    for row in connection.execute(_disagreeing()):
        yield _flaw(row.instrument, row.channel, row.start)
    columns = TABLE.c
    counts = select(columns.instrument, func.sum(columns.good + columns.other)).where(columns.width == _LONG)
    counted = _by_instrument(connection, counts.group_by(columns.instrument))
    of = reading.c.instrument
    stored = _by_instrument(connection, select(of, func.count()).group_by(of))
    for instrument in sorted({*counted, *stored}):
        if counted.get(instrument) != stored.get(instrument):
            yield Flaw(book_of(instrument), 0, f"the trends of {instrument} do not count as many readings as there are")


def _wrong_stretches(connection: Connection, instrument: str, channel: str) -> Iterator[Flaw]:
    made = stretches(points_of(connection, instrument, channel), (_LONG,))
    columns = TABLE.c
    query = select(columns.start, columns.unit, *(columns[name] for name in _COUNTED)).where(
        columns.instrument == instrument, columns.width == _LONG, columns.channel == channel
    )
    for row in connection.execute(query):
        if made.pop((instrument, _LONG, row.start, channel, row.unit), None) != _said(row):
            yield _flaw(instrument, channel, row.start)
    for _, _, start, _, _ in made:
        yield _flaw(instrument, channel, start)


def _disagreeing() -> Select[Any]:
    """Ask for the long stretches that the short ones in them do not add up to."""
    columns, key = TABLE.c, ("instrument", "channel", "unit", "start")
    start = columns.start - columns.start % _LONG
    short = select(
        columns.instrument,
        columns.channel,
        columns.unit,
        start.label("start"),
        func.min(columns.low).label("low"),
        func.max(columns.high).label("high"),
        func.sum(columns.good).label("good"),
        func.sum(columns.other).label("other"),
    )
    found = short.where(columns.width == _SHORT)
    found = found.group_by(columns.instrument, columns.channel, columns.unit, start)
    summed = found.subquery()
    long = TABLE.alias()
    same = and_(*(summed.c[name] == long.c[name] for name in key), long.c.width == _LONG)
    differs = or_(*(summed.c[name].is_distinct_from(long.c[name]) for name in _COUNTED))
    return select(summed).outerjoin(long, same).where(differs)


def _by_instrument(connection: Connection, query: Select[Any]) -> dict[str, int]:
    return {instrument: int(count) for instrument, count in connection.execute(query)}


def _said(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COUNTED}


def _flaw(instrument: str, channel: str, start: int) -> Flaw:
    sentence = f"the trend of {channel} from {start} s on is not what the readings of {instrument} say"
    return Flaw(book_of(instrument), 0, sentence)
