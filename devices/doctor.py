"""Which instrument is silent, since when and why; what was garbled; what waits for the MES.

It reads the gateway's spool beside the running gateway, and changes nothing. Exit code 0 if all is well, else 1.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from devices.clock import Clock, clock_in_use
from devices.config import Config, Station, load
from devices.spool import RunningError, instant, only_writer

SPEAKING = {"connected", "listening", "watching"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    well: bool
    text: str


def examine(config: Config, clock: Clock) -> Iterator[Finding]:
    """Say how the gateway, its instruments and its delivery are."""
    if not config.spool.exists():
        yield Finding(well=False, text=f"the gateway has never run: there is no spool {config.spool}")
        return
    yield _gateway(config.spool)
    with closing(sqlite3.connect(f"file:{config.spool}?mode=ro", uri=True)) as spool:
        spool.row_factory = sqlite3.Row
        for station in config.stations:
            yield _instrument(station, spool, clock())
        yield _delivery(spool)


def _gateway(spool: Path) -> Finding:
    try:
        with only_writer(spool):
            return Finding(well=False, text="the gateway is not running")
    except RunningError:
        return Finding(well=True, text="the gateway is running")


def _instrument(station: Station, spool: sqlite3.Connection, now: datetime) -> Finding:
    row = spool.execute("select * from instrument where name = ?", (station.name,)).fetchone()
    if not row:
        return Finding(well=False, text=f"{station.name}: nothing is known of it yet")
    heard = instant(row["heard"]) if row["heard"] else None
    silent = station.silent_after is not None and (
        heard is None or now - heard > timedelta(seconds=station.silent_after)
    )
    told = [
        f"{row['state'] or 'not begun'} since {row['since'] or 'ever'}"
        + (f" ({row['reason']})" if row["reason"] else ""),
        f"silent since {row['heard'] or 'ever'}" if silent else f"last heard {row['heard'] or 'never'}",
        f"{row['sequence']} readings",
        *_notes(station.name, spool),
    ]
    return Finding(well=row["state"] in SPEAKING and not silent, text=f"{station.name}: {'; '.join(told)}")


def _notes(instrument: str, spool: sqlite3.Connection) -> Iterator[str]:
    for kind, name in (("garbled", "garbled"), ("gap", "gaps"), ("notice", "notices")):
        count, at, text, raw = spool.execute(
            "select count(*), max(at), text, raw from note where instrument = ? and kind = ?", (instrument, kind)
        ).fetchone()
        if count:
            yield f"{count} {name}, the last at {at}: {text}{' ' + raw.hex(' ')[:96] if raw else ''}"
    last = spool.execute(
        "select raw from note where instrument = ? and kind = 'frame' order by number desc limit 1", (instrument,)
    ).fetchone()
    if last:
        yield f"last frame {last['raw']!r}"


def _delivery(spool: sqlite3.Connection) -> Finding:
    row = spool.execute("select * from delivery").fetchone()
    waiting, oldest = spool.execute(
        "select count(*), min(received_time) from reading where number > ?", (row["number"],)
    ).fetchone()
    backlog = f"{waiting} readings wait, the oldest since {oldest}" if waiting else "nothing waits"
    state = f"{row['state'] or 'not begun'} since {row['since'] or 'ever'}"
    reason = f": {row['reason']}" if row["reason"] else ""
    return Finding(well=row["state"] == "delivering", text=f"delivery {state}{reason}; {backlog}")


def main(config_path: Path) -> int:
    """Print the report."""
    findings = list(examine(load(config_path), clock_in_use()))
    for finding in findings:
        sys.stdout.write(f"{'ok ' if finding.well else 'NO '} {finding.text}\n")
    return 0 if all(finding.well for finding in findings) else 1
