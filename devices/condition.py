"""How a gateway, its instruments and its delivery are, read from the spool beside whoever writes it.

`devices.doctor` prints it at the shell; `devices.heartbeat` tells it to the MES, whose page of gateways shows it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from devices.config import Config, Station
from devices.spool import instant

SPEAKING = {"connected", "listening", "watching"}
RECENT = 1_000  # readings that a rate is counted over, at most
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Notes:
    """How many notes of one kind are kept of an instrument, and the last of them."""

    count: int
    at: str
    text: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class InstrumentCondition:
    """One instrument. Times are as `devices.spool.stamp` writes them; None where there was nothing yet.

    ``well``     whether it speaks, and nothing is wrong with what it says
    ``silent``   whether it said nothing for longer than its configuration finds usual
    ``rate``     readings a minute, over the last minute
    ``lag``      seconds from the instrument's own time of a reading to ours, the median of the last hundred
    ``ahead``    seconds by which its clock was found ahead of ours, where its line can tell; else at least so many,
                 where it says that it measured what we have already
    ``notes``    of what was garbled, missed, or should be known
    ``last``     the last frame, or the bytes of the last reading
    """

    name: str
    kind: str
    known: bool
    well: bool
    state: str | None
    since: str | None
    reason: str | None
    heard: str | None
    silent: bool
    readings: int
    rate: float
    lag: float | None
    ahead: float | None
    notes: dict[str, Notes]
    last: bytes


@dataclass(frozen=True, slots=True)
class DeliveryCondition:
    """The delivery to the MES, and what waits for it."""

    state: str | None
    since: str | None
    reason: str | None
    waiting: int
    oldest: str | None


@contextmanager
def opened(spool: Path) -> Iterator[sqlite3.Connection]:
    """Open a spool that another may be writing, only to read."""
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def of_instruments(config: Config, spool: sqlite3.Connection, now: datetime) -> list[InstrumentCondition]:
    """Return the condition of each configured instrument."""
    return [_instrument(station, spool, now) for station in config.stations]


def of_delivery(spool: sqlite3.Connection) -> DeliveryCondition:
    """Return the condition of the delivery. What waits is counted by its numbers, which have no holes."""
    row = spool.execute("select * from delivery").fetchone()
    newest = spool.execute("select max(number) from reading").fetchone()[0] or 0
    oldest = spool.execute(
        "select received_time from reading where number > ? order by number limit 1", (row["number"],)
    ).fetchone()
    return DeliveryCondition(
        state=row["state"],
        since=row["since"],
        reason=row["reason"],
        waiting=max(0, newest - row["number"]) if oldest else 0,
        oldest=oldest["received_time"] if oldest else None,
    )


def _instrument(station: Station, spool: sqlite3.Connection, now: datetime) -> InstrumentCondition:
    row = spool.execute("select * from instrument where name = ?", (station.name,)).fetchone()
    known = row is not None
    heard = row["heard"] if known else None
    recent = _recent(station.name, spool)
    silent = known and _is_silent(station, heard, now)
    lag = _lag(recent[:100])
    return InstrumentCondition(
        name=station.name,
        kind=station.instrument.kind,
        known=known,
        well=known and row["state"] in SPEAKING and not row["reason"] and not silent,
        state=row["state"] if known else None,
        since=row["since"] if known else None,
        reason=(row["reason"] or None) if known else None,
        heard=heard,
        silent=silent,
        readings=row["sequence"] if known else 0,
        rate=_rate([instant(each["received_time"]) for each in recent], now),
        lag=lag,
        ahead=_ahead(station.name, lag, spool),
        notes={kind: notes for kind in ("garbled", "gap", "notice") if (notes := _notes(station.name, kind, spool))},
        last=_last(station.name, recent, spool),
    )


def _is_silent(station: Station, heard: str | None, now: datetime) -> bool:
    if station.silent_after is None:
        return False
    return heard is None or now - instant(heard) > timedelta(seconds=station.silent_after)


def _recent(instrument: str, spool: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the newest readings, the newest first: their times and the bytes of the first."""
    return spool.execute(
        "select source_time, received_time, raw from reading where instrument = ? order by sequence desc limit ?",
        (instrument, RECENT),
    ).fetchall()


def _rate(received: Sequence[datetime], now: datetime) -> float:
    within = sum(now - at <= MINUTE for at in received)
    if within < RECENT:
        return float(within)
    return within / max((now - received[-1]).total_seconds(), 0.001) * 60


def _lag(recent: Sequence[sqlite3.Row]) -> float | None:
    took = [
        (instant(each["received_time"]) - instant(each["source_time"])).total_seconds()
        for each in recent
        if each["source_time"]
    ]
    return median(took) if took else None


def _ahead(instrument: str, lag: float | None, spool: sqlite3.Connection) -> float | None:
    with suppress(sqlite3.OperationalError):  # the spool of an older gateway has no such table
        found = spool.execute("select ahead from clock where instrument = ?", (instrument,)).fetchone()
        if found:
            return float(found["ahead"])
    return -lag if lag is not None and lag < 0 else None


def _notes(instrument: str, kind: str, spool: sqlite3.Connection) -> Notes | None:
    count, at, text, raw = spool.execute(
        "select count(*), max(at), text, raw from note where instrument = ? and kind = ?", (instrument, kind)
    ).fetchone()
    return Notes(count, at, text, raw) if count else None


def _last(instrument: str, recent: Sequence[sqlite3.Row], spool: sqlite3.Connection) -> bytes:
    frame = spool.execute(
        "select raw from note where instrument = ? and kind = 'frame' order by number desc limit 1", (instrument,)
    ).fetchone()
    row = frame or (recent[0] if recent else None)
    return bytes(row["raw"]) if row else b""
