"""Which instrument is silent, since when and why; what was garbled; what waits for the MES; how full the spool is.

It reads the gateway's spool beside the running gateway, and changes nothing. Exit code 0 if all is well, else 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devices import condition
from devices.clock import Clock, clock_in_use
from devices.condition import DeliveryCondition, InstrumentCondition
from devices.config import Config, load
from devices.room import ALARM
from devices.spool import RunningError, only_writer, share_of

_WORDS = {"garbled": "garbled", "gap": "gaps", "notice": "notices"}


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
    with condition.opened(config.spool) as spool:
        for found in condition.of_instruments(config, spool, clock()):
            yield _instrument(found)
        yield _delivery(condition.of_delivery(spool))
        share = share_of(config.spool, spool, config.room, clock())
    if share > ALARM:
        yield Finding(well=False, text=f"the spool is {share:.0%} full; when it is full, nothing is acknowledged")


def _gateway(spool: Path) -> Finding:
    try:
        with only_writer(spool):
            return Finding(well=False, text="the gateway is not running")
    except RunningError:
        return Finding(well=True, text="the gateway is running")


def _instrument(found: InstrumentCondition) -> Finding:
    if not found.known:
        return Finding(well=False, text=f"{found.name}: nothing is known of it yet")
    told = [
        f"{found.state or 'not begun'} since {found.since or 'ever'}" + (f" ({found.reason})" if found.reason else ""),
        f"silent since {found.heard or 'ever'}" if found.silent else f"last heard {found.heard or 'never'}",
        f"{found.readings} readings, {found.rate:.0f} a minute",
        *_times(found),
        *_notes(found),
    ]
    return Finding(well=found.well, text=f"{found.name}: {'; '.join(told)}")


def _times(found: InstrumentCondition) -> Iterator[str]:
    if found.lag is not None:
        yield f"received {found.lag:.1f} s after its time"
    if found.ahead is not None:
        yield f"its clock {abs(found.ahead):.1f} s {'ahead of' if found.ahead > 0 else 'behind'} ours"


def _notes(found: InstrumentCondition) -> Iterator[str]:
    for kind, notes in found.notes.items():
        raw = f" {notes.raw.hex(' ')[:96]}" if notes.raw else ""
        yield f"{notes.count} {_WORDS[kind]}, the last at {notes.at}: {notes.text}{raw}"
    if found.last:
        yield f"last frame {found.last[:96]!r}"


def _delivery(found: DeliveryCondition) -> Finding:
    backlog = f"{found.waiting} readings wait, the oldest since {found.oldest}" if found.waiting else "nothing waits"
    state = f"{found.state or 'not begun'} since {found.since or 'ever'}"
    reason = f": {found.reason}" if found.reason else ""
    return Finding(well=found.state == "delivering", text=f"delivery {state}{reason}; {backlog}")


def main(config_path: Path) -> int:
    """Print the report."""
    findings = list(examine(load(config_path), clock_in_use()))
    for finding in findings:
        sys.stdout.write(f"{'ok ' if finding.well else 'NO '} {finding.text}\n")
    return 0 if all(finding.well for finding in findings) else 1
