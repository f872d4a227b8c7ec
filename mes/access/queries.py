"""What is asked about access: the log, the list of rights, the reviews there were."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import abort, url_for
from sqlalchemy import Select, select

from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed
from mes.access.commands import ReviewAccess
from mes.access.models import AccessReview
from mes.access.rights import content, digest_of
from mes.batches.shown import local
from mes.context import installation
from mes.execute import HANDLERS
from mes.ledger.line import utc
from mes.ledger.tables import line
from mes.people.queries import names
from mes.web import shapes
from mes.web.forms import local_time
from mes.web.history import head_of

_KINDS = ("sign in added", "sign in changed", "password refused", "user account changed")
_MOST, _EXPORTED = 200, 100_000
_LIVE = ("=", "+", "-", "@", "\t", "\r")  # what makes a cell of a spreadsheet a formula


@dataclass(frozen=True)
class Asked:
    """What the log was asked for, as typed."""

    who: str = ""
    where: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Event:
    """Somebody came, went, or was not let in."""

    at: datetime
    user: str
    name: str
    role: str
    what: str
    place: str


@dataclass(frozen=True)
class LogPage:
    """Everything that ``log.html`` asks for."""

    events: tuple[Event, ...]
    asked: Asked
    people: tuple[shapes.Option, ...]
    counted: str
    error: str


def log_page(asked: Asked) -> LogPage:
    """Return the newest events that answer to what was asked."""
    people = tuple(shapes.Option(id_, name) for id_, name in sorted(names().items(), key=lambda each: each[1]))
    try:
        found = tuple(_events(asked, _MOST + 1))
    except Malformed as error:
        return LogPage((), asked, people, "", str(error))
    counted = f"the newest {_MOST}; narrow it down, or export it" if len(found) > _MOST else f"{len(found)} in all"
    return LogPage(found[:_MOST], asked, people, counted, "")


def exported(asked: Asked) -> str:
    """Return the log as a table of comma-separated values; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("time", "user", "name", "role", "what", "workstation"))
    for event in _events(asked, _EXPORTED):
        cells = (event.at.isoformat(), event.user, event.name, event.role, event.what, event.place)
        table.writerow([f"'{cell}" if cell.startswith(_LIVE) else cell for cell in cells])
    return out.getvalue()


def _events(asked: Asked, most: int) -> Iterator[Event]:
    query = _query(asked).limit(most * 2)
    with installation().database.reader.connect() as connection:
        count = 0
        for row in connection.execute(query):
            event = _event(row.book.removeprefix("user:"), json.loads(row.text))
            if event and asked.where in event.place:
                yield event
                count += 1
            if count == most:
                return


def _query(asked: Asked) -> Select[Any]:
    query = (
        select(line.c.book, line.c.text).where(line.c.kind.in_(_KINDS)).order_by(line.c.at.desc(), line.c.page.desc())
    )
    if asked.who:
        query = query.where(line.c.book == f"user:{asked.who}")
    if asked.since:
        query = query.where(line.c.at >= utc(local_time("since", asked.since)))
    if asked.until:
        end = local_time("until", asked.until)
        end += timedelta(days=1) if len(asked.until) == len("2026-11-22") else timedelta()
        query = query.where(line.c.at < utc(end))
    return query


def _event(user: str, content_: Mapping[str, Any]) -> Event | None:
    what = _what(content_["kind"], content_["body"])
    if not what:
        return None
    at = local(datetime.fromisoformat(content_["at"]))
    name = names().get(user, "nobody has this name")
    return Event(at, user, name, content_.get("role", ""), what, content_.get("workstation", ""))


def _what(kind: str, body: Mapping[str, Any]) -> str:
    if kind == "sign in added":
        badge, began_by = (body["values"].get(name) for name in ("badge", "began_by"))
        how = f", name from badge {badge}" if badge else f" by {began_by}" if began_by else ""
        return f"signed in{how}"
    changes = body.get("changes", {})
    if kind == "sign in changed":
        return f"signed out: {changes['how'][1]}" if "how" in changes else ""
    if kind == "password refused":
        return f"wrong password for a {body['purpose']}"
    return {True: "locked out", False: "unlocked"}.get(changes.get("locked", [None, None])[1], "")


