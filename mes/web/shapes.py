"""The shapes that pages share: frozen, flat, made by queries, read by templates; times are in the site's zone.

The comment at the top of ``parts.html`` says what each attribute means to a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Stamp:
    """Who did something, in which role, when; a signature says its user name and what it means as well."""

    who: str
    role: str
    at: datetime
    user: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Withdrawn:
    """Signatures that count no more, each with its verb, and the change since which they appear unsigned."""

    signatures: tuple[tuple[str, Stamp], ...]
    amended: Stamp
    because: str


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    value: str
    word: str


@dataclass(frozen=True)
class Link:
    """A word that leads somewhere."""

    word: str
    url: str


@dataclass(frozen=True)
class Scale:
    """Where a value stands among its limits, as positions from 0 to 100."""

    at: float | None
    low: float | None = None
    high: float | None = None
    alert_low: float | None = None
    alert_high: float | None = None


@dataclass(frozen=True)
class Struck:
    """A value that was replaced."""

    value: str
    unit: str
    recorded: Stamp
    struck: Stamp
    reason: str


@dataclass(frozen=True)
class Reading:
    """What an instrument shows now."""

    key: str
    instrument: str
    channel: str
    value: str
    unit: str
    at: datetime
    age: int
    quality: str  # good, stale, bad
    source: str
    verdict: str
    scale: Scale | None
    takeable: bool
    refusal: str
    stale_after: int


@dataclass(frozen=True)
class Count:
    """One count of a value that is measured several times."""

    number: int
    value: str
    unit: str
    source: str


@dataclass(frozen=True)
class Field:
    """One field of a step, as the page asks for it or shows it."""

    name: str
    ask: str
    kind: str
    unit: str
    limits: tuple[str, ...]
    parameter_class: str | None
    hint: str
    options: tuple[Option, ...] = ()
    expected: str = ""
    formula: str = ""
    value: str | None = None
    verdict: str = "none"
    scale: Scale | None = None
    source: str = ""
    recorded: Stamp | None = None
    history: tuple[Struck, ...] = ()
    correctable: bool = False
    draft: str = ""
    error: str = ""
    typeable: bool = False
    reading: Reading | None = None
    instrument: str = ""
    sheet: str = ""  # where its labels can be printed
    repeats: int = 0  # how often it is measured, where it is measured several times
    counts: tuple[Count, ...] = ()  # of the set that is being counted, or was counted last


@dataclass(frozen=True)
class Clock:
    """A running clock."""

    words: str
    started: datetime
    until: datetime | None
    limit_words: str


@dataclass(frozen=True)
class Signature:
    """What a person is asked to sign. ``what`` names the record; ``not_by`` are the users who may not sign it."""

    title: str
    statement: str
    meaning: str
    seen: str
    what: str
    who: str = ""
    not_by: frozenset[str] = frozenset()
    comment: str | None = None  # optional, required
    comment_ask: str = ""
    draft_user: str = ""
    draft_comment: str = ""
    error: str = ""


@dataclass(frozen=True)
class Held:
    """Why a batch is held, since when, and what lifts it."""

    sentence: str
    since: datetime
    unblock: str


@dataclass(frozen=True)
class BatchHead:
    """A batch as the banner of its pages shows it."""

    number: str
    coi: str
    product: str
    cell_source: str
    state: str
    held: Held | None
    started: Stamp
    recipe: str


@dataclass(frozen=True)
class StepLink:
    """A step to go to, and who can do it."""

    key: str
    name: str
    who: str = ""
    url: str = ""
    state: str = ""
    note: str = ""
    flags: tuple[str, ...] = ()
