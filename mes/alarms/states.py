"""What an alarm is (ISA-18.2): its states and what may follow what, and when a value is out, or back.

::

    normal ──raised──▶ unacknowledged ──acknowledged──▶ acknowledged ──returned──▶ normal
                          ▲     │                            │
                          │     └returned──▶ returned, unacknowledged ──acknowledged──▶ normal
                          └──────raised────────────────┘

    any of them ──shelved──▶ shelved ──unshelved──▶ unacknowledged while it is out, else normal

What happens while an alarm is shelved is recorded and changes nothing on the list. A value is out past the limit for as
long as the on-delay says, and back inside the limit by the deadband for as long as the off-delay says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from fractions import Fraction

from batch_records.executed.span import apart

KINDS = ("high high", "high", "low", "low low", "signal lost")
PRIORITIES = ("critical", "high", "medium", "low")
NOTHING = timedelta(0)


class State(Enum):
    """Where an alarm stands."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned, unacknowledged"
    SHELVED = "shelved"


class Event(Enum):
    """What happens to an alarm, as its line in the ledger says."""

    RAISED = "alarm raised"
    RETURNED = "alarm returned"
    ACKNOWLEDGED = "alarm acknowledged"
    SHELVED = "alarm shelved"
    UNSHELVED = "alarm unshelved"


TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (State.NORMAL, Event.RAISED): State.UNACKNOWLEDGED,
    (State.RETURNED, Event.RAISED): State.UNACKNOWLEDGED,
    (State.SHELVED, Event.RAISED): State.SHELVED,
    (State.UNACKNOWLEDGED, Event.RETURNED): State.RETURNED,
    (State.ACKNOWLEDGED, Event.RETURNED): State.NORMAL,
    (State.SHELVED, Event.RETURNED): State.SHELVED,
    (State.UNACKNOWLEDGED, Event.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.RETURNED, Event.ACKNOWLEDGED): State.NORMAL,
    (State.UNACKNOWLEDGED, Event.SHELVED): State.SHELVED,
    (State.ACKNOWLEDGED, Event.SHELVED): State.SHELVED,
    (State.RETURNED, Event.SHELVED): State.SHELVED,
    (State.SHELVED, Event.UNSHELVED): State.NORMAL,  # unacknowledged, where it is out: see `after`
}


def after(state: State, event: Event, *, is_out: bool) -> State | None:
    """Return the state after an event, or None where the event cannot follow."""
    found = TRANSITIONS.get((state, event))
    return State.UNACKNOWLEDGED if event is Event.UNSHELVED and found and is_out else found


@dataclass(frozen=True)
class Condition:
    """When an alarm is raised, and when it is over; numbers in base units."""

    kind: str
    limit: Fraction
    deadband: Fraction = Fraction(0)
    on_delay: timedelta = NOTHING
    off_delay: timedelta = NOTHING

    def is_out(self, number: Fraction) -> bool:
        """Say whether a number is past the limit."""
        return number > self.limit if self.kind.startswith("high") else number < self.limit

    def is_back(self, number: Fraction) -> bool:
        """Say whether a number is inside the limit by the deadband."""
        if self.kind.startswith("high"):
            return number <= self.limit - self.deadband
        return number >= self.limit + self.deadband


@dataclass(frozen=True)
class Watched:
    """What is known of one value against one limit: since when it is out, and since when it is back again."""

    out_since: datetime | None = None
    back_since: datetime | None = None
    out: str = ""  # what was measured when it went out
    back: str = ""  # and when it came back
    is_raised: bool = False


def watch(condition: Condition, known: Watched, number: Fraction, said: str, at: datetime) -> Watched:
    """Return what is known after one more reading. An excursion shorter than the on-delay never was."""
    if condition.is_out(number):
        if known.out_since and known.back_since:
            return replace(known, back_since=None)
        return known if known.out_since else Watched(at, None, said)
    if known.out_since is None or known.back_since or not condition.is_back(number):
        return known
    if not known.is_raised and at - known.out_since < condition.on_delay:
        return Watched()
    return replace(known, back_since=at, back=said)


def due(condition: Condition, known: Watched, now: datetime) -> Event | None:
    """Say what is to be done now: raise the alarm, or say that it is over."""
    if known.out_since and not known.is_raised:
        lasted = apart(known.back_since or now, known.out_since)
        return Event.RAISED if lasted >= condition.on_delay else None
    if known.is_raised and known.back_since and apart(now, known.back_since) >= condition.off_delay:
        return Event.RETURNED
    return None
