"""How long ago something was, by a clock that nobody can set: the seconds since this machine was started.

A session that ended while nobody touched it must not begin again because the machine's clock was set back.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from uuid import uuid4

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BOOT = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else str(uuid4())


def seconds() -> float:
    """Return the seconds since this machine was started, the time that it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def stamp() -> str:
    """Return this moment, to be remembered."""
    return f"{BOOT} {math.floor(10 * seconds()) / 10}"


def seconds_since(stamped: str) -> float:
    """Return how long ago a moment was; without end, if the machine was started anew since, or it is no stamp."""
    boot, _, then = stamped.partition(" ")
    return seconds() - float(then) if boot == BOOT and then else math.inf
