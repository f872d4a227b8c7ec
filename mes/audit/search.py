"""Lines found by who, what, about what, when, why and where, among ten million as among ten thousand.

The narrowest filter leads: its lines are counted, as far as one answer may look through and no further. Where there are
fewer, all of them are looked through and the answer is whole. Where every filter is wide, its newest lines are looked
through, and the answer says how far that reached; going on continues there. So no question takes longer because the
ledger is long, and no line is passed over. Pages go on from a place (a time, a book, a page), never from a count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnCollection, ColumnElement, Connection, Select, and_, func, literal, or_, select

from batch_records.executed.draft import Malformed
from mes.ledger.line import utc
from mes.ledger.reasons import ReasonView
from mes.ledger.tables import line
from mes.web.forms import local_time

PAGE = 50
LOOKED_THROUGH = 5_000
_AROUND = 5  # lines before and after one that was asked for
_FEW = 1_000  # what the lines with a certain reason are taken for: counting them is finding them
_PLACE = re.compile(r"([^|]+)\|(.+)\|([0-9]{1,9})")
_SHOWN = (line.c.at, line.c.book, line.c.page, line.c.author, line.c.kind, line.c.text, line.c.hash)
_Columns = ColumnCollection[str, ColumnElement[Any]]
_Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True)
class Filter:
    """What was asked. ``book`` is a kind of thing, ``lot:``, ``which`` one of them, ``line`` one of its lines."""

    words: str = ""
    who: str = ""
    what: str = ""
    why: str = ""
    where: str = ""
    book: str = ""
    which: str = ""
    line: str = ""
    since: str = ""
    until: str = ""
    order: str = ""  # "oldest" first, or the newest
    before: str = ""  # the place to go on from, as the link to the next page has it

    @property
    def one_book(self) -> str:
        """The one book that is asked about, or empty."""
        return self.book if self.book == "laboratory" else f"{self.book}{self.which}" if self.which else ""


@dataclass(frozen=True)
class Found:
    """A page of lines. ``after`` is where the next begins, ``reached`` how far one was looked that is not full."""

    rows: Sequence[Any]
    after: str
    reached: str = ""


@dataclass(frozen=True)
class _Leader:
    """The filter whose lines are looked through: how many it has, and where they are found, in lines or in reasons."""

    count: int
    columns: _Columns
    condition: ColumnElement[bool]

    @property
    def is_whole(self) -> bool:
        """Whether all its lines are looked through."""
        return self.count <= LOOKED_THROUGH


def search(connection: Connection, asked: Filter, size: int = PAGE) -> Found:
    """Find a page of lines. Raise `Malformed` for a filter that cannot be read."""
    leader = min(_leaders(connection, asked), key=lambda each: each.count)
    looked = _looked_through(asked, leader).subquery("looked")
    rest = _rest(asked, leader, looked.c)
    wanted = select(looked).where(*rest)
    rows = connection.execute(_ordered(asked, wanted, looked.c).limit(size + 1)).all()
    if len(rows) > size:
        return Found(rows[:size], _place(rows[size - 1]))
    last = None if leader.is_whole or not rest else _last(connection, asked, leader)
    return Found(rows, _place(last), last.at) if last else Found(rows, "")


def _last(connection: Connection, asked: Filter, leader: _Leader) -> Any:  # noqa: ANN401 - a row of the ledger
    """Return the key of the last line that was looked through; None where there were no more."""
    keys = _keys(asked, leader).limit(LOOKED_THROUGH).subquery("keys")
    back = replace(asked, order="" if asked.order == "oldest" else "oldest")
    query = select(keys, func.count().over().label("number"))
    last = connection.execute(_ordered(back, query, keys.c).limit(1)).first()
    return last if last and last.number == LOOKED_THROUGH else None


def everything(connection: Connection, asked: Filter, size: int = 1_000) -> Iterator[Any]:
    """Give every line that answers, page after page."""
    while True:
        found = search(connection, asked, size)
        yield from found.rows
        if not found.after:
            return
        asked = replace(asked, before=found.after)


def _leaders(connection: Connection, asked: Filter) -> Iterator[_Leader]:
    """Give each filter that an index answers; who asks for nothing looks through the lines as they were written."""
    if asked.one_book:
        yield _counted(connection, line.c.book == asked.one_book)
        return
    yield _Leader(LOOKED_THROUGH + 2, line.c, literal(value=True))
    if asked.why:
        reasons = ReasonView.__table__.c
        yield _Leader(LOOKED_THROUGH + 1, reasons, and_(*_holds(reasons.reason, asked.why)))
    narrow = [line.c.author == asked.who] if asked.who else []
    narrow += [line.c.kind == asked.what] if asked.what else []
    yield from (_counted(connection, condition) for condition in narrow)
    if asked.book and (of_a_kind := _counted(connection, _of_kind(asked.book, line.c))).is_whole:
        yield of_a_kind  # no index has a wide one in the order of time


def _counted(connection: Connection, condition: ColumnElement[bool]) -> _Leader:
    """Count lines, as far as they are looked through and one further."""
    few = select(literal(1)).select_from(line).where(condition).limit(LOOKED_THROUGH + 1).subquery()
    count = connection.execute(select(func.count()).select_from(few)).scalar_one()
    return _Leader(count, line.c, condition)


def _keys(asked: Filter, leader: _Leader) -> Select[Any]:
    """Return the keys of the lines to look through, in order."""
    c = leader.columns
    return _ordered(asked, select(c.at, c.book, c.page).where(leader.condition, *_window(asked, c)), c)


def _looked_through(asked: Filter, leader: _Leader) -> Select[Any]:
    if leader.columns is line.c:
        query = select(*_SHOWN).where(leader.condition, *_window(asked, line.c)).limit(LOOKED_THROUGH)
        # What is whole is not asked for in order: a database may then walk through all there is instead.
        return query if leader.is_whole else _ordered(asked, query, line.c)
    keys = _keys(asked, leader).limit(LOOKED_THROUGH).subquery("keys")
    return select(*_SHOWN).join(keys, (keys.c.book == line.c.book) & (keys.c.page == line.c.page))


def _rest(asked: Filter, leader: _Leader, c: _Columns) -> _Conditions:
    """Return the conditions on what is looked through."""
    conditions = [c[name] == value for name, value in (("author", asked.who), ("kind", asked.what)) if value]
    if asked.book and not asked.one_book:
        conditions.append(_of_kind(asked.book, c))
    if asked.where:  # the last of a line's keys, as canonical JSON sorts them
        conditions.append(
            c.text.endswith(f'"workstation":{json.dumps(asked.where, ensure_ascii=False)}}}', autoescape=True)
        )
    conditions += _holds(c.text, asked.words)
    if asked.why and leader.columns is line.c:
        same = (ReasonView.book == c.book) & (ReasonView.page == c.page)
        conditions.append(select(literal(1)).where(same, *_holds(ReasonView.__table__.c.reason, asked.why)).exists())
    return conditions


def must_be_readable(asked: Filter) -> None:
    """Raise `Malformed` where what was asked cannot be read."""
    _window(asked, line.c)


def _window(asked: Filter, c: _Columns) -> _Conditions:
    """Return the conditions on when, and on where a page goes on."""
    conditions: _Conditions = []
    if asked.since:
        conditions.append(c.at >= utc(local_time("since", asked.since)))
    if asked.until:
        whole_day = timedelta(days=1) if len(asked.until) == len("2026-11-22") else timedelta(0)
        conditions.append(c.at < utc(local_time("until", asked.until) + whole_day))
    if asked.line.isdigit() and asked.one_book:
        near = int(asked.line[:9])
        conditions.append(c.page.between(near - _AROUND, near + _AROUND))
    return conditions + (_after(asked, c) if asked.before else [])


def _after(asked: Filter, c: _Columns) -> _Conditions:
    """Return the condition that a line comes after a place, in the order asked for."""
    found = _PLACE.fullmatch(asked.before)
    if not found:
        raise Malformed("before", "this is no place in the audit trail: begin again")
    at, book, page = found[1], found[2], int(found[3])
    oldest = asked.order == "oldest"
    on_page = c.page > page if oldest else c.page < page
    if asked.one_book:
        return [on_page]
    later, further = (c.at > at, c.book > book) if oldest else (c.at < at, c.book < book)
    # The first is implied by the second, and is what an index can answer.
    return [c.at >= at if oldest else c.at <= at, or_(later, (c.at == at) & or_(further, (c.book == book) & on_page))]


def _ordered(asked: Filter, query: Select[Any], c: _Columns) -> Select[Any]:
    """Put lines in order: those of one book by its pages, which no clock can turn round; others by time."""
    key = (c.page,) if asked.one_book else (c.at, c.book, c.page)
    return query.order_by(*(column.asc() if asked.order == "oldest" else column.desc() for column in key))


def _of_kind(prefix: str, c: _Columns) -> ColumnElement[bool]:
    """Return the condition that a book is of a kind: as bounds, which an index answers on every database."""
    return (c.book >= prefix) & (c.book < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def _holds(column: ColumnElement[Any], words: str) -> _Conditions:
    return [column.icontains(word, autoescape=True) for word in words.split()]


def _place(row: Any) -> str:  # noqa: ANN401 - a row of the ledger
    return f"{row.at}|{row.book}|{row.page}"
