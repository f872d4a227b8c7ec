"""One culture of unselected CD7 CAR-T cells, from the apheresis bag to the product: a pure function of process time.

The cells are protected against fratricide by a blocker of surface CD7 in the same vector as the receptor (PEBL); a
culture whose protection failed can be had as well. The shape: activated T cells lose a little until day 2, then grow
at 0.02 to 0.035 per hour until day 5 and ever more slowly until a plateau at day 10 to 12; viability dips on days 3 to
5. Glucose falls and lactate rises with the cells that live, and feeding dilutes both. Anchors are in the tests.

A `Culture` is a seed and a list of events. What it says of a time depends on the events before that time and on
nothing else, so a simulator that is started again says the same as before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from random import Random

MEDIUM = 20.0  # mM glucose
UPTAKE = 4.0e-11  # mmol of glucose that a viable cell takes in an hour
LACTATE = 1.3  # mol from a mol of glucose
VESSELS = ("apheresis bag", "pbmc", "activated", "transduced", "bioreactor", "product")
_BEFORE = {  # vessel → the event that fills it
    "apheresis bag": "collect",
    "pbmc": "isolate",
    "activated": "activate",
    "transduced": "transduce",
    "bioreactor": "seed_bioreactor",
    "product": "harvest",
}


class NotSoError(ValueError):
    """The cells are not where this event or question needs them; the sentence says what comes first."""


@dataclass(frozen=True, slots=True)
class Event:
    """What people did, with the amounts they chose: ``volume`` in mL, ``cells`` viable ones; 0 for the usual amount."""

    kind: str
    at: datetime
    volume: float = 0.0
    cells: float = 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """What a real culture was found to be: a conditioned culture passes through its points."""

    at: datetime
    viable_density: float  # cells/mL
    viability: float  # %


@dataclass(frozen=True, slots=True)
class Contents:
    """What a vessel holds. CAR+ and CD7+ are percentages of CD3+ cells, blasts of all cells by their phenotype."""

    volume: float  # mL
    viable: float  # cells
    glucose: float  # mM
    lactate: float  # mM
    viability: float = 100.0  # %
    cd3: float = 0.0
    car: float = 0.0
    cd7: float = 0.0
    car_cd7: float = 0.0
    blasts: float = 0.0

    @property
    def viable_density(self) -> float:
        """Viable cells/mL."""
        return self.viable / self.volume

    @property
    def density(self) -> float:
        """All cells/mL."""
        return self.viable_density * 100 / self.viability


@dataclass(frozen=True, slots=True)
class Donor:
    """What differs from patient to patient."""

    collected: float  # viable cells in the bag
    viability: float
    cd3: float
    blasts: float
    recovery: float  # of the isolation
    vigour: float  # growth, as a multiple of the usual
    car: float

    @staticmethod
    def of(seed: int) -> Donor:
        """Return the patient that a seed stands for."""
        luck = Random(seed)  # noqa: S311 - a simulation
        return Donor(
            collected=luck.gauss(4.4e9, 2e8),
            viability=luck.uniform(97.5, 99),
            cd3=luck.uniform(50, 60),
            blasts=luck.uniform(1, 2.5),
            recovery=luck.uniform(0.68, 0.73),
            vigour=luck.uniform(0.97, 1.05),
            car=luck.uniform(38, 42),
        )


@dataclass(frozen=True, slots=True)
class Culture:
    """The cells of one patient."""

    seed: int
    events: tuple[Event, ...] = ()
    points: tuple[Point, ...] = ()
    protected: bool = True

    def after(self, event: Event) -> Culture:
        """Return the culture with one more event. Raises `NotSoError` where it cannot happen now."""
        if event.kind not in _ACTS:
            raise NotSoError(f"“{event.kind}” is no event; there are {', '.join(_ACTS)}")
        if self.events and event.at < self.events[-1].at:
            raise NotSoError("an event cannot come before the last one")
        changed = replace(self, events=(*self.events, event))
        _Told(changed, event.at)
        return changed

    def contents(self, vessel: str, at: datetime) -> Contents:
        """Return what a vessel holds at a time. Raises `NotSoError` for one that is empty or unknown."""
        if vessel not in VESSELS:
            raise NotSoError(f"“{vessel}” is no vessel; there are {', '.join(VESSELS)}")
        return _Told(self, at).contents(vessel)


class _Told:
    """The story told up to a time: what is in which vessel, and how old the culture is."""

    def __init__(self, culture: Culture, until: datetime) -> None:
        self.culture, self.donor = culture, Donor.of(culture.seed)
        self.held: dict[str, Contents] = {}
        self.living = ""  # the vessel whose cells grow
        self.collected = 0  # patients so far
        self.now = culture.events[0].at if culture.events else until
        self.activated = self.transduced = until  # not yet
        for event in culture.events:
            if event.at <= until:
                self._live_until(event.at)
                _ACTS[event.kind](self, event)
        self._live_until(until)

    def contents(self, vessel: str) -> Contents:
        """Return a vessel's contents, with what its cells are like by now."""
        if vessel not in self.held:
            raise NotSoError(f"there are no cells in “{vessel}”: {_BEFORE[vessel]} comes first")
        held = self.held[vessel]
        return held if vessel in ("apheresis bag", "pbmc") else replace(held, **self._phenotype())

    def take(self, vessel: str) -> Contents:
        """Empty a vessel."""
        contents = self.contents(vessel)
        del self.held[vessel]
        return contents

    def _live_until(self, until: datetime) -> None:
        """Let the living vessel's cells grow, eat and turn sour, from point to point."""
        for point in [*(point for point in self.culture.points if self.now < point.at < until), None]:
            end = point.at if point else until
            if self.living:
                self.held[self.living] = self._grown(self.held[self.living], end)
            self.now = end

    def _grown(self, held: Contents, end: datetime) -> Contents:
        growth = self._growth(held)
        hours = _hours(self.now, end)
        eaten = UPTAKE * held.viable * _integral(lambda hour: math.exp(growth(hour)), hours)  # mmol
        eaten = min(eaten, held.glucose * held.volume / 1000 * 0.99)
        return replace(
            held,
            viable=held.viable * math.exp(growth(hours)),
            glucose=held.glucose - eaten / held.volume * 1000,
            lactate=held.lactate + LACTATE * eaten / held.volume * 1000,
        )

    def _growth(self, held: Contents) -> Callable[[float], float]:
        """Return hours from now → logarithm of the growth until then."""
        ahead = next((point for point in self.culture.points if point.at > self.now), None)
        if ahead:
            rate = math.log(ahead.viable_density / held.viable_density) / _hours(self.now, ahead.at)
            return lambda hours: rate * hours
        age, vigour = _hours(self.activated, self.now), self.donor.vigour
        grown_by = _grown_by if self.culture.protected else _killed_by
        return lambda hours: vigour * (grown_by(age + hours) - grown_by(age))

    def _phenotype(self) -> dict[str, float]:
        age = _hours(self.activated, self.now)
        since = _hours(self.transduced, self.now)  # 0 before the vector came
        cd7, both = 2 + 93 * math.exp(-since / 20), 0.6 * (1 - math.exp(-since / 12))
        if not self.culture.protected:
            cd7, both = 35 + 60 * math.exp(-since / 40), 22 * (1 - math.exp(-since / 48))
        return {
            "viability": self._viability(age),
            "cd3": 98.5 - (84.5 - self.donor.cd3) * math.exp(-age / 50),
            "car": self.donor.car * (1 - math.exp(-since / 30)),
            "cd7": cd7,
            "car_cd7": both,
            "blasts": self.donor.blasts * 1.15 * math.exp(-age / 26),
        }

    def _viability(self, age: float) -> float:
        known = [(_hours(self.activated, point.at), point.viability) for point in self.culture.points]
        if known:
            return _between(known, age)
        if not self.culture.protected:
            return 96 - 50 * (1 - math.exp(-max(0.0, age - 48) / 60))
        return 96 - 11.5 * math.exp(-(((age - 92) / 26) ** 2)) - 0.008 * age


