"""An act: one change, with its lines in the ledger, in one transaction.

Only `mes.execute` makes acts. An act's session is the only one that can flush, and its flush compares every row with
what it was: a change that nobody wrote a line for cannot reach the database. Most acts touch no row: they write
lines of a batch, over the bare connection, for every tablet waits for them. The session is made when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, event, exists, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from mes.db import Row, View
from mes.ledger import rows, tables
from mes.ledger.line import ZERO, Line, canonical, line_hash, utc
from mes.ledger.reasons import keep_reasons

# Made once: building a statement anew costs as much as running it.
_BOOKS = (
    select(tables.book)
    .where(tables.book.c.name.in_(bindparam("names", expanding=True)))
    .order_by(tables.book.c.name)
    .with_for_update()
)
_BOOK = select(tables.book).where(tables.book.c.name == bindparam("name")).with_for_update()
_ADD_LINES = insert(tables.line)
_HAS_LINE = select(
    exists().where(tables.line.c.book.in_(bindparam("names", expanding=True)), tables.line.c.hash == bindparam("hash"))
)
_HASH = re.compile("[0-9a-f]{64}")


class Unlogged(RuntimeError):  # noqa: N818 - a defect of the program, found before it does harm
    """Something would change without a line in the ledger."""


@dataclass(frozen=True)
class Author:
    """Who a line is written by: a user's id, the role acted in, the workstation, and whose session it was."""

    id: str
    role: str
    workstation: str
    session_of: str = ""


@dataclass
class _Head:
    page: int
    hash: bytes


class Act:
    """One change being made. Books are locked before they are read; lines are written when the act ends."""

    def __init__(self, connection: Connection, author: Author, at: datetime) -> None:
        self.connection, self.author, self.at = connection, author, at
        self.lines: list[Line] = []
        self._heads: dict[str, _Head] = {}
        self._written = 0
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session in which rows are read and changed."""
        if self._session is None:
            self._session = Session(self.connection, info={"act": self})
        return self._session

    def close(self) -> None:
        """Let go of the rows; what was not committed is not."""
        if self._session is not None:
            self._session.close()

    def lock(self, books: Iterable[str]) -> None:
        """Lock books, in the order of their names; a book that has no line yet is opened."""
        wanted = sorted(set(books) - set(self._heads))
        if not wanted:
            return
        found = self._rows(wanted)
        if missing := [name for name in wanted if name not in found]:
            self._open(missing)
            found |= self._rows(wanted)
        for name in wanted:
            self._heads[name] = _Head(found[name].pages, bytes(found[name].head))

    def _rows(self, names: list[str]) -> dict[str, Any]:
        if len(names) == 1:  # as nearly always; a statement over a list is put together anew each time
            rows = self.connection.execute(_BOOK, {"name": names[0]})
        else:
            rows = self.connection.execute(_BOOKS, {"names": names})
        return {row.name: row for row in rows}

    def _open(self, names: list[str]) -> None:
        values = [{"name": name, "pages": 0, "head": ZERO} for name in names]
        is_sqlite = self.connection.dialect.name == "sqlite"
        # Two tablets may open the same book at once: the second finds it there.
        statement = (sqlite_insert if is_sqlite else postgresql_insert)(tables.book).on_conflict_do_nothing()
        self.connection.execute(statement, values)

    def page(self, book: str) -> int:
        """Return how many pages a locked book has."""
        return self._heads[book].page

    def has_line(self, books: Iterable[str], hash_: str) -> bool:
        """Say whether one of these books has a line with this hash, in hex."""
        if not _HASH.fullmatch(hash_):
            return False
        return bool(self.connection.execute(_HAS_LINE, {"names": list(books), "hash": bytes.fromhex(hash_)}).scalar())

    def write(
        self,
        book: str,
        kind: str,
        body: Mapping[str, Any],
        *,
        reason: str = "",
        signed: Mapping[str, str] | None = None,
    ) -> Line:
        """Write a line into a locked book."""
        self.lock([book])
        head = self._heads[book]
        content: dict[str, Any] = {
            "at": utc(self.at),
            "author": self.author.id,
            "body": body,
            "book": book,
            "kind": kind,
            "page": head.page + 1,
            "reason": reason,
            "role": self.author.role,
            "session": self.author.session_of,
            "signed": signed,
            "workstation": self.author.workstation,
        }
        text = canonical({key: value for key, value in content.items() if value not in ("", None)})
        hashed = line_hash(head.hash, text)
        line = Line(book, head.page + 1, kind, self.author.id, content["at"], text, head.hash, hashed)
        self._heads[book] = _Head(line.page, hashed)
        self.lines.append(line)
        return line

    def flush(self) -> None:
        """Send rows and lines to the database, in this order: a row's change becomes a line first."""
        if self._session is not None:
            self._session.flush()
        if new := self.lines[self._written :]:
            self.connection.execute(_ADD_LINES, [_columns(line) for line in new])
            keep_reasons(self.connection, new)
            self._written = len(self.lines)


def _columns(line: Line) -> dict[str, Any]:
    return {
        "book": line.book,
        "page": line.page,
        "kind": line.kind,
        "author": line.author,
        "at": line.at,
        "text": line.text,
        "previous": line.previous,
        "hash": line.hash,
    }


@event.listens_for(Session, "before_flush")
def _write_lines_for_rows(session: Session, _: UOWTransaction, __: object) -> None:
    act = session.info.get("act")
    if not isinstance(act, Act):
        raise Unlogged("a session outside an act cannot flush")
    if strange := [thing for thing in (*session.new, *session.dirty) if not isinstance(thing, Row | View)]:
        raise Unlogged(f"{type(strange[0]).__name__} is neither a Row nor a View")
    if removed := [thing for thing in session.deleted if not isinstance(thing, View)]:
        raise Unlogged(f"{type(removed[0]).__name__} is retired, never deleted")
    for row in session.new:
        if isinstance(row, Row):
            act.write(row.book, *rows.added(row))
    for row in session.dirty:
        if isinstance(row, Row) and (said := rows.changed(row)):
            act.write(row.book, *said)


@event.listens_for(Session, "do_orm_execute")
def _refuse_what_is_not_compared(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise Unlogged("rows are changed one by one, in an act: a statement over many would write no line")
