"""Why something was done, beside the lines: few lines have a reason, and whoever asks why looks through those alone.

It is a view: written with the lines, in their transaction, and made again from them by `verify`. The ledger's own table
needs no index for it, and a save that has no reason writes nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, PrimaryKeyConstraint, String, Text, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import View
from mes.ledger.line import Line
from mes.ledger.tables import line
from mes.ledger.verify import Flaw


class ReasonView(View):
    """The reason that stands on a line. Its key begins with the time, for in that order reasons are looked through."""

    __tablename__ = "reason_view"
    __table_args__ = (PrimaryKeyConstraint("at", "book", "page"),)

    book: Mapped[str] = mapped_column(Text)
    page: Mapped[int] = mapped_column(autoincrement=False)
    at: Mapped[str] = mapped_column(String(27))
    reason: Mapped[str] = mapped_column(Text)


_ADD = insert(ReasonView.__table__)  # type: ignore[arg-type]  # SQLAlchemy types it wider than it is
_MARK = '"reason":"'  # as canonical JSON writes the key; a text that holds these words has its quotes escaped


def keep_reasons(connection: Connection, lines: Iterable[Line]) -> None:
    """Write the reasons of new lines."""
    if found := list(_reasons((each.book, each.page, each.at, each.text) for each in lines)):
        connection.execute(_ADD, found)


def wrong_reasons(connection: Connection) -> Iterator[Flaw]:
    """Give every difference between the view and the lines."""
    columns = ReasonView.book, ReasonView.page, ReasonView.at, ReasonView.reason
    shown = {(row.book, row.page, row.at): row.reason for row in connection.execute(select(*columns))}
    query = select(line.c.book, line.c.page, line.c.at, line.c.text).where(line.c.text.contains(_MARK))
    for each in _reasons(tuple(row) for row in connection.execute(query)):
        if shown.pop((each["book"], each["page"], each["at"]), None) != each["reason"]:
            yield Flaw(str(each["book"]), int(each["page"]), "the view of reasons says something else than the line")
    for book, page, _ in shown:
        yield Flaw(book, page, "the view of reasons shows what no line says")


def _reasons(lines: Iterable[tuple[str, int, str, str]]) -> Iterator[dict[str, str | int]]:
    for book, page, at, text in lines:
        if _MARK in text and (reason := _reason(text)):
            yield {"book": book, "page": page, "at": at, "reason": reason}


def _reason(text: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:  # it is no line, which `verify` says
        return ""
    reason = content.get("reason") if isinstance(content, dict) else ""
    return reason if isinstance(reason, str) else ""
