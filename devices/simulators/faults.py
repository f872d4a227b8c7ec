"""What can be wrong with a simulated instrument, on request: the same for each kind, as far as its wire has it.

Of the value: ``stuck`` (the same again and again), ``drift`` (away from the truth, hour by hour), ``nan``, ``bad`` (the
instrument itself says so), ``clock_jump`` (its clock is an hour ahead). Of the order: ``lag`` (everything comes half a
minute late), ``reorder`` (the newer before the older), ``duplicate`` (everything twice). Of the wire: ``drop`` (it goes
silent in the middle), ``garble`` and ``wrong_checksum`` (once; a signed OPC-UA channel has neither), ``restart``.

All of it goes by process time and by the seed, so a story that is told again goes wrong in the same way.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from devices.simulators.culture import NotSoError

_VALUE = ("stuck", "drift", "nan", "bad", "clock_jump")
_ORDER = ("lag", "reorder", "duplicate")
FAULTS = {
    "bioreactor": ("none", "drop", "restart", *_ORDER, *_VALUE),
    "cell counter": ("none", "drop", "restart", "garble", "wrong_checksum", *_ORDER, *_VALUE),
    "file counter": ("none", "drop", "restart", "garble", *_ORDER, *_VALUE),
    "LADS device": ("none", "drop", "restart", *_ORDER, *_VALUE),
    "Vi-CELL BLU": ("none", "drop", "restart", *_ORDER, *_VALUE),
}
LAG = timedelta(seconds=30)
JUMP = timedelta(hours=1)
DRIFT = 0.02  # of the value, in an hour

_T = TypeVar("_T")


class Asked:
    """Which fault was asked for, of which instrument, and since when."""

    def __init__(self) -> None:
        self.faults = dict.fromkeys(FAULTS, "none")
        self._since: dict[str, datetime] = {}

    def ask(self, instrument: str, fault: str, now: datetime) -> None:
        """Ask for a fault, until another is asked for or it has happened. Raises `NotSoError`."""
        if fault not in FAULTS.get(instrument, ()):
            known = "; ".join(f"{name}: {', '.join(faults)}" for name, faults in FAULTS.items())
            raise NotSoError(f"“{instrument}” has no fault “{fault}”; there are {known}")
        self.faults[instrument], self._since[instrument] = fault, now

    def happens(self, instrument: str, *faults: str) -> str:
        """Return the fault asked for, if it is one of some that happen once, and it is over."""
        asked = self.faults[instrument]
        if asked not in faults:
            return ""
        self.faults[instrument] = "none"
        return asked

    def factor(self, instrument: str, now: datetime) -> float:
        """Return what the instrument's values are multiplied by: 1, or what it has drifted to."""
        if self.faults[instrument] != "drift":
            return 1.0
        return 1 + DRIFT * max(0.0, (now - self._since[instrument]) / timedelta(hours=1))

    def probe(self, instrument: str, value: float, now: datetime) -> tuple[float, str]:
        """Return what a probe shows of a value, with the name of its StatusCode."""
        fault = self.faults[instrument]
        shown = math.nan if fault == "nan" else float(f"{value * self.factor(instrument, now):.6g}")
        return shown, "BadSensorFailure" if fault == "bad" else "Good"

    def time(self, instrument: str, at: datetime) -> datetime:
        """Return what the instrument's own clock shows."""
        return at + JUMP if self.faults[instrument] == "clock_jump" else at


class Order(Generic[_T]):
    """Things on their way, which come as a fault has it: late, the newer first, or twice. For any threads."""

    def __init__(self) -> None:
        self._held: list[tuple[datetime, _T]] = []
        self._lock = Lock()

    def take(self, fault: str, at: datetime, thing: _T) -> None:
        """Let a thing set out."""
        with self._lock:
            self._held += [(at, thing)] * (2 if fault == "duplicate" else 1)

    def give(self, fault: str, now: datetime) -> list[_T]:
        """Return what arrives, in its order."""
        with self._lock:
            arrived = self._held
            if fault == "lag":
                arrived = [each for each in self._held if now - each[0] >= LAG]
            if fault == "reorder":
                arrived = self._held[::-1] if len(self._held) > 1 else []
            self._held = [each for each in self._held if each not in arrived]
            return [thing for _, thing in arrived]
