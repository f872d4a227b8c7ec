"""How instruments' protocols read bytes, without any input or output.

A `Link` is fed what came in and answers with events. They are to be carried out in order, and a `Send` stands after
everything that must be on disk before it: "acknowledge after commit" is nothing more than keeping that order, and
stopping at the first event that could not be carried out. Time is data too: a link says when it wants to be asked
again (`Link.deadline`), and is told the time; it never looks at a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class ProtocolError(ValueError):
    """A text that its protocol does not allow; the sentence says what was wrong with it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that passed its checks, to be kept before anything after it is done."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: its text without framing, and the bytes it came in."""

    text: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes that are no frame, or a message that broke off. Counted and kept; never a reading."""

    raw: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes for the wire."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """The far end was asked and does not answer. The line is to be closed, and opened anew."""

    reason: str


Event = Frame | Message | Garbled | Send | Lost


class Link(Protocol):
    """One side of a line. All times are seconds of one monotonic clock."""

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called, if nothing comes before; None for never."""

    def feed(self, data: bytes, now: float) -> list[Event]:
        """Take in bytes, however they were cut."""

    def tick(self, now: float) -> list[Event]:
        """Act on a deadline that has passed. Calling it early does nothing."""
