"""What all simulated instruments share: the process clock, the one culture, and the faults that were asked for.

It is kept in a folder, so that simulators which are stopped and started go on where they were: the clock's file, and
the seed with the events so far; the culture is computed from these.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from threading import Condition, Lock
from typing import Any

from devices.clock import ProcessClock, machine_clock
from devices.simulators.culture import Contents, Culture, Event, NotSoError, Point, drift
from devices.simulators.faults import Asked

USUAL = 7  # the seed of a batch that goes well
LONGEST_SKIP = 24.0 * 30  # hours

Values = Mapping[str, tuple[float, str]]
"""Channel → number, and the name of its OPC-UA StatusCode."""


@dataclass(frozen=True, slots=True)
class Count:
    """One sample counted: texts as the counter prints them, cells/mL, cells/mL and %."""

    sample: str
    vessel: str
    at: datetime
    total: str
    viable: str
    viability: str

    @property
    def values(self) -> dict[str, str]:
        """The results, by their channels."""
        return {"total_cells": self.total, "viable_cells": self.viable, "viability": self.viability}


class World:
    """The simulated laboratory. Its methods may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int | None = None,
        start: datetime | None = None,
        points: tuple[Point, ...] = (),
        protected: bool = True,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock_path, self._events_path = folder / "clock.json", folder / "events.json"
        if not self.clock_path.exists():
            ProcessClock.create(self.clock_path, start or machine_clock())
        self.clock = ProcessClock(self.clock_path)
        self._lock, self._skipping, self._written = Lock(), Lock(), Condition()
        self._probes_until = self.clock()
        self.hurry = False  # the probes are to be read at once, not when the second is over
        self.faults = Asked()
        self._stuck: dict[str, Values] = {}  # what each instrument with probes showed last
        self._counted: dict[str, Count] = {}  # the last count of each counter
        self.culture = self._remembered(Culture(USUAL if seed is None else seed, (), points, protected))

    def _remembered(self, culture: Culture) -> Culture:
        if not self._events_path.exists():
            return culture
        kept = json.loads(self._events_path.read_text())
        events = (Event(**event | {"at": datetime.fromisoformat(event["at"])}) for event in kept["events"])
        return Culture(kept["seed"], tuple(events), culture.points, culture.protected)

    def tell(self, kind: str, *, volume: float = 0.0, cells: float = 0.0) -> Event:
        """Let people do something with the cells. Raises `NotSoError` where it cannot be."""
        for name, amount in (("volume", volume), ("cells", cells)):
            if not 0 <= amount < math.inf:
                raise NotSoError(f"{name} is a number, 0 or more")
        with self._lock:
            event = Event(kind, self.clock(), volume, cells)
            self.culture = self.culture.after(event)
            events = [asdict(each) | {"at": each.at.isoformat()} for each in self.culture.events]
            draft = self._events_path.with_suffix(".draft")
            draft.write_text(json.dumps({"seed": self.culture.seed, "events": events}, indent=1))
            draft.replace(self._events_path)
        return event

    def contents(self, vessel: str) -> Contents:
        """Return what a vessel holds now. Raises `NotSoError` for an empty one."""
        return self.culture.contents(vessel, self.clock())

    def probes(self, at: datetime, instrument: str = "bioreactor") -> Values:
        """Return what an instrument's probes in the bioreactor show at a time, rounded as a probe's display is."""
        if self.asked(instrument) != "stuck" or instrument not in self._stuck:
            shown = self._shown(at).items()
            self._stuck[instrument] = {name: self.faults.probe(instrument, value, at) for name, value in shown}
        return self._stuck[instrument]

    def _shown(self, at: datetime) -> dict[str, float]:
        def noise(channel: str, size: float) -> float:
            return drift(self.culture.seed, channel, at, size)

        try:
            reactor = self.culture.contents("bioreactor", at)
        except NotSoError:
            reactor = Contents(volume=1, viable=0, glucose=0, lactate=0)  # clean, warm and empty
        density = reactor.viable_density
        return {
            "temperature": round(37.0 + noise("temperature", 0.08), 1),
            "pH": round(7.22 - 0.012 * reactor.lactate + noise("pH", 0.012), 2),
            "dissolved_oxygen": round(max(20.0, 92 - 7 * density / 1e6) + noise("dissolved_oxygen", 1.2), 1),
            "carbon_dioxide": round(5.0 + noise("carbon_dioxide", 0.06), 1),
            "agitation": float(round(60 + noise("agitation", 0.6))),
            "viable_cell_density": _three_digits(density * (1 + noise("viable_cell_density", 0.012))),
        }

    def count(self, sample: str, vessel: str, counter: str = "cell counter") -> Count:
        """Count a sample of a vessel, with a counter's error. Raises `NotSoError` for an empty vessel or no sample."""
        if not sample.strip():
            raise NotSoError("a count needs a sample")
        contents, now = self.contents(vessel), self.clock()
        at = self.faults.time(counter, now)
        if self.asked(counter) == "stuck" and counter in self._counted:
            self._counted[counter] = replace(self._counted[counter], sample=sample.strip(), at=at)
            return self._counted[counter]
        luck = Random(f"{self.culture.seed}:{sample}:{now}")  # noqa: S311 - a simulation
        total = _three_digits(contents.density * luck.gauss(1, 0.02) * self.faults.factor(counter, now))
        viable = _three_digits(total * min(0.999, contents.viability / 100 * luck.gauss(1, 0.004)))
        viability = f"{viable / total * 100:.1f}"
        self._counted[counter] = Count(sample.strip(), vessel, at, f"{total:.0f}", f"{viable:.0f}", viability)
        return self._counted[counter]

    def flow(self, vessel: str) -> dict[str, float]:
        """Return what a flow cytometer would read now: percentages. Raises `NotSoError` for an empty vessel."""
        contents, at = self.contents(vessel), self.clock()
        read = {name: getattr(contents, name) for name in ("car", "cd7", "car_cd7", "blasts", "cd3", "viability")}
        return {
            name: round(min(100.0, value * (1 + drift(self.culture.seed, name, at, 0.01))), 3 if value < 1 else 1)
            for name, value in read.items()
        }

    def state(self) -> dict[str, Any]:
        """Return the true model, for tests."""
        now = self.clock()
        vessels = {}
        for vessel in ("apheresis bag", "pbmc", "activated", "transduced", "bioreactor", "product"):
            try:
                contents = self.culture.contents(vessel, now)
            except NotSoError:
                continue
            vessels[vessel] = asdict(contents) | {
                "viable_density": contents.viable_density,
                "density": contents.density,
            }
        events = [asdict(event) | {"at": event.at.isoformat()} for event in self.culture.events]
        return {
            "time": now.isoformat(),
            "rate": self.clock.rate,
            "vessels": vessels,
            "events": events,
            "faults": dict(self.faults.faults),
        }

    def fault(self, instrument: str, fault: str) -> None:
        """Ask for a fault, until another is asked for or it has happened. Raises `NotSoError`."""
        self.faults.ask(instrument, fault, self.clock())

    def happens(self, instrument: str, *faults: str) -> str:
        """Return the fault asked for, if it is one of some that happen once, and it is over."""
        return self.faults.happens(instrument, *faults)

    def asked(self, instrument: str) -> str:
        """Return the fault that was asked for."""
        return self.faults.faults[instrument]

    def skip(self, hours: float) -> datetime:
        """Let hours pass within about a second, and return the time when the probes were read for all of them."""
        if not 0 < hours <= LONGEST_SKIP:
            raise NotSoError(f"hours is a number above 0, at most {LONGEST_SKIP:.0f}")
        if not self._skipping.acquire(blocking=False):
            raise NotSoError("time is passing fast already")
        try:
            target = self.clock() + timedelta(hours=hours)
            seconds = min(1.0, max(0.05, hours / 24))
            self.clock.run(hours * 3600 / seconds, target)
            time.sleep(seconds)
            self.clock.run(1.0)
            self.clock.skip(max(timedelta(0), target - self.clock()))
            self._await_probes(target)
        finally:
            self._skipping.release()
        return self.clock()

    def probes_read(self, until: datetime) -> None:
        """Note up to when the probes were read and shown."""
        with self._written:
            self._probes_until, self.hurry = until, False
            self._written.notify_all()

    def _await_probes(self, until: datetime) -> None:
        with self._written:
            self.hurry = True
            if not self._written.wait_for(lambda: self._probes_until >= until, timeout=60):
                raise NotSoError("the bioreactor did not show the time that has passed within a minute")


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")
