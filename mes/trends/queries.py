"""What is asked about trends: what an instrument says now, and the lowest and highest of each stretch of a span."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from flask import abort, url_for
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Reading
from batch_records.executed.span import apart
from batch_records.values.quantity import Quantity
from batch_records.values.unit import Unit, UnitError
from mes.alarms.queries import limit_lines
from mes.batches import shown
from mes.batches.queries import find
from mes.context import installation
from mes.equipment import readings
from mes.equipment.models import Equipment
from mes.equipment.readings import earliest_after, newest_sequence
from mes.trends.models import TABLE, WIDTHS
from mes.trends.uses import Use, uses
from mes.web import shapes

SPANS = {
    "1 h": timedelta(hours=1),
    "8 h": timedelta(hours=8),
    "1 d": timedelta(days=1),
    "3 d": timedelta(days=3),
    "14 d": timedelta(days=14),
}
WHOLE = "all"
SILENT = timedelta(minutes=2)
_SHORT, _LONG = WIDTHS
_LEAST_COLUMNS = 400  # a chart with fewer is drawn from the short stretches, where it has not too many
_ROWS = 48
_MARK = re.compile(r"[0-9]{1,16}-[0-9]{1,9}")
_NEVER = 2**40  # seconds since the epoch


@dataclass(frozen=True)
class Span:
    """From when until when something is drawn, in seconds since the epoch."""

    since: int
    until: int

    @property
    def width(self) -> int:
        """The stretches to draw it from: short ones where the long would leave a chart coarse."""
        return _LONG if self.until - self.since >= _LEAST_COLUMNS * _LONG else _SHORT

    @property
    def first(self) -> int:
        """Where the first stretch begins."""
        return self.since - self.since % self.width

    def step(self, columns: int) -> int:
        """How wide a column is, of so many at most: whole stretches. Columns begin at multiples of it."""
        return max(1, -(-(self.until - self.first) // (self.width * columns))) * self.width


@dataclass(frozen=True)
class Channel:
    """A channel over a span: times, and the lowest and highest of each stretch.

    ``gap`` is how many seconds without anything good are a gap; ``doubtful`` are the times at which something came that
    was bad, uncertain or no number.
    """

    name: str
    unit: str
    count: int
    at: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    doubtful: tuple[float, ...]
    gap: float

    @property
    def gaps(self) -> int:
        """How many gaps there are."""
        return sum(after - before > self.gap for before, after in pairwise(self.at))


@dataclass(frozen=True)
class Now:
    """What a channel says now, with its age and quality."""

    name: str
    value: str
    unit: str
    quality: str  # good, stale, bad
    words: str  # the quality as it was sent
    age: int
    stale_after: int
    at: datetime


@dataclass(frozen=True)
class Row:
    """One stretch of a channel in the table."""

    at: datetime
    low: str
    high: str
    good: int
    other: int


@dataclass(frozen=True)
class Listed:
    """A channel as a table."""

    name: str
    unit: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class TrendPage:
    """Everything that ``trend.html`` asks for."""

    item: str
    item_words: str
    span: str
    spans: tuple[shapes.Link, ...]
    instruments: tuple[shapes.Link, ...]
    channels: tuple[shapes.Link, ...]  # the word is the channel with its unit, the address its text alternative
    now: tuple[Now, ...]
    events_url: str
    live_url: str
    table: tuple[Listed, ...] | None
    other_url: str
    zone: str
    batch: shapes.BatchHead | None = None


def trend_page(item: str, span: str, number: str = "", *, as_table: bool = False) -> TrendPage:
    """Return the page of one instrument, as a whole or while it was a batch's."""
    with installation().reading() as session:
        batch = find(session, number) if number else None
        found = uses(session, batch) if batch else []
        item = item or _first(session, found)
        row = session.get(Equipment, item)
        if item and row is None:
            abort(404, f"There is no equipment {item}.")
        asked = _span(session, item, span, number)
        drawn = channels(session.connection(), item, asked, _ROWS)
        rows = tuple(_listed(session.connection(), item, asked)) if as_table else None
        now = tuple(_now(session, item, bool(batch)))
    here: dict[str, Any] = {"item": item, "batch": number} if number else {"item": item}

    def link(**other: str) -> str:
        return url_for("trends.batch" if number else "trends.trend", **here | {"span": span} | other)

    return TrendPage(
        item=item,
        item_words=f"{row.equipment_class}, {row.name}" if row else "",
        span=span,
        spans=tuple(shapes.Link(word, link(span=word)) for word in (*SPANS, *([WHOLE] if number else []))),
        instruments=tuple(shapes.Link(use.instrument, link(item=use.instrument)) for use in _once(found)),
        channels=tuple(shapes.Link(each.name, _said(each)) for each in drawn if _belongs(each.name, now)),
        now=now,
        events_url=url_for("trends.events", **here, span=span) if item else "",
        live_url=url_for("trends.live", **here) if item else "",
        table=rows,
        other_url=link() if as_table else link(**{"as": "table"}),
        zone=str(installation().settings.zone),
        batch=shown.head(batch, {}) if batch else None,
    )