def _collect(told: _Told, event: Event) -> None:
    """A bag comes, and with it another patient: whatever was here before is gone."""
    told.donor = donor = Donor.of(told.culture.seed + told.collected)
    told.collected += 1
    told.living = ""
    told.held = {
        "apheresis bag": Contents(
            volume=event.volume or 120.0,
            viable=donor.collected,
            glucose=5.0,
            lactate=1.0,
            viability=donor.viability,
            cd3=donor.cd3,
            cd7=95.0,
            blasts=donor.blasts,
        )
    }


def _isolate(told: _Told, event: Event) -> None:
    bag = told.take("apheresis bag")
    told.held["pbmc"] = replace(
        bag,
        volume=event.volume or 60.0,
        viable=bag.viable * told.donor.recovery,
        viability=bag.viability - 0.8,
        cd3=bag.cd3 + 14,
        blasts=bag.blasts * 1.15,
    )


def _activate(told: _Told, event: Event) -> None:
    pbmc = told.take("pbmc")
    cells = _at_most(event.cells or 1e8, pbmc, "pbmc")
    volume = event.volume or cells * pbmc.cd3 / 100 / 1e6
    told.held["activated"] = Contents(volume, cells, MEDIUM, 0.0)
    told.living, told.activated = "activated", event.at


