"""The time that a process goes by.

A laboratory runs on the machine's clock. A demonstration runs on a *process clock*: a file that every process of the
demonstration reads, so that twelve days of culture pass in a minute for the web application, the gateway and the
simulated instruments alike. The MES marks a database that ever ran on such a clock as a demonstration, for good.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]


def machine_clock() -> datetime:
    """Return the machine's time, aware UTC."""
    return datetime.now(UTC)


class ProcessClock:
    """A clock that runs at ``rate`` process seconds a second from an anchor, both kept in a file that all share.

    A clock that hurries may have an end: from then on it runs as fast as the machine's, whoever oversleeps.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = (-1, -1)
        self._real = self._process = 0.0
        self._rate, self._end = 1.0, math.inf

    @staticmethod
    def create(path: Path, start: datetime) -> ProcessClock:
        """Start a clock at ``start``, running as fast as the machine's."""
        clock = ProcessClock(path)
        clock._write(time.time(), start.timestamp(), 1.0, math.inf)
        return clock

    def __call__(self) -> datetime:
        """Return the process time, aware UTC."""
        self._read()
        passed = time.time() - self._real
        until_end = (self._end - self._process) / self._rate if self._rate else math.inf
        hurried = min(passed, max(0.0, until_end))
        return datetime.fromtimestamp(self._process + hurried * self._rate + passed - hurried, UTC)

    @property
    def rate(self) -> float:
        """Process seconds per second."""
        self._read()
        return self._rate

    def run(self, rate: float, end: datetime | None = None) -> None:
        """Go on from now at another rate, until an end."""
        now = self().timestamp()
        self._write(time.time(), now, rate, end.timestamp() if end else math.inf)

    def skip(self, ahead: timedelta) -> None:
        """Jump ahead. There is no way back: time in a record only grows."""
        if ahead < timedelta(0):
            raise ValueError("a process clock cannot be set back")
        now = self().timestamp()
        self._write(time.time(), now + ahead.total_seconds(), self._rate, self._end)

    def _read(self) -> None:
        # The inode too: two anchors written within one tick of the file system's clock have the same time.
        status = self.path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            anchor = json.loads(self.path.read_text())
            self._real, self._process, self._rate = anchor["real"], anchor["process"], anchor["rate"]
            self._end = anchor.get("end") or math.inf
            self._stamp = stamp

    def _write(self, real: float, process: float, rate: float, end: float) -> None:
        # Renamed into place: a reader sees the old anchor or the new one, never half of each.
        draft = self.path.with_suffix(f".{os.getpid()}")
        told = {"real": real, "process": process, "rate": rate} | ({"end": end} if end < math.inf else {})
        draft.write_text(json.dumps(told))
        draft.replace(self.path)


def clock_in_use() -> Clock:
    """Return the process clock whose file MES_PROCESS_CLOCK names, else the machine's."""
    path = os.environ.get("MES_PROCESS_CLOCK")
    return ProcessClock(Path(path)) if path else machine_clock