def live(item: str, number: str) -> tuple[Now, ...]:
    """Return what an instrument says now."""
    with installation().reading() as session:
        return tuple(_now(session, item, bool(number)))


def event(item: str, span: str, number: str, columns: int, seen: str = "") -> tuple[str, dict[str, object]]:
    """Return what a chart draws, in at most so many columns, with a mark; and later what is newer than that mark.

    The mark is the sequence of the newest reading and the width of a column. What is newer begins with the column of
    the earliest reading that came since, which may have been measured long ago; with other columns, all is told anew.
    """
    with installation().reading() as session:
        asked, connection = _span(session, item, span, number), session.connection()
        columns = min(max(columns, 50), 2_000)
        mark = f"{newest_sequence(connection, item)}-{asked.step(columns)}"
        begin = _begin_of_news(connection, item, seen, mark) or asked.first
        drawn = channels(connection, item, asked, columns, begin)
        row = session.get(Equipment, item)
        told = {each.name: {**vars(each), **_drawn_with(session, row, each)} for each in drawn}
    since = begin if begin > asked.first else None
    return mark, {"from": asked.since, "to": asked.until, "since": since, "channels": told}


def _begin_of_news(connection: Connection, item: str, seen: str, mark: str) -> int | None:
    """Return where the column begins of the earliest reading since a mark: never, where none came; None: all is new."""
    step = int(mark.rpartition("-")[2])
    if not (_MARK.fullmatch(seen) and seen.endswith(f"-{step}")):
        return None
    earliest = earliest_after(connection, item, int(seen.partition("-")[0]))
    return int(earliest.timestamp()) // step * step if earliest else _NEVER


def _drawn_with(session: Session, row: Equipment | None, channel: Channel) -> dict[str, object]:
    """Return what stands beside a channel's course: its unit in words, and the alarm limits in its unit."""
    lines = []
    for word, text in limit_lines(session, row.equipment_class, channel.name) if row else ():
        limit, unit = Quantity.parse(text), _unit(channel.unit)
        if unit and unit.dimensions == limit.unit.dimensions:
            lines.append({"label": word, "value": float(limit.base / unit.factor)})
    return {"words": shown.unit_words(channel.unit), "lines": lines}


def _unit(text: str) -> Unit | None:
    try:
        return Unit.parse(text or "1")
    except UnitError:
        return None


def channels(connection: Connection, item: str, span: Span, columns: int, begin: int | None = None) -> list[Channel]:
    """Return every channel of an instrument over a span, or from ``begin`` on; the database finds the extremes."""
    found: dict[tuple[str, str], list[tuple[float, float | None, float | None, int, int]]] = {}
    step = span.step(columns)
    for channel, unit, number, low, high, good, other in _columns(connection, item, span, columns, begin):
        place = (number + 0.5) * step
        found.setdefault((channel, unit), []).append((place, low, high, int(good), int(other)))
    return [_channel(name, unit, drawn, step) for (name, unit), drawn in sorted(found.items())]


