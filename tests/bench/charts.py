"""How long a chart of one instrument takes, with few readings stored and with many; and a page of two weeks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import Connection, insert
from werkzeug.wrappers import Response

from mes.equipment.commands import AddEquipment
from mes.ledger.line import utc
from mes.ledger.partitions import make_room
from mes.ledger.tables import reading
from mes.trends.models import Point, count_in
from mes.trends.queries import Span, channels
from tests.bench.figure import Figure, Named
from tests.bench.installation import PASSWORD, Installed, checkpoint, do, on, token

INSTRUMENTS, CHANNELS = 10, 10  # each says one value a second
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 100_000
ASKED = 15
SPAN = timedelta(minutes=10)
COLUMNS = 1_000  # as a tablet's width asks for
LONG = timedelta(days=14)
LONG_CHANNELS = 6  # of a bioreactor


def measure(*, quick: bool) -> Named:
    """Compare a chart over ten minutes with many rows and with ten times as many; then draw two weeks."""
    few = 100_000 if quick else 1_000_000
    for engine in ("SQLite", "PostgreSQL"):
        with on(engine) as installed:
            _fill(installed, _short_rows(0, few))
            before = _chart(installed, few)
            _fill(installed, _short_rows(few, 10 * few))
            after = _chart(installed, few)
            yield f"{engine}: ten minutes of an instrument, {10 * few:,} readings stored", Figure(after, "ms")
            ratio = Figure(after / before, "×", 2.0)
            yield f"{engine}: ten minutes of an instrument, {10 * few:,} readings ÷ {few:,}", ratio
            yield from _fortnight(engine, installed, few)


def chart(connection: Connection, instrument: str, since: datetime, until: datetime) -> int:
    """Ask as the page of a chart asks, with its own query; return how many points there were."""
    span = Span(int(since.timestamp()), int(until.timestamp()))
    return sum(len(each.at) for each in channels(connection, instrument, span, COLUMNS))


def _chart(installed: Installed, rows: int) -> float:
    """Return how long it takes in ms, the median of some instruments, anywhere within the first of the readings."""
    checkpoint(installed)
    span = timedelta(seconds=rows // (INSTRUMENTS * CHANNELS)) - SPAN
    with installed.app.extensions["mes"].database.reader.connect() as connection:

        def ask(asked: int) -> int:
            since = BEGIN + span * (asked / ASKED)
            return chart(connection, f"BR-{asked % INSTRUMENTS}", since, since + SPAN)

        return _median(ask)


def _fortnight(engine: str, installed: Installed, readings: int) -> Named:
    """Draw two weeks of a bioreactor that said so many values: the page, its charts, and what is newer."""
    with installed.app.app_context():
        do(AddEquipment("LONG", "Bioreactor", "bioreactor", datetime.now(UTC) + LONG), "alice")
    _fill(installed, _long_rows(readings))
    checkpoint(installed)
    client = _signed_in(installed.app)
    said = f"{engine}: 14 days, {readings:,} readings of an instrument"
    path = "/trends/LONG/events?span=14+d&columns=1000"
    first = client.get(path)
    mark = first.text.partition("id: ")[2].partition("\n")[0]
    if _opened(first).count('"at":[') != LONG_CHANNELS:
        raise RuntimeError("the chart of two weeks was not drawn")
    page = _median(lambda _: _opened(client.get("/trends/LONG?span=14+d")))
    drawn = _median(lambda _: _opened(client.get(path)))
    newer = _median(lambda _: _opened(client.get(path, headers={"Last-Event-ID": mark})))
    yield f"{said}, the page with its charts", Figure(page + drawn, "ms", 300.0)
    yield f"{said}, an open chart that asks what is newer", Figure(newer, "ms")


def _opened(answer: Response) -> str:
    if answer.status_code != 200:
        raise RuntimeError(f"the answer is {answer.status}")
    return answer.get_data(as_text=True)


def _signed_in(app: Flask) -> Any:  # noqa: ANN401 - Flask's client
    client = app.test_client()
    form = {"user": "alice", "password": PASSWORD, "csrf_token": token(client.get("/sign-in").text)}
    client.post("/sign-in", data=form)
    return client


def _median(ask: Callable[[int], object]) -> float:
    took = []
    for asked in range(ASKED):
        started = time.perf_counter()
        ask(asked)
        took.append(1000 * (time.perf_counter() - started))
    return median(took)


Row = tuple[str, int, str, datetime]  # instrument, sequence, channel, time


def _fill(installed: Installed, rows: Iterator[Row]) -> None:
    """Store readings as a delivery does: each is counted into its stretches, too."""
    writer = installed.app.extensions["mes"].database.writer
    waiting = list(_taken(rows))
    while waiting:
        with writer.begin() as connection:
            make_room(connection, datetime.now(UTC))
            connection.execute(insert(reading), [_columns(*row) for row in waiting])
            count_in(connection, [Point(row[0], row[2], "pH", int(row[3].timestamp()), 7.25) for row in waiting])
        waiting = list(_taken(rows))


def _taken(rows: Iterator[Row]) -> Iterator[Row]:
    yield from (row for _, row in zip(range(AT_ONCE), rows, strict=False))


def _short_rows(begin: int, end: int) -> Iterator[Row]:
    for number in range(begin, end):
        second, which = divmod(number, INSTRUMENTS * CHANNELS)
        instrument, channel = which % INSTRUMENTS, which // INSTRUMENTS
        yield f"BR-{instrument}", second * CHANNELS + channel + 1, f"n{channel}", BEGIN + timedelta(seconds=second)


def _long_rows(readings: int) -> Iterator[Row]:
    """Give the readings of the last two weeks, as the page asks for them."""
    since = datetime.now(UTC) - LONG
    for number in range(readings):
        yield "LONG", number + 1, f"n{number % LONG_CHANNELS}", since + LONG * (number / readings)


def _columns(instrument: str, sequence: int, channel: str, time_: datetime) -> dict[str, object]:
    at = utc(time_)
    return {
        "instrument": instrument,
        "sequence": sequence,
        "channel": channel,
        "value": "7.25",
        "unit": "pH",
        "quality": "good",
        "status": "0x00000000",
        "source_time": at,
        "received_time": at,
        "stored_time": utc(datetime.now(UTC)),
        "raw": b"0123456789abcdef0123456789abcdef",
    }
