"""One check of a qualification: what was expected, what was found, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mes.evidence.results import FAILED, PASSED
from mes.settings import Settings

OPEN = "open"


@dataclass(frozen=True)
class Site:
    """What is qualified: an installation, and what its people told us of its surroundings.

    ``url`` is where tablets reach it, ``backups`` where its copies lie, ``scratch`` the owner's address of an empty
    database for the operational checks; each is empty where nobody said.
    """

    settings: Settings
    environment: dict[str, str]
    url: str = ""
    backups: Path | None = None
    scratch: str = ""


@dataclass(frozen=True)
class Found:
    """What one look gave: whether it is as expected (None where nobody can tell), and in words."""

    good: bool | None
    actual: str


@dataclass(frozen=True)
class Check:
    """A check that was made."""

    id: str
    title: str
    expected: str
    actual: str
    verdict: str
    at: str


Look = Callable[[Site], Found]


@dataclass(frozen=True)
class Question:
    """A check to be made."""

    title: str
    expected: str
    look: Look


def answered(part: str, questions: Iterable[Question], site: Site) -> Iterator[Check]:
    """Make checks in their order. ``part`` is IQ or OQ."""
    for number, question in enumerate(questions, 1):
        yield check(f"{part}-{number:02}", question.title, question.expected, question.look(site))


def check(id_: str, title: str, expected: str, found: Found) -> Check:
    """Judge what was found."""
    verdict = OPEN if found.good is None else PASSED if found.good else FAILED
    return Check(id_, title, expected, found.actual, verdict, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")


def nothing_but(problems: Sequence[str], otherwise: str, most: int = 12) -> Found:
    """Return that all is well where there is no problem, else the first of them."""
    if not problems:
        return Found(good=True, actual=otherwise)
    more = f" and {len(problems) - most} more" if len(problems) > most else ""
    return Found(good=False, actual="; ".join(problems[:most]) + more)


def verdict_of(checks: Iterable[Check]) -> str:
    """Return the worst: one failure fails all, and what nobody could look at leaves it open."""
    verdicts: set[str] = {each.verdict for each in checks}
    return next((verdict for verdict in (FAILED, OPEN) if verdict in verdicts), PASSED)


def counted(checks: Sequence[Check]) -> dict[str, Any]:
    """Count the verdicts."""
    return {verdict: sum(each.verdict == verdict for each in checks) for verdict in (PASSED, FAILED, OPEN)}