def _columns(
    connection: Connection, item: str, span: Span, columns: int, begin: int | None = None
) -> list[tuple[str, str, int, float | None, float | None, int, int]]:
    of, first = TABLE.c, max(span.first, begin or span.first)
    number = (of.start // span.step(columns)).label("number")
    query = (
        select(of.channel, of.unit, number, func.min(of.low), func.max(of.high), func.sum(of.good), func.sum(of.other))
        .where(of.instrument == item, of.width == span.width, of.start >= first, of.start <= span.until)
        .group_by(of.channel, of.unit, number)
        .order_by(of.channel, of.unit, number)
    )
    return [tuple(row) for row in connection.execute(query)]


def _channel(
    name: str, unit: str, drawn: list[tuple[float, float | None, float | None, int, int]], step: int
) -> Channel:
    """A gap is wherever nothing good came for much longer than the channel's own pace."""
    good = [(at, low, high) for at, low, high, _, _ in drawn if low is not None and high is not None]
    count = sum(each[3] for each in drawn)
    pace = (good[-1][0] - good[0][0]) / count if count > 1 else 0.0
    at, low, high = zip(*good, strict=True) if good else ((), (), ())
    doubtful = tuple(each[0] for each in drawn if each[4])
    return Channel(name, unit, count, at, low, high, doubtful, max(SILENT.total_seconds(), 5 * pace, 1.5 * step))


def _said(channel: Channel) -> str:
    unit = shown.unit_words(channel.unit)
    extremes = f", {min(channel.low):g} to {max(channel.high):g} {unit}" if channel.low else ""
    return f"{channel.count} readings{extremes}, {channel.gaps} gaps"


def _listed(connection: Connection, item: str, span: Span) -> Iterator[Listed]:
    rows: dict[tuple[str, str], list[Row]] = {}
    for channel, unit, number, low, high, good, other in _columns(connection, item, span, _ROWS):
        at = datetime.fromtimestamp(number * span.step(_ROWS), installation().settings.zone)
        words = ("" if low is None else f"{low:g}", "" if high is None else f"{high:g}")
        rows.setdefault((channel, shown.unit_words(unit)), []).append(Row(at, *words, int(good), int(other)))
    for (name, unit), found in sorted(rows.items()):
        yield Listed(name.replace("_", " "), unit, tuple(found))


def _now(session: Session, item: str, of_batch: bool) -> Iterator[Now]:  # noqa: FBT001 - a private question
    """Give each channel's newest reading. Of a batch's instrument those that name a sample are counts, not a course."""
    for name in sorted(readings.channels(session.connection(), item)):
        found = readings.newest(session.connection(), item, name)
        if found and not (of_batch and found.sample):
            yield _shown(found)


def _shown(found: Reading) -> Now:
    measured = found.source_time or found.received_time
    now = installation().now()
    age = max(0, int((now - measured).total_seconds()))
    stale_after = int(SILENT.total_seconds())
    quality = (
        "bad" if found.quality != "good" else "stale" if apart(now, measured).total_seconds() > stale_after else "good"
    )
    unit = shown.unit_words(found.unit)
    return Now(found.channel, found.value, unit, quality, found.quality, age, stale_after, shown.local(measured))


def _span(session: Session, item: str, span: str, number: str) -> Span:
    """Return what is drawn: of a batch's instrument, within the last time that it was the batch's own."""
    now = installation().now()
    since, until = now - SPANS.get(span, SPANS["1 d"]), now
    if number and item:
        turns = [use for use in uses(session, find(session, number)) if use.instrument == item]
        if not turns:
            abort(404, f"{item} was not used for batch {number}.")
        until = turns[-1].until or now
        since = turns[-1].since if span == WHOLE else max(turns[-1].since, until - SPANS.get(span, SPANS["1 d"]))
    return Span(int(since.timestamp()), int(until.timestamp()))


def _first(session: Session, found: list[Use]) -> str:
    """Return the first instrument of a batch that ever said anything."""
    for use in found:
        if session.execute(select(TABLE.c.start).where(TABLE.c.instrument == use.instrument).limit(1)).first():
            return use.instrument
    return ""


def _once(found: list[Use]) -> list[Use]:
    return list({use.instrument: use for use in found}.values())


def _belongs(name: str, now: tuple[Now, ...]) -> bool:
    return any(each.name == name for each in now)
