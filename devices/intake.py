"""What a transport hands its instrument's measurements to: the spool, under the instrument's name and the clock's time.

Everything here returns when it is on disk, or raises `devices.spool.SpoolError`; only then may a transport acknowledge.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from devices.clock import Clock
from devices.instrument import Measurement, within_bounds
from devices.spool import Spool, SpoolError

SHOWN = 256  # bytes of a garbled frame in the log; all of them are in the spool


class Intake:
    """One instrument's way into the spool."""

    def __init__(self, instrument: str, spool: Spool, clock: Clock) -> None:
        self.instrument, self.spool, self.clock = instrument, spool, clock
        self._log = logging.getLogger(f"devices.{instrument}")
        self._state = ("", "")

    def take(self, measurements: Sequence[Measurement], cursor: int | None = None) -> int:
        """Store measurements; return how many were new."""
        bounded = [within_bounds(measurement) for measurement in measurements]
        new = self.spool.append(self.instrument, bounded, received=self.clock(), cursor=cursor)
        self._log.debug("%d readings, %d new", len(measurements), new)
        return new

    def frame(self, raw: bytes) -> None:
        """Keep a frame before it is acknowledged."""
        self.spool.note(self.instrument, "frame", "", raw, at=self.clock())

    def garbled(self, raw: bytes, reason: str) -> None:
        """Count bytes that could not be read, and keep them."""
        self._log.warning("garbled, %s: %s%s", reason, raw[:SHOWN].hex(" "), " …" if len(raw) > SHOWN else "")
        self.spool.note(self.instrument, "garbled", reason, raw, at=self.clock())

    def gap(self, reason: str) -> None:
        """Record that values are missing, and why."""
        self._log.warning("gap: %s", reason)
        self.spool.note(self.instrument, "gap", reason, b"", at=self.clock())

    def notice(self, text: str) -> None:
        """Record what a person should know."""
        self._log.warning("%s", text)
        self.spool.note(self.instrument, "notice", text, b"", at=self.clock())

    def clock_ahead(self, seconds: float) -> None:
        """Record by how much the instrument's clock was found to be ahead of ours; no reading depends on it."""
        with suppress(SpoolError):
            self.spool.clock_ahead(self.instrument, seconds, at=self.clock())

    def state(self, state: str, reason: str = "") -> None:
        """Record what the instrument's line is doing; said once for as long as it stays so.

        Where even that cannot be written, it is in the log and said again the next time: no reading depends on it.
        """
        if (state, reason) != self._state:
            self._log.info("%s%s", state, f": {reason}" if reason else "")
            with suppress(SpoolError):
                self.spool.state(self.instrument, state, reason, at=self.clock())
                self._state = (state, reason)
