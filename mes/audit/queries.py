"""What is asked of the audit trail: the ledger's lines, found by who, what, when and why."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, Select, select

from batch_records.executed.draft import Malformed
from mes.audit.words import old_and_new, what
from mes.batches.shown import local
from mes.context import installation
from mes.ledger.line import utc
from mes.ledger.tables import line
from mes.people.queries import names
from mes.web.forms import local_time
from mes.web.shapes import Option

_A_PAGE = 50
_PLACE = re.compile(r"([^|]+)\|(.+)\|([0-9]{1,9})")
_BOOKS = (
    ("batch:", "batches"),
    ("user:", "people"),
    ("lot:", "lots"),
    ("equipment:", "equipment"),
    ("recipe:", "recipes"),
    ("order:", "orders"),
    ("sample:", "samples"),
    ("laboratory", "the laboratory"),
)


@dataclass(frozen=True)
class Filter:
    """What was asked."""

    words: str = ""
    who: str = ""
    book: str = ""
    since: str = ""
    until: str = ""
    before: str = ""  # the place to go on from: a time and a book, as the next page's link has it


@dataclass(frozen=True)
class AuditLine:
    """One line, in words."""

    book: str
    page: int
    who: str
    role: str
    at: datetime
    what: str
    old: str | None
    new: str | None
    why: str | None
    signed: str | None
    place: str
    hash: str


@dataclass(frozen=True)
class AuditPage:
    """Everything that ``audit.html`` asks for."""

    lines: tuple[AuditLine, ...]
    filter: Filter
    people: tuple[Option, ...]
    books: tuple[Option, ...]
    older: str | None
    counted: str
    error: str = ""


def audit_page(asked: Filter) -> AuditPage:
    """Return a page of lines, the newest first."""
    people = names()
    books = tuple(Option(value, word) for value, word in _BOOKS)
    options = tuple(Option(id_, name) for id_, name in sorted(people.items(), key=lambda pair: pair[1]))
    try:
        query = _query(asked)
    except Malformed as error:
        return AuditPage((), asked, options, books, None, "", str(error))
    with installation().reading() as session:
        rows = session.connection().execute(query.limit(_A_PAGE + 1)).all()
    lines = [_line(row.text, bytes(row.hash).hex(), people) for row in rows[:_A_PAGE]]
    older = None
    if len(rows) > _A_PAGE:
        last = rows[_A_PAGE - 1]
        older = url_for("audit.audit", **{**vars(asked), "before": f"{last.at}|{last.book}|{last.page}"})
    counted = f"{len(lines)} lines" + (", more below" if older else "")
    return AuditPage(tuple(lines), asked, options, books, older, counted)


def _query(asked: Filter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if asked.who:
        conditions.append(line.c.author == asked.who)
    if asked.book:
        conditions.append(line.c.book.startswith(asked.book, autoescape=True))
    if asked.since:
        conditions.append(line.c.at >= utc(local_time("since", asked.since)))
    if asked.until:
        whole_day = timedelta(days=1) if len(asked.until) == len("2026-11-22") else timedelta(0)
        conditions.append(line.c.at < utc(local_time("until", asked.until) + whole_day))
    conditions += [line.c.text.contains(word, autoescape=True) for word in asked.words.split()]
    if asked.before:
        conditions.append(_after(asked.before))
    order = (line.c.at.desc(), line.c.book.desc(), line.c.page.desc())
    return select(line.c.at, line.c.book, line.c.page, line.c.text, line.c.hash).where(*conditions).order_by(*order)


def _after(place: str) -> ColumnElement[bool]:
    """Return the condition that a line comes after a place, in the order above."""
    found = _PLACE.fullmatch(place)
    if not found:
        raise Malformed("before", "this is no place in the audit trail: begin again")
    at, of, page = found.groups()
    same = (line.c.at == at) & (line.c.book == of)
    return (line.c.at < at) | ((line.c.at == at) & (line.c.book < of)) | (same & (line.c.page < int(page)))


def _line(text: str, hashed: str, people: Mapping[str, str]) -> AuditLine:
    content = json.loads(text)
    body, signed = content.get("body", {}), content.get("signed")
    old, new = old_and_new(body)
    return AuditLine(
        book=content["book"],
        page=content["page"],
        who=people.get(content["author"], content["author"]),
        role=content.get("role", ""),
        at=local(datetime.fromisoformat(content["at"])),
        what=what(content["kind"], body),
        old=old,
        new=new,
        why=content.get("reason"),
        signed=f"signed as “{signed['meaning']}” by {signed['name']}" if signed else None,
        place=content.get("workstation", ""),
        hash=hashed,
    )