@dataclass(frozen=True)
class Right:
    """An account in the list of rights, as a review shows it."""

    id: str
    name: str
    roles: str
    state: str
    secret: str
    since: datetime | None
    used: datetime | None
    identity: str
    signs: bool
    notes: str


@dataclass(frozen=True)
class Carried:
    """A badge in the list of a review."""

    code: str
    holder: str
    since: datetime | None
    until: datetime | None
    tested: datetime | None
    used: datetime | None


@dataclass(frozen=True)
class Reviewed:
    """A review in the list of reviews."""

    number: int
    stamp: shapes.Stamp
    conclusion: str
    digest: str
    url: str


@dataclass(frozen=True)
class ReviewPage:
    """Everything that ``access_review.html`` asks for."""

    number: int
    rights: tuple[Right, ...]
    badges: tuple[Carried, ...]
    digest: str
    reviews: tuple[Reviewed, ...]
    signature: shapes.Signature | None
    at: datetime


def review_page(person: Person, number: int = 0) -> ReviewPage:
    """Return the list as it stands, to be reviewed; or the one that was reviewed before."""
    now = installation().now()
    with installation().reading() as session:
        rows = session.scalars(select(AccessReview).order_by(AccessReview.number.desc())).all()
        past = next((row for row in rows if row.number == number), None)
        if number and past is None:
            abort(404, f"There was no review {number}.")
        found = past.content if past else content(session, now)
        head = head_of(session, "laboratory")
    digest = past.digest if past else digest_of(found)
    may = not past and bool(person.roles & HANDLERS[ReviewAccess].roles)
    signature = _signature(digest, head) if may else None
    rights, badges = tuple(map(_right, found["users"])), tuple(map(_carried, found["badges"]))
    reviews = tuple(map(_reviewed, rows))
    return ReviewPage(number, rights, badges, digest, reviews, signature, local(past.reviewed if past else now))


def _signature(digest: str, head: str) -> shapes.Signature:
    return shapes.Signature(
        "Review of access",
        f"I have looked at every account, its rights and its badges. Digest {digest[:16]}…",
        "reviewed",
        head,
        "The review of access",
        comment="required",
        comment_ask="What you conclude, and what is to be changed",
    )


def _right(row: Mapping[str, Any]) -> Right:
    return Right(
        id=row["id"],
        name=row["name"],
        roles=", ".join(row["roles"]),
        state=row["state"],
        secret=row["secret"],
        since=_time(row["since"]),
        used=_time(row["used"]),
        identity=row["identity"],
        signs=row["signs"],
        notes=", ".join(row["notes"]),
    )


def _carried(row: Mapping[str, Any]) -> Carried:
    times = (_time(row[key]) for key in ("since", "until", "tested", "used"))
    return Carried(row["code"], names().get(row["user"], row["user"]), *times)


def _reviewed(row: AccessReview) -> Reviewed:
    stamp = shapes.Stamp(names().get(row.reviewed_by, row.reviewed_by), "", local(row.reviewed))
    return Reviewed(row.number, stamp, row.conclusion, row.digest, url_for("access.review", number=row.number))


def _time(text: str) -> datetime | None:
    return local(datetime.fromisoformat(text)) if text else None


@dataclass(frozen=True)
class Printed:
    """Everything that ``printed.html`` asks for."""

    what: str
    rights: tuple[Right, ...]
    at: datetime


def printed(what: str) -> Printed:
    """Return a list to print: of users and rights, or of who may sign, or the letter to the authority."""
    now = installation().now()
    with installation().reading() as session:
        found = content(session, now)
    people = [row for row in found["users"] if what == "users" or row["signs"]]
    return Printed(what, tuple(map(_right, people)), local(now))
