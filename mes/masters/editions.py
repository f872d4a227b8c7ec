"""What texts that are approved have in common, recipes and dose plans alike: editions, drafted, approved, succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from batch_records.executed.draft import Refused
from mes.batches.shown import local
from mes.execute import Doing
from mes.masters.models import Edition
from mes.web import shapes

_TONES = {"approved": "ok", "draft": "half", "retired": "open"}


@dataclass(frozen=True)
class EditionLine:
    """One edition in the list."""

    number: int
    state: str
    tone: str
    author: str
    approved: shapes.Stamp | None
    digest: str
    url: str


def edition_line(row: Edition, people: Mapping[str, str], url: str) -> EditionLine:
    """Return an edition as a list shows it."""
    approved = None
    if row.approved_by and row.approved_at:
        approved = shapes.Stamp(people.get(row.approved_by, row.approved_by), "", local(row.approved_at))
    author = people.get(row.author, row.author)
    return EditionLine(row.edition, row.status, _TONES[row.status], author, approved, row.digest, url)


def add_draft(doing: Doing, row: Edition) -> int:
    """Keep a text as the draft of its next edition, by whoever acts; return its number."""
    kind = type(row)
    row.edition = (doing.session.execute(select(func.max(kind.edition)).where(kind.code == row.code)).scalar() or 0) + 1
    row.status, row.author = "draft", doing.by.person.id
    doing.session.add(row)
    return row.edition


def must_be_approvable(doing: Doing, row: Edition | None, what: str, code: str, number: int) -> Edition:
    """Return a draft that another person wrote (21 CFR 211.186(a)), or refuse."""
    if row is None or row.status != "draft":
        raise Refused(f"{what} {code} has no draft {number}")
    if row.author == doing.by.person.id:
        raise Refused(f"who wrote a {what} does not approve it")
    return row


def approve(doing: Doing, row: Edition, before: Iterable[Edition], kind: str) -> None:
    """Approve a draft; the editions before it are retired."""
    for old in before:
        old.status = "retired"
    row.status, row.approved_by, row.approved_at = "approved", doing.by.person.id, doing.act.at
    doing.act.write(row.book, kind, {"edition": row.edition, "digest": row.digest}, signed=doing.signed)
