"""What this machine says of its clock and its disks: whether the time jumped, how far it may be off, how full they are.

The clock process asks, for it runs beside the application on the same machine. A jump is seen because the seconds since
the machine was started go on evenly, whoever sets the time. What was seen last is kept in a file, so that a jump while
the process was stopped is seen too; over a restart of the machine, only one back.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mes.ledger.line import utc
from mes.web import steady

JUMP = 1.5  # seconds: a leap second is none, and a clock that is kept in step is slewed, not set
MOST_OFF = 0.4  # seconds: the kernel adds 0.5 ms for each second without an answer, so 13 minutes lead here
FULL_FROM = 0.85  # of a disk


@dataclass(frozen=True)
class Jump:
    """The time was set: from what it would have been to what it was."""

    was: str
    became: str
    seconds: str


@dataclass(frozen=True)
class Machine:
    """What the machine told: the jump since it was asked last, how far its clock may be off, how full its disks are."""

    jump: Jump | None = None
    off: float | None = None  # seconds at most; None where nothing keeps the clock in step
    full: dict[str, float] = field(default_factory=dict)  # by what lies there: the records, their copies

    @property
    def in_step(self) -> bool:
        """Whether something keeps the clock in step, and heard from it lately."""
        return self.off is not None and self.off <= MOST_OFF

    def told(self) -> dict[str, object]:
        """Return it as it is sent."""
        return (
            asdict(self)
            | {"off": None if self.off is None else f"{self.off:.3f}"}
            | {"full": {name: f"{share:.3f}" for name, share in self.full.items()}}
        )


class Timex(ctypes.Structure):
    """The kernel's ``struct timex``, as far as it is read here."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


_UNSYNCHRONISED = 0x40  # STA_UNSYNC
_LIBC = ctypes.CDLL(None, use_errno=True)


def off_at_most() -> float | None:
    """Return how many seconds the clock may be off, as the kernel reckons; None where nothing keeps it in step."""
    told = Timex()
    if _LIBC.adjtimex(ctypes.byref(told)) < 0 or told.status & _UNSYNCHRONISED:
        return None
    return float(told.maxerror) / 1e6


def share_used(place: Path) -> float:
    """Return which share of a disk is used, of what others than root may use."""
    usage = shutil.disk_usage(place)
    return usage.used / (usage.used + usage.free) if usage.total else 0.0


@dataclass
class Watch:
    """The machine, asked again and again. ``memory`` is the file that outlives the process."""

    memory: Path
    places: dict[str, Path]
    wall: Callable[[], float] = time.time
    even: Callable[[], float] = steady.seconds
    off: Callable[[], float | None] = off_at_most
    used: Callable[[Path], float] = share_used
    boot: str = steady.BOOT
    _latest: dict[str, object] = field(default_factory=dict)

    def look(self) -> Machine:
        """Ask the machine now."""
        full = {name: self.used(place) for name, place in self.places.items()}
        return Machine(self._jump(), self.off(), full)

    def seen(self) -> None:
        """Keep what was seen, once it was told: a jump that nobody heard of is told again."""
        draft = self.memory.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(self._latest))
        draft.replace(self.memory)

    def _jump(self) -> Jump | None:
        wall, even = self.wall(), self.even()
        self._latest = {"boot": self.boot, "wall": wall, "even": even}
        if not self.memory.exists():
            return None
        known = json.loads(self.memory.read_text())
        passed = even - known["even"] if known["boot"] == self.boot else max(0.0, wall - known["wall"])
        expected = known["wall"] + passed
        if abs(wall - expected) < JUMP:
            return None
        return Jump(_utc(expected), _utc(wall), f"{wall - expected:+.3f}")


def _utc(seconds: float) -> str:
    return utc(datetime.fromtimestamp(seconds, UTC))
