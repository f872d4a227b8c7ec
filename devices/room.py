"""How much a spool may hold, and how full it is.

A full spool takes no more: nothing is acknowledged, the instruments and their servers keep what they have, and the
delivery goes on. So the disk itself is never filled to the brim: what must be noted while readings wait (what was
delivered, which instrument is lost) needs a place too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MEGABYTE = 1_000_000
ALARM = 0.5  # of what a spool may hold: somebody must look while there is time
RESERVE = 16  # megabytes of the disk that readings leave free


@dataclass(frozen=True)  # without slots: its defaults are read from the class
class Room:
    """What a site gives a spool. ``days`` is how long the oldest reading may wait; 0: for as long as there is room."""

    megabytes: float = 4_000
    days: float = 0
    reserve: float = RESERVE

    def share(self, used: int, free: int, waited: timedelta) -> float:
        """Return how full a spool is, 1 and more being full: bytes used, bytes free on its disk, the oldest's wait."""
        most = min(self.megabytes * MEGABYTE, used + free - self.reserve * MEGABYTE)
        by_size = used / most if most > 0 else float("inf")
        by_age = waited / timedelta(days=self.days) if self.days else 0.0
        return max(by_size, by_age)
