"""The history of one thing, read from its book in words: its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mes.context import installation
from mes.ledger.tables import book as book_table
from mes.ledger.tables import line
from mes.web.shapes import Stamp


@dataclass(frozen=True)
class Event:
    """One line of a book, in words."""

    words: str
    stamp: Stamp


_LOOKED_THROUGH = 20_000  # pages of a book: a fortnight, where a kind that is left out comes each minute


def history_of(
    session: Session, book: str, names: Mapping[str, str], most: int = 50, *, without: str = ""
) -> tuple[Event, ...]:
    """Return the newest lines of a book, the newest first, but those of a kind that would bury all others."""
    query = select(line.c.text).where(line.c.book == book).order_by(line.c.page.desc()).limit(most)
    if without:
        last = select(book_table.c.pages).where(book_table.c.name == book).scalar_subquery()
        query = query.where(line.c.kind != without, line.c.page > last - _LOOKED_THROUGH)
    return tuple(_event(json.loads(text), names) for text in session.connection().execute(query).scalars())


def head_of(session: Session, name: str) -> str:
    """Return the hash of a book's last line, in hex: what a signature on this book is bound to."""
    head = session.connection().execute(select(book_table.c.head).where(book_table.c.name == name)).scalar_one()
    return bytes(head).hex()


def _event(content: Mapping[str, Any], names: Mapping[str, str]) -> Event:
    at = datetime.fromisoformat(content["at"]).astimezone(installation().settings.zone)
    stamp = Stamp(names.get(content["author"], content["author"]), content.get("role", ""), at)
    return Event(in_words(content), stamp)


def in_words(content: Mapping[str, Any]) -> str:
    """Say what a line says: its kind, and what changed."""
    body = content.get("body", {})
    said = [f"{key} {_value(value)}" for key, value in body.items() if key not in ("changes", "values")]
    said += [f"{key}: {_value(old)} → {_value(new)}" for key, (old, new) in body.get("changes", {}).items()]
    said += [f"{key} {_value(value)}" for key, value in body.get("values", {}).items()]
    words = content["kind"] + (f": {', '.join(said)}" if said else "")
    return f"{words}. Reason: {content['reason']}" if content.get("reason") else words


def _value(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False).strip('"')