def _transduce(told: _Told, event: Event) -> None:
    activated = told.take("activated")
    volume = activated.volume + event.volume
    told.held["transduced"] = replace(activated, volume=volume, viable=activated.viable * 0.93)
    told.living, told.transduced = "transduced", event.at


def _seed_bioreactor(told: _Told, event: Event) -> None:
    transduced = told.take("transduced")
    cells = _at_most(event.cells or transduced.viable, transduced, "transduced")
    told.held["bioreactor"] = Contents(event.volume or cells / 5e5, cells, MEDIUM, 0.0)
    told.living = "bioreactor"


def _feed(told: _Told, event: Event) -> None:
    before = told.take("bioreactor")
    added = event.volume or before.volume / 2
    volume = before.volume + added
    told.held["bioreactor"] = replace(
        before,
        volume=volume,
        glucose=(before.glucose * before.volume + MEDIUM * added) / volume,
        lactate=before.lactate * before.volume / volume,
    )


def _harvest(told: _Told, event: Event) -> None:
    culture = told.take("bioreactor")
    told.held["product"] = replace(culture, volume=event.volume or 20.0, viable=culture.viable * 0.78)
    told.living = ""


def _formulate(told: _Told, event: Event) -> None:
    product = told.take("product")
    told.held["product"] = replace(product, volume=event.volume or product.volume)


_ACTS: dict[str, Callable[[_Told, Event], None]] = {
    "collect": _collect,
    "isolate": _isolate,
    "activate": _activate,
    "transduce": _transduce,
    "seed_bioreactor": _seed_bioreactor,
    "feed": _feed,
    "harvest": _harvest,
    "formulate": _formulate,
}
EVENTS = tuple(_ACTS)


def _at_most(cells: float, held: Contents, vessel: str) -> float:
    if cells > held.viable:
        raise NotSoError(f"“{vessel}” holds {held.viable:.3g} viable cells, not {cells:.3g}")
    return cells


def _grown_by(age: float) -> float:
    """Return the logarithm of the growth since activation, at an age in hours: a lag, full growth, and its fading."""
    lag, fading = 48.0, 96.0
    if age <= lag:
        return -0.0034 * age
    if age <= fading:
        return -0.0034 * lag + 0.0285 * (age - lag)
    return -0.0034 * lag + 0.0285 * (fading - lag) + 0.0285 * 70 * (1 - math.exp(-(age - fading) / 70))


def _killed_by(age: float) -> float:
    """Return the same for cells that kill each other once the receptor is there."""
    return _grown_by(min(age, 60)) - 0.004 * max(0.0, age - 48)


def _integral(function: Callable[[float], float], end: float, steps: int = 24) -> float:
    """Simpson's rule from 0."""
    width = end / steps
    weights = (1, *(4 if step % 2 else 2 for step in range(1, steps)), 1)
    return sum(weight * function(step * width) for step, weight in enumerate(weights)) * width / 3


def _between(known: list[tuple[float, float]], at: float) -> float:
    """Interpolate between known points, and hold the first and the last beyond them."""
    for (left, low), (right, high) in pairwise(known):
        if left <= at < right:
            return low + (high - low) * (at - left) / (right - left)
    return known[0][1] if at < known[0][0] else known[-1][1]


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def drift(seed: int, name: str, at: datetime, size: float) -> float:
    """Return smooth noise of about ``size``, a function of time: slow waves whose phases the seed decides."""
    luck = Random(f"{seed}:{name}")  # noqa: S311 - a simulation
    hours = at.timestamp() / 3600
    waves = (math.sin(math.tau * (hours / period + luck.random())) for period in (0.31, 0.83, 2.9, 7.7))
    return size * sum(waves) / 2
