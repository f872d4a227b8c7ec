"""What is asked of the audit trail, as its page and its copies show it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import text

from batch_records.executed.draft import Malformed
from mes.audit.search import Filter, everything, must_be_readable, search
from mes.audit.words import cell, old_and_new, what
from mes.batches.shown import local, minute
from mes.context import installation
from mes.people.queries import names
from mes.web.shapes import Option

_BOOKS = (
    ("batch:", "batches"),
    ("user:", "people"),
    ("lot:", "lots"),
    ("equipment:", "equipment"),
    ("recipe:", "recipes"),
    ("dose-plan:", "dose plans"),
    ("order:", "orders"),
    ("sample:", "samples"),
    ("laboratory", "the laboratory"),
)
# From one kind to the next in the index, however many lines each has.
_KINDS = text("""
    WITH RECURSIVE found(kind) AS (
      SELECT min(kind) FROM line
      UNION ALL SELECT (SELECT min(kind) FROM line WHERE line.kind > found.kind) FROM found WHERE found.kind IS NOT NULL
    ) SELECT kind FROM found WHERE kind IS NOT NULL""")
_COPIED = ("at", "who", "user", "role", "workstation", "book", "line", "what", "old", "new", "why", "signed", "hash")


@dataclass(frozen=True)
class AuditLine:
    """One line, in words."""

    book: str
    page: int
    who: str
    user: str
    role: str
    at: datetime
    what: str
    old: str | None
    new: str | None
    why: str | None
    signed: str | None
    place: str
    hash: str
    chosen: bool = False


@dataclass(frozen=True)
class AuditPage:
    """Everything that ``audit.html`` asks for."""

    lines: tuple[AuditLine, ...]
    filter: Filter
    people: tuple[Option, ...]
    books: tuple[Option, ...]
    kinds: tuple[Option, ...]
    older: str | None
    counted: str
    error: str = ""


def audit_page(asked: Filter) -> AuditPage:
    """Return a page of lines, the newest first where nothing else is asked."""
    asked, people = _of_one_book(asked), names()
    options = tuple(Option(id_, name) for id_, name in sorted(people.items(), key=lambda pair: pair[1]))
    books = tuple(Option(value, word) for value, word in _BOOKS)
    with installation().reading() as session:
        kinds = tuple(Option(kind, kind) for kind in session.execute(_KINDS).scalars())
        page = AuditPage((), asked, options, books, kinds, None, "")
        try:
            found = search(session.connection(), asked)
        except Malformed as error:
            return replace(page, error=str(error))
    lines = tuple(_line(row, people, asked.line) for row in found.rows)
    counted = f"{len(lines)} lines"
    if found.reached:
        reached = minute(datetime.fromisoformat(found.reached))
        counted += f"; {found.looked_through:,} were looked through, to {reached}"
    older = url_for("audit.audit", **{**vars(asked), "before": found.after}) if found.after else None
    return replace(page, lines=lines, older=older, counted=counted + (", more below" if older else ""))


def _of_one_book(asked: Filter) -> Filter:
    """Take a whole book's name apart: links have it whole, the page's form has its kind and its name."""
    kind, colon, which = asked.book.partition(":")
    return replace(asked, book=f"{kind}:", which=which) if colon and which else asked


def copied(asked: Filter, how: str) -> Iterator[str]:
    """Give every line that answers, as a table for a spreadsheet, or as JSON. Raise `Malformed` at once, if at all."""
    asked = _of_one_book(asked)
    must_be_readable(asked)
    return _copied(asked, how)


def _copied(asked: Filter, how: str) -> Iterator[str]:
    with installation().reading() as session:
        rows = everything(session.connection(), asked)
        yield from _as_json(rows) if how == "json" else _as_table(rows, names())


def _as_json(rows: Iterator[Any]) -> Iterator[str]:
    yield '{"lines": ['
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + json.dumps({"text": row.text, "hash": bytes(row.hash).hex()})
    yield "\n]}\n"


def _as_table(rows: Iterator[Any], people: Mapping[str, str]) -> Iterator[str]:
    yield _row(_COPIED)
    for row in rows:
        each = _line(row, people)
        words = (each.what, each.old, each.new, each.why, each.signed)
        who = (each.who, each.user, each.role, each.place)
        yield _row((each.at.isoformat(), *who, each.book, str(each.page), *words, each.hash))


def _row(cells: tuple[str | None, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cell(each or "") for each in cells)
    return written.getvalue()


def _line(row: Any, people: Mapping[str, str], chosen: str = "") -> AuditLine:  # noqa: ANN401 - a row of the ledger
    content = json.loads(row.text)
    body, signed = content.get("body", {}), content.get("signed")
    old, new = old_and_new(body)
    return AuditLine(
        book=content["book"],
        page=content["page"],
        who=people.get(content["author"], content["author"]),
        user=content["author"],
        role=content.get("role", ""),
        at=local(datetime.fromisoformat(content["at"])),
        what=what(content["kind"], body),
        old=old,
        new=new,
        why=content.get("reason"),
        signed=f"signed as “{signed['meaning']}” by {signed['name']}" if signed else None,
        place=content.get("workstation", ""),
        hash=bytes(row.hash).hex(),
        chosen=str(content["page"]) == chosen,
    )
