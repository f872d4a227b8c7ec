"""How fast readings come in: over the whole way, into the disk, through the parser; and whether memory stays."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import linear_regression, median

from sqlalchemy import insert

from devices.clock import machine_clock
from devices.config import Mes
from devices.delivery import Delivery, connected
from devices.instrument import Measurement
from devices.protocols.astm import ENQ, EOT, Receiver, frames
from devices.reading import Quality, Reading
from devices.spool import Spool
from mes.equipment.historian import StoreReadings
from mes.execute import Actor, execute
from mes.ledger.line import utc
from mes.ledger.tables import reading
from mes.people.queries import machine
from tests.bench import way
from tests.bench.figure import Figure, Named
from tests.bench.installation import Installed, on
from tests.devices.support import TinyMes, gateway, simulators, until

RATES = (100, 1_000, 3_000)  # values a second
HIGHER = (4_500, 6_000, 8_000, 10_000)
SHARE = 80.0  # % of what the bare library receives
BATCH = 500
ROUNDS = 40
WARM_UP = 15.0  # seconds


def measure(*, quick: bool) -> Named:
    """Measure all of it, on both databases."""
    yield "ASTM, bytes in to messages out", Figure(_astm(), "MB/s", 5.0, at_least=True)
    yield "spool: commits ÷ raw inserts of the same rows", Figure(_spool(), "%", 50.0, at_least=True)
    yield "a day of process time, from the skip to its last value at the MES", Figure(_a_day(), "s", 10.0)
    for engine in ("SQLite", "PostgreSQL"):
        with on(engine) as installed:
            way.add_gateway(installed)
            share = Figure(_stored(installed), "%", 50.0, at_least=True)
            yield f"{engine}: readings stored ÷ raw inserts of the same rows", share
            for name, figure in _whole_way(installed, seconds=5 if quick else 15, higher=() if quick else HIGHER):
                yield f"{engine}: {name}", figure


def _a_day() -> float:
    """Skip a day of the simulated culture, and return how long it takes until all of it has arrived."""
    with tempfile.TemporaryDirectory() as folder, TinyMes() as mes:
        (Path(folder) / "mes-token").write_text("secret")
        with simulators(Path(folder), "--mes", mes.url) as panel, gateway(panel):
            panel.grow()
            until(lambda: mes.stored)
            started = time.perf_counter()
            ended = datetime.fromisoformat(panel.wish("/clock/skip", hours=24)["time"]) - timedelta(minutes=10)
            until(lambda: any(datetime.fromisoformat(each["source_time"]) >= ended for each in [*mes.stored.values()]))
            return time.perf_counter() - started


def hour(*, quick: bool) -> Named:
    """Run a gateway for an hour, or a minute, at 1,000 values a second, and say how its memory grew."""
    with on("SQLite") as installed:
        way.add_gateway(installed)
        with way.web(installed) as port:
            yield from _memory(installed, port, 1_000, 60 if quick else 3_600)


def _memory(installed: Installed, port: int, per_second: int, seconds: int) -> Named:
    """Measure from when it has warmed up; what it grows by a million readings is a line through all that was seen."""
    with way.running(installed, port, f"MEM-{per_second}", per_second) as plant, way.listening(plant):
        time.sleep(WARM_UP)
        first, sizes, arrived = plant.committed(), [], []
        for _ in range(seconds):
            time.sleep(1)
            sizes.append(plant.memory())
            arrived.append((plant.committed() - first) / 1e6)
    slope = linear_regression(arrived, sizes).slope
    yield "gateway's memory", Figure(sizes[-1], "MB")
    yield f"gateway's memory, growth with each million of readings ({arrived[-1]:.2g} seen)", Figure(slope, "MB", 5.0)


def _whole_way(installed: Installed, seconds: float, higher: tuple[int, ...]) -> Named:
    highest = 0
    with way.web(installed) as port:
        for per_second in (*RATES, *higher):
            with way.running(installed, port, f"BR-{per_second}", per_second) as plant:
                bare = plant.bare(seconds / 2)
                with way.listening(plant):
                    rate = plant.rate(seconds)
                bare = (bare + plant.bare(seconds / 2)) / 2  # before and after: both found the same machine
                with way.listening(plant):
                    share, lost = 100 * rate / bare, plant.lost()
            if share >= SHARE and not lost:
                highest = per_second
            if per_second in RATES:
                yield f"rows at {per_second:,} values/s ÷ the bare library", Figure(share, "%", SHARE, at_least=True)
                yield f"values lost at {per_second:,} values/s", Figure(lost, "values", 0)
            elif highest < per_second:
                break
        caught_up = Figure(_catch_up(installed, port), "a second", RATES[-1], at_least=True)
        yield "readings delivered after an outage", caught_up
        yield from _memory(installed, port, RATES[-1], round(6 * seconds))
    yield "highest rate that holds", Figure(highest, "values/s", RATES[-1], at_least=True)


def _catch_up(installed: Installed, port: int) -> float:
    """Return how many readings a second a gateway delivers of those that waited while the MES was away."""
    spool, times = Spool(installed.folder / "away.sqlite"), 40
    for _ in range(times):
        spool.append("AWAY", _measurements(), received=datetime.now(UTC))
    mes = Mes(f"http://127.0.0.1:{port}", way.TOKEN)
    delivery, started = Delivery("gateway-1", mes, spool, machine_clock), time.perf_counter()
    with connected(mes) as client:
        while delivery.round(client):
            pass
    return times * BATCH / (time.perf_counter() - started)


def _astm() -> float:
    records = [b"H|\\^&|||analyser\r", b"P|1\r", b"O|1|S-1||^^^ALL\r"]
    records += [b"R|%d|^^^TEST%d|%d.25|10*3/uL||N||F||||20261122101500\r" % (n, n, n) for n in range(1, 60)]
    message = ENQ + b"".join(frames(b"".join([*records, b"L|1|N\r"]))) + EOT
    sent = message * 200
    pieces = [sent[start : start + 4_096] for start in range(0, len(sent), 4_096)]

    def feed() -> None:
        receiver = Receiver()
        for piece in pieces:
            receiver.feed(piece, 0.0)

    return len(sent) / 1e6 / min(_seconds(feed, 1) for _ in range(7))  # noise only ever adds


def _seconds(act: Callable[[], object], times: int = 5) -> float:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        took.append(time.perf_counter() - started)
    return median(took)


def _share(ours: Callable[[], object], raw: Callable[[], object]) -> float:
    """Return which share of the raw speed is ours, in %: both in turns, so that both find the same machine."""
    pairs = [(_seconds(raw, 1), _seconds(ours, 1)) for _ in range(ROUNDS)]
    return 100 * median(each for each, _ in pairs) / median(each for _, each in pairs)


def _measurements() -> list[Measurement]:
    now = datetime.now(UTC)
    return [
        Measurement(f"n{number}", f"{number}.25", "", bytes(30), Quality.GOOD, "0x00000000", None, now)
        for number in range(BATCH)
    ]


def _spool() -> float:
    """Compare the spool's commit with the same rows in the same SQLite, with nothing round them."""
    with tempfile.TemporaryDirectory(prefix="mes-bench-") as folder:
        spool, measurements = Spool(Path(folder) / "spool.sqlite"), _measurements()
        Spool(Path(folder) / "raw.sqlite").close()
        with closing(sqlite3.connect(Path(folder) / "raw.sqlite", isolation_level=None)) as raw:
            raw.execute("pragma synchronous=full")
            spool.append("A", measurements, received=datetime.now(UTC))
            columns = "instrument, channel, value, unit, quality, status, sample, source_time, received_time, raw"
            with closing(sqlite3.connect(spool.path)) as filled:
                rows = filled.execute(f"select {columns} from reading").fetchall()  # noqa: S608 - constants
            begun = [0]

            def insert_raw() -> None:
                numbered = [(*row, begun[0] + place) for place, row in enumerate(rows)]
                begun[0] += len(rows)
                raw.execute("begin immediate")
                raw.executemany(
                    f"insert into reading ({columns}, sequence) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - the same
                    numbered,
                )
                raw.execute("commit")

            share = _share(lambda: spool.append("A", measurements, received=datetime.now(UTC)), insert_raw)
        spool.close()
    return share


