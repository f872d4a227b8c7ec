"""What is asked about badges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from batch_records.executed.commands import Person
from mes.badges.commands import IssueBadge
from mes.badges.models import IN_USE, Badge
from mes.batches.shown import local
from mes.context import installation
from mes.execute import HANDLERS
from mes.people.models import SignIn, User
from mes.people.queries import names
from mes.web import shapes
from mes.web.history import head_of

TEST_AGAIN_AFTER_DAYS = 365


@dataclass(frozen=True)
class BadgeLine:
    """A badge: whose, since when, last used and last tested when."""

    code: str
    user: str
    holder: str
    state: str  # in use, ended, lost, returned
    issued: datetime
    by: str
    until: datetime | None
    days: int
    used: datetime | None
    tested: datetime | None
    test_is_due: bool


@dataclass(frozen=True)
class BadgesPage:
    """Everything that ``badges.html`` asks for."""

    badges: tuple[BadgeLine, ...]
    people: tuple[shapes.Option, ...]
    chosen: str
    may_issue: bool
    signature: shapes.Signature | None
    error: str


def badges() -> tuple[BadgeLine, ...]:
    """Return all badges, those in use first."""
    with installation().reading() as session:
        rows = session.scalars(select(Badge).order_by(Badge.state, Badge.user, Badge.issued.desc())).all()
        last = select(SignIn.badge, func.max(SignIn.began)).where(SignIn.badge.is_not(None)).group_by(SignIn.badge)
        used = dict(session.execute(last).all())
    return tuple(_line(row, used.get(row.code)) for row in rows)


def badges_of(user: str) -> tuple[BadgeLine, ...]:
    """Return the badges that a person carries now."""
    return tuple(each for each in badges() if each.user == user and each.state == IN_USE)


def badges_page(person: Person, chosen: str = "", error: str = "") -> BadgesPage:
    """Return the page, with the form of a temporary badge for the person chosen."""
    with installation().reading() as session:
        query = select(User.id, User.name).where(User.active, User.password_hash.is_not(None)).order_by(User.name)
        people = [shapes.Option(id_, name) for id_, name in session.execute(query)]
        known = any(option.value == chosen for option in people)
        head = head_of(session, f"user:{chosen}") if known else ""
    may_issue = bool(person.roles & HANDLERS[IssueBadge].roles)
    holder = next((option.word for option in people if option.value == chosen), "")
    statement = f"I know {holder}, and saw that this badge is handed to nobody else."
    signature = shapes.Signature(
        "Second person", statement, "second person", head, f"A supervisor, not {person.name}.", error=error
    )
    return BadgesPage(
        badges(), tuple(people), chosen if known else "", may_issue, signature if known and may_issue else None, error
    )


def _line(row: Badge, used: datetime | None) -> BadgeLine:
    now, people = installation().now(), names()
    has_ended = row.state == IN_USE and row.until is not None and row.until <= now
    by = people.get(row.issued_by, row.issued_by)
    if row.confirmed_by:
        by += f" and {people.get(row.confirmed_by, row.confirmed_by)}"
    return BadgeLine(
        code=row.code,
        user=row.user,
        holder=people.get(row.user, row.user),
        state="ended" if has_ended else row.state,
        issued=local(row.issued),
        by=by,
        until=local(row.until) if row.until else None,
        days=(now - row.issued).days,
        used=local(used) if used else None,
        tested=local(row.tested) if row.tested else None,
        test_is_due=not row.tested or (now - row.tested).days >= TEST_AGAIN_AFTER_DAYS,
    )
