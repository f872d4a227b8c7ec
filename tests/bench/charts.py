"""How long a chart of one channel takes, with few readings stored and with many."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import Connection, insert, select

from mes.ledger.line import utc
from mes.ledger.tables import reading
from tests.bench.figure import Figure, Named
from tests.bench.installation import Installed, checkpoint, on

INSTRUMENTS, CHANNELS = 10, 10  # each says one value a second
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 100_000
ASKED = 15
SPAN = timedelta(minutes=10)


def measure(*, quick: bool) -> Named:
    """Compare a chart of one channel over ten minutes with many rows and with ten times as many."""
    few = 100_000 if quick else 1_000_000
    for engine in ("SQLite", "PostgreSQL"):
        with on(engine) as installed:
            _fill(installed, 0, few)
            before = _chart(installed, few)
            _fill(installed, few, 10 * few)
            after = _chart(installed, few)
            yield f"{engine}: ten minutes of a channel, {10 * few:,} readings stored", Figure(after, "ms")
            ratio = Figure(after / before, "×", 2.0)
            yield f"{engine}: ten minutes of a channel, {10 * few:,} readings ÷ {few:,}", ratio


def chart(connection: Connection, instrument: str, channel: str, since: datetime, until: datetime) -> int:
    """Ask as the page of a chart asks: this is the one place that knows how; return how many points there were."""
    query = select(reading.c.received_time, reading.c.value, reading.c.quality).where(
        reading.c.instrument == instrument,
        reading.c.channel == channel,
        reading.c.received_time.between(utc(since), utc(until)),
    )
    return len(connection.execute(query).all())


def _chart(installed: Installed, rows: int) -> float:
    """Return how long it takes in ms, the median of some instruments, anywhere within the first of the readings."""
    checkpoint(installed)
    span, took = timedelta(seconds=rows // (INSTRUMENTS * CHANNELS)) - SPAN, []
    with installed.app.extensions["mes"].database.reader.connect() as connection:
        for asked in range(ASKED):
            since = BEGIN + span * (asked / ASKED)
            started = time.perf_counter()
            chart(connection, f"BR-{asked % INSTRUMENTS}", f"n{asked % CHANNELS}", since, since + SPAN)
            took.append(1000 * (time.perf_counter() - started))
    return median(took)


def _fill(installed: Installed, begin: int, end: int) -> None:
    writer = installed.app.extensions["mes"].database.writer
    for start in range(begin, end, AT_ONCE):
        with writer.begin() as connection:
            connection.execute(insert(reading), list(_rows(start, min(start + AT_ONCE, end))))


def _rows(begin: int, end: int) -> Iterator[dict[str, object]]:
    for number in range(begin, end):
        second, which = divmod(number, INSTRUMENTS * CHANNELS)
        at = utc(BEGIN + timedelta(seconds=second))
        yield {
            "instrument": f"BR-{which % INSTRUMENTS}",
            "sequence": second * CHANNELS + which // INSTRUMENTS + 1,
            "channel": f"n{which // INSTRUMENTS}",
            "value": "7.25",
            "unit": "pH",
            "quality": "good",
            "status": "0x00000000",
            "source_time": at,
            "received_time": at,
            "stored_time": at,
            "raw": b"0123456789abcdef0123456789abcdef",
        }
