"""What is asked about documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import abort
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mes.batches import shown
from mes.batches.queries import find
from mes.context import installation
from mes.ledger.log import newest
from mes.ledger.tables import book
from mes.people.queries import names
from mes.reports.models import Document
from mes.web import shapes

_SEALED_WITHIN = timedelta(minutes=3)


@dataclass(frozen=True)
class RecordShown:
    """The PDF of a batch record."""

    state: str  # none, rendering, ready, failed
    pages: int = 0
    size: str = ""
    made: shapes.Stamp | None = None
    digest: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class LedgerShown:
    """Where the batch's book stands."""

    head: str
    lines: int
    all_books: int
    all_lines: int


@dataclass(frozen=True)
class RecordPage:
    """Everything that ``record.html`` asks for."""

    batch: shapes.BatchHead
    record: RecordShown
    ledger: LedgerShown
    stale_words: str


def record_page(batch: str) -> RecordPage:
    """Return the state of a batch's PDF, and of its book."""
    people = names()
    with installation().reading() as session:
        found = find(session, batch)
        newest = _newest(session, batch)
        books, lines = session.execute(select(func.count(), func.sum(book.c.pages))).one()
    more = found.last.page - (newest.page or 0) if newest and newest.state == "ready" else 0
    return RecordPage(
        batch=shown.head(found, people),
        record=_shown(newest, people) if newest else RecordShown("none"),
        ledger=LedgerShown(found.last.hash, found.last.page, books, lines),
        stale_words=f"{more} lines were written since." if more else "",
    )


def state_of(session: Session, batch: str, form: str) -> str:
    """Say how far the newest document of a form is: being made, ready, failed; empty where nobody asked for it."""
    newest = _newest(session, batch, form)
    return "" if newest is None else "being made" if newest.state == "asked" else newest.state


def _newest(session: Session, batch: str, form: str | None = None) -> Document | None:
    query = select(Document).where(Document.batch == batch, Document.form == form).order_by(Document.asked.desc())
    return session.scalars(query.limit(1)).first()


def _shown(row: Document, people: Mapping[str, str]) -> RecordShown:
    if row.state == "asked":
        return RecordShown("rendering", sentence="It takes some seconds.")
    if row.state == "failed" or row.made is None:
        return RecordShown("failed", sentence=row.problem or "")
    made = shapes.Stamp(people.get(row.asked_by, row.asked_by), "", shown.local(row.made))
    return RecordShown("ready", row.pages or 0, f"{(row.size or 0) / 1_000_000:.1f} MB", made, row.digest or "")


def file_of(digest: str) -> Path:
    """Return where a document is kept: under the digest of its bytes."""
    return installation().settings.folder / "documents" / f"{digest}.pdf"


def newest_file(batch: str, form: str | None = None) -> Path:
    """Return the newest PDF of a batch, or answer that there is none."""
    with installation().reading() as session:
        query = select(Document.digest).where(Document.batch == batch, Document.form == form, Document.state == "ready")
        digest = session.scalars(query.order_by(Document.made.desc()).limit(1)).first()
    if digest is None or not file_of(digest).is_file():
        abort(404, "No PDF of this record has been made yet.")
    return file_of(digest)


@dataclass(frozen=True)
class Asked:
    """A document that is to be made."""

    id: str
    batch: str
    form: str = ""


def asked() -> list[Asked]:
    """Return the documents that wait to be made and whose record is sealed, the oldest first.

    Where nothing is sealed any more, they are made without a seal after a while, and say so.
    """
    late = installation().now() - _SEALED_WITHIN
    with installation().reading() as session:
        seal = newest(session.connection())
        since = max(seal.at, late) if seal else late
        due = (Document.state == "asked", Document.asked <= since)
        query = select(Document.id, Document.batch, Document.form).where(*due).order_by(Document.asked)
        return [Asked(id_, batch, form or "") for id_, batch, form in session.execute(query)]