def _stored(installed: Installed) -> float:
    """Compare the door, from readings to committed rows, with one statement that inserts the same rows."""
    now, sequences = datetime.now(UTC), {"ours": 0, "raw": 0}

    def some(instrument: str) -> tuple[Reading, ...]:
        first = sequences[instrument] + 1
        sequences[instrument] += BATCH
        numbers = range(first, first + BATCH)
        return tuple(
            Reading(instrument, n, "pH", "7.25", "pH", Quality.GOOD, "0x00000000", None, now, now, bytes(30))
            for n in numbers
        )

    waiting = {name: [some(name) for _ in range(ROUNDS)] for name in sequences}
    rows = [[_row(each, utc(now)) for each in batch] for batch in waiting["raw"]]
    with installed.app.app_context():
        gateway = machine(way.TOKEN)
        if gateway is None:
            raise RuntimeError("the gateway has no account")
        by = Actor(gateway, "bench", gateway.id)

        def insert_raw() -> None:
            with installed.app.extensions["mes"].database.writer.begin() as connection:
                connection.execute(insert(reading), rows.pop())

        return _share(lambda: execute(StoreReadings("g", waiting["ours"].pop(0)), by=by, tap=""), insert_raw)


def _row(each: Reading, at: str) -> dict[str, object]:
    return {
        "instrument": each.instrument,
        "sequence": each.sequence,
        "channel": each.channel,
        "value": each.value,
        "unit": each.unit,
        "quality": each.quality.value,
        "status": each.status,
        "sample": None,
        "source_time": at,
        "received_time": at,
        "stored_time": at,
        "raw": each.raw,
    }
