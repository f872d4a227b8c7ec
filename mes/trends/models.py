"""View: what each channel said in each stretch of time, made with the readings and from them at any time again.

A chart asks for the lowest and the highest value of some thousand stretches. To find them among a million readings
takes seconds; so each reading is counted into two stretches as it is stored, a short and a long one. The readings
themselves stay where they are, and nothing but charts looks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, cast

from sqlalchemy import BigInteger, Connection, Float, Table, Text, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from devices.reading import Quality
from mes.db import View
from mes.ledger.tables import reading

WIDTHS = (10, 300)  # seconds
_KEY = ("instrument", "width", "start", "channel", "unit")

Key = tuple[str, int, int, str, str]


class Trend(View):
    """One channel in one stretch: ``start`` in seconds since the epoch, the good numbers counted, and what was not."""

    __tablename__ = "trend"

    instrument: Mapped[str] = mapped_column(Text, primary_key=True)
    width: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    unit: Mapped[str] = mapped_column(Text, primary_key=True)
    low: Mapped[float | None] = mapped_column(Float(53))
    high: Mapped[float | None] = mapped_column(Float(53))
    good: Mapped[int]
    other: Mapped[int]  # bad, uncertain, or no number


TABLE = cast(Table, Trend.__table__)


@dataclass(frozen=True, slots=True)
class Point:
    """A reading as a chart sees it; ``number`` is None where it cannot be drawn."""

    instrument: str
    channel: str
    unit: str
    at: int
    number: float | None


def point(instrument: str, channel: str, value: str, unit: str, quality: str, at: datetime) -> Point:
    """Return a reading as a chart sees it: a number where it is good and is one."""
    return Point(instrument, channel, unit, int(at.timestamp()), _number(value) if quality == _GOOD else None)


_GOOD = Quality.GOOD.value


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def stretches(points: Iterable[Point], widths: Sequence[int] = WIDTHS) -> dict[Key, dict[str, Any]]:
    """Count points into their stretches, short and long."""
    found: dict[Key, dict[str, Any]] = {}
    for each in points:
        for width in widths:
            key = (each.instrument, width, each.at - each.at % width, each.channel, each.unit)
            _count(found.setdefault(key, {"low": None, "high": None, "good": 0, "other": 0}), each.number)
    return found


def _count(into: dict[str, Any], number: float | None) -> None:
    if number is None:
        into["other"] += 1
        return
    into["good"] += 1
    into["low"] = number if into["low"] is None else min(into["low"], number)
    into["high"] = number if into["high"] is None else max(into["high"], number)


def count_in(connection: Connection, points: Iterable[Point]) -> None:
    """Count new readings into the stretches that stand in the database, in one order for everybody."""
    new = stretches(points)
    if new:
        add = _ADD_SQLITE if connection.dialect.name == "sqlite" else _ADD_POSTGRESQL
        connection.execute(add, [row(key, new[key]) for key in sorted(new)])


def row(key: Key, counted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a stretch."""
    return dict(zip(_KEY, key, strict=True)) | dict(counted)


def _adding(insert: Any, least: Any, greatest: Any) -> Any:  # noqa: ANN401 - two dialects' statements and functions
    """Return the statement that adds to a stretch; the least of nothing and a number is the number."""
    new, columns = insert(TABLE), TABLE.c
    given = new.excluded
    merged = {
        "low": func.coalesce(least(columns.low, given.low), columns.low, given.low),
        "high": func.coalesce(greatest(columns.high, given.high), columns.high, given.high),
        "good": columns.good + given.good,
        "other": columns.other + given.other,
    }
    return new.on_conflict_do_update(index_elements=list(_KEY), set_=merged)


_ADD_SQLITE = _adding(sqlite_insert, func.min, func.max)
_ADD_POSTGRESQL = _adding(postgresql_insert, func.least, func.greatest)


def points_of(connection: Connection, instrument: str = "", channel: str = "") -> Iterator[Point]:
    """Give the readings stored, all or of one channel, as a chart sees them."""
    columns = reading.c
    at = func.coalesce(columns.source_time, columns.received_time)
    query = select(columns.instrument, columns.channel, columns.value, columns.unit, columns.quality, at)
    if instrument:
        query = query.where(columns.instrument == instrument, columns.channel == channel)
    result = connection.execute(query, execution_options={"stream_results": True, "yield_per": 5_000})
    for partition in result.partitions():
        for of, named, value, unit, quality, time in partition:
            with suppress(ValueError):  # a time that somebody altered: the seal of the readings says so
                yield point(of, named, value, unit, quality, datetime.fromisoformat(time))
