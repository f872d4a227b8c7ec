"""What a transport hands its instrument's measurements to: the spool, under the instrument's name and the clock's time.

Everything here returns when it is on disk, or raises `devices.spool.SpoolError`; only then may a transport acknowledge.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from devices.clock import Clock
from devices.instrument import Measurement, within_bounds
from devices.room import ALARM
from devices.spool import FullError, Spool, SpoolError

_FIRST = datetime(1970, 1, 2, tzinfo=UTC)

SHOWN = 256  # bytes of a garbled frame in the log; all of them are in the spool


class Intake:
    """One instrument's way into the spool."""

    def __init__(self, instrument: str, spool: Spool, clock: Clock) -> None:
        self.instrument, self.spool, self.clock = instrument, spool, clock
        self._log = logging.getLogger(f"devices.{instrument}")
        self._state = ("", "")
        self._is_full = False

    def take(self, measurements: Sequence[Measurement], cursor: int | None = None) -> int:
        """Store measurements; return how many were new."""
        bounded = [within_bounds(measurement) for measurement in measurements]
        with self._where_there_is_room():
            new = self.spool.append(self.instrument, bounded, received=self.clock(), cursor=cursor)
        self._log.debug("%d readings, %d new", len(measurements), new)
        return new

    def frame(self, raw: bytes) -> None:
        """Keep a frame before it is acknowledged."""
        with self._where_there_is_room():
            self.spool.note(self.instrument, "frame", "", raw, at=self.clock())

    def garbled(self, raw: bytes, reason: str) -> None:
        """Count bytes that could not be read, and keep them."""
        self._log.warning("garbled, %s: %s%s", reason, raw[:SHOWN].hex(" "), " …" if len(raw) > SHOWN else "")
        self.spool.note(self.instrument, "garbled", reason, raw, at=self.clock())

    def gap(self, reason: str, since: datetime | None = None, until: datetime | None = None) -> None:
        """Record that values are missing, from when to when as far as that is known, and why; the MES is told."""
        self._log.warning("gap: %s", reason)
        now = self.clock()
        last = _of_our_time(until or now, now)
        first = _of_our_time(since or last, last)
        self.spool.note(self.instrument, "gap", reason, b"", at=now, about=(first, last))

    def notice(self, text: str) -> None:
        """Record what the reviewer of a batch should know; the MES is told."""
        self._log.warning("%s", text)
        now = self.clock()
        self.spool.note(self.instrument, "notice", text, b"", at=now, about=(now, now))

    def remark(self, text: str) -> None:
        """Record what whoever looks after the gateway should know, and no reviewer has to."""
        self._log.warning("%s", text)
        self.spool.note(self.instrument, "notice", text, b"", at=self.clock())

    @contextmanager
    def _where_there_is_room(self) -> Iterator[None]:
        """Give notice when the spool takes no more of this instrument, and when there is plenty of room again."""
        try:
            yield
        except FullError as full:
            if not self._is_full:
                self._is_full = True
                self.notice(f"nothing is acknowledged: {full}")
            raise
        if self._is_full and self.spool.share(self.clock()) < ALARM:
            self._is_full = False
            self.notice("the spool has room again")

    def clock_ahead(self, seconds: float) -> None:
        """Record by how much the instrument's clock was found to be ahead of ours; no reading depends on it."""
        with suppress(SpoolError):
            self.spool.clock_ahead(self.instrument, seconds, at=self.clock())

    def refused(self, reason: str, notice: str) -> None:
        """Record that the instrument's server is not the one that a person trusts, with a notice where it was."""
        if notice and self._state != ("refused", reason):
            with suppress(SpoolError):
                self.notice(notice)
        self.state("refused", reason)

    def state(self, state: str, reason: str = "") -> None:
        """Record what the instrument's line is doing; said once for as long as it stays so.

        Where even that cannot be written, it is in the log and said again the next time: no reading depends on it.
        """
        if (state, reason) != self._state:
            self._log.info("%s%s", state, f": {reason}" if reason else "")
            with suppress(SpoolError):
                self.spool.state(self.instrument, state, reason, at=self.clock())
                self._state = (state, reason)


def _of_our_time(at: datetime, latest: datetime) -> datetime:
    """Return a time of an instrument's as far as it can be one: its clock may be wrong by ages."""
    return min(max(at, _FIRST), latest)
