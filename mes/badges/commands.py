"""What is done with badges: issued, tested, reported lost, given back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.badges.models import IN_USE, LOST, RETURNED, Badge
from mes.execute import Doing, handles
from mes.people.models import ADMINISTRATOR, SUPERVISOR, User

_CODE = re.compile(r"[0-9A-Za-z._:+-]{4,60}")
_LONGEST = timedelta(hours=24)
_KEEPERS = (ADMINISTRATOR, SUPERVISOR)


@dataclass(frozen=True)
class IssueBadge:
    """Give a person a badge."""

    code: str
    user: str


@dataclass(frozen=True)
class IssueTemporaryBadge:
    """Give a person a badge for some hours. Who is signed in hands it out, another signs for it."""

    code: str
    user: str
    until: datetime


@dataclass(frozen=True)
class NoteBadgeTest:
    """Say that a badge was scanned, and named the person who carries it."""

    code: str
    user: str


@dataclass(frozen=True)
class EndBadge:
    """Say that a badge was lost, or given back. It names nobody from now on."""

    code: str
    user: str
    how: str


OfBadge = IssueBadge | IssueTemporaryBadge | NoteBadgeTest | EndBadge


def _book(command: OfBadge) -> Iterable[str]:
    return (f"user:{command.user}",)


@handles(IssueBadge, "issued a badge", roles=_KEEPERS, books=_book)
def issue_badge(doing: Doing, command: IssueBadge) -> None:
    """Issue it; another badge of the same person stays as it is until it is given back or lost."""
    _add(doing, command.code, command.user, None)


@handles(IssueTemporaryBadge, "issued a temporary badge", roles=(SUPERVISOR,), books=_book, signature="second person")
def issue_temporary_badge(doing: Doing, command: IssueTemporaryBadge) -> None:
    """Issue it for a day at most, under the control of two people (21 CFR 11.300(c))."""
    handing_out = doing.session.get(User, doing.by.session_of)
    if handing_out is None or handing_out.id == doing.by.person.id:
        raise Refused("a temporary badge takes two people: one is signed in and hands it out, another signs")
    if not set(_KEEPERS) & set(handing_out.roles):
        raise Refused("a temporary badge is handed out by an administrator or a supervisor")
    if command.user in (handing_out.id, doing.by.person.id):
        raise Refused("nobody has a part in their own badge")
    if not doing.act.at < command.until <= doing.act.at + _LONGEST:
        raise Malformed("until", "a temporary badge ends within a day: say when")
    badge = _add(doing, command.code, command.user, command.until)
    badge.issued_by, badge.confirmed_by = handing_out.id, doing.by.person.id
    doing.act.write(badge.book, "temporary badge confirmed", {"badge": badge.code}, signed=doing.signed)


@handles(NoteBadgeTest, "tested a badge", roles=_KEEPERS, books=_book)
def note_badge_test(doing: Doing, command: NoteBadgeTest) -> None:
    """Keep when a badge was last scanned to see whom it names (21 CFR 11.300(e))."""
    badge = _badge(doing, command.code, command.user)
    if badge.state != IN_USE:
        raise Refused(f"badge {badge.code} was {badge.state}")
    badge.tested, badge.tested_by = doing.act.at, doing.by.person.id


@handles(EndBadge, "withdrew a badge", books=_book)
def end_badge(doing: Doing, command: EndBadge) -> None:
    """End it at once. A loss may be told by who lost it, and by whoever looks after people."""
    badge, by = _badge(doing, command.code, command.user), doing.by.person
    if by.id != badge.user and not by.roles & {*_KEEPERS, Role.REVIEWER.value}:
        raise Refused("a badge is withdrawn by who carries it, an administrator, a supervisor or a quality reviewer")
    if command.how not in (LOST, RETURNED):
        raise Malformed("how", "say whether the badge was lost or given back")
    if badge.state == IN_USE:
        badge.state = command.how


def _add(doing: Doing, code: str, user: str, until: datetime | None) -> Badge:
    person = doing.session.get(User, user)
    if person is None or not person.password_hash or not person.active:
        raise Refused(f"nobody with the name “{user}” works here")
    if not _CODE.fullmatch(code):
        raise Malformed("code", "scan the badge: its code has 4 to 60 letters and digits")
    if doing.session.get(Badge, code) or doing.session.get(User, code):
        raise Refused(f"the code “{code}” was given before; codes are never given again")
    badge = Badge(code=code, user=user, issued=doing.act.at, issued_by=doing.by.person.id, until=until)
    # The one who hands it out has just scanned it in front of its holder: that is its first test.
    badge.tested, badge.tested_by = doing.act.at, doing.by.person.id
    doing.session.add(badge)
    return badge


def _badge(doing: Doing, code: str, user: str) -> Badge:
    badge = doing.session.get(Badge, code)
    if badge is None or badge.user != user:
        raise Refused(f"there is no badge “{code}” of {user}")
    return badge
