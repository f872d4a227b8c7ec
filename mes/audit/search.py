"""Lines found by who, what, about what, when, why and where, among ten million as among ten thousand.

Of the filters asked, one leads: the one whose next 5,000 lines reach furthest, as its index tells at once. These lines
are looked through for the others. Where it has no more than these, the answer is whole; else the answer says how
far that reached, and going on continues there. So no question takes longer because the ledger is long, and no line is
passed over. Pages go on from a place (a time, a book, a page) or from a time, never from a count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnCollection, ColumnElement, Connection, Select, func, literal, or_, select

from batch_records.executed.draft import Malformed
from mes.ledger.line import utc
from mes.ledger.reasons import ReasonView
from mes.ledger.tables import line
from mes.web.forms import local_time

PAGE = 50
LOOKED_THROUGH = 5_000
LINES_IN_A_ROW = 20_000  # as they were written, side by side on the disk, more are looked through in the same time
REASONS_IN_A_ROW = 50_000
_AROUND = 5  # lines before and after one that was asked for
_PLACE = re.compile(r"([^|]+)(?:\|(.+)\|([0-9]{1,9}))?")
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

    @property
    def is_why_alone(self) -> bool:
        """Whether every line with the reason answers, whatever else it says."""
        return bool(self.why) and not any((self.words, self.who, self.what, self.where, self.book))


@dataclass(frozen=True)
class Found:
    """A page of lines, and where the next begins. Of one that is not full, how far was looked, and through how many."""

    rows: Sequence[Any]
    after: str
    reached: str = ""
    looked_through: int = 0


@dataclass(frozen=True)
class _Leader:
    """The lines to look through. ``reach`` is the last of them; None where there are no more of this filter."""

    lines: Select[Any]
    reach: Any = None
    count: int = 0
    gives_reasons: bool = False


def search(connection: Connection, asked: Filter, size: int = PAGE) -> Found:
    """Find a page of lines. Raise `Malformed` for a filter that cannot be read."""
    leader = None if _is_plain(asked) else _leader(connection, asked, size)
    # Materialized: a database would else take another way, by a guess of how many lines there are of each.
    c = leader.lines.cte("looked").prefix_with("MATERIALIZED").c if leader else line.c
    rest = _rest(asked, c, has_reason=leader is not None and leader.gives_reasons)
    wanted = select(*(c[column.name] for column in _SHOWN)).where(*rest, *_window(asked, c), *_after(asked, c))
    rows = connection.execute(_ordered(asked, wanted, c).limit(size + 1)).all()
    if len(rows) > size:
        return Found(rows[:size], _place(rows[size - 1]))
    if leader and leader.reach:
        return Found(rows, _place(leader.reach), leader.reach.at, leader.count)
    return Found(rows, "")


def _is_plain(asked: Filter) -> bool:
    """Say whether one index has all that is asked, in its order."""
    others = asked.words, asked.where, asked.why, asked.book and not asked.one_book
    return not any(others) and sum(map(bool, (asked.one_book, asked.who, asked.what))) <= 1


def everything(connection: Connection, asked: Filter, size: int = 1_000) -> Iterator[Any]:
    """Give every line that answers, page after page."""
    while True:
        found = search(connection, asked, size)
        yield from found.rows
        if not found.after:
            return
        asked = replace(asked, before=found.after)


def _leader(connection: Connection, asked: Filter, size: int) -> _Leader:
    """Return the first filter of which everything is looked through, or the one that reaches furthest."""
    wide = list[_Leader]()
    for leader in _leaders(connection, asked, size):
        if leader.reach is None:
            return leader
        wide.append(leader)
    return (max if asked.order == "oldest" else min)(wide, key=lambda each: str(each.reach.at))


def _leaders(connection: Connection, asked: Filter, size: int) -> Iterator[_Leader]:
    """Give each filter that an index answers; who asks for nothing looks through the lines as they were written."""
    if asked.one_book:
        yield _by_index(connection, asked, line.c.book == asked.one_book)
        return
    if asked.is_why_alone:
        yield _by_reason(connection, asked, size + 1)
        return
    if asked.who:
        yield _by_index(connection, asked, line.c.author == asked.who)
    if asked.what:
        yield _by_index(connection, asked, line.c.kind == asked.what)
    yield _by_index(connection, asked, literal(value=True), LINES_IN_A_ROW)
    if asked.book and _are_few(connection, _of_kind(asked.book, line.c)):
        yield _Leader(select(*_SHOWN).where(_of_kind(asked.book, line.c)))  # no index has a wide one in time's order
    if asked.why:
        yield _by_reason(connection, asked, LOOKED_THROUGH)


def _by_index(connection: Connection, asked: Filter, condition: ColumnElement[bool], count: int = 0) -> _Leader:
    """Return the next lines that an index has by their time, or by their page."""
    conditions, count = [condition, *_window(asked, line.c)], count or LOOKED_THROUGH
    key = (line.c.at, line.c.book, line.c.page) if asked.one_book else (line.c.at,)
    ordered = (line.c.page,) if asked.one_book else (line.c.at,)
    query = _directed(asked, select(*key).where(*conditions), ordered).offset(count - 1).limit(1)
    reach = connection.execute(query).first()
    return _Leader(select(*_SHOWN).where(*conditions, *_within(asked, line.c, reach)), reach, count)


def _by_reason(connection: Connection, asked: Filter, enough: int) -> _Leader:
    """Return the lines of enough reasons that hold the words, as far as reasons are looked through."""
    c = ReasonView.__table__.c
    window = (*_window(asked, c), *_after(asked, c))
    times = _directed(asked, select(c.at).where(*window), (c.at,))
    furthest = connection.execute(times.offset(REASONS_IN_A_ROW - 1).limit(1)).first()
    near = select(c.at, c.book, c.page).where(*window, *_within(asked, c, furthest), *_holds(c.reason, asked.why))
    keys = _ordered(asked, near, c).limit(enough)
    nearer = connection.execute(keys.offset(enough - 1).limit(1)).first()
    found = keys.subquery("keys")
    lines = select(*_SHOWN).join(found, (found.c.book == line.c.book) & (found.c.page == line.c.page))
    return _Leader(lines, nearer or furthest, enough if nearer else REASONS_IN_A_ROW, gives_reasons=True)


def _are_few(connection: Connection, condition: ColumnElement[bool]) -> bool:
    few = select(literal(1)).select_from(line).where(condition).limit(LOOKED_THROUGH + 1).subquery()
    return connection.execute(select(func.count()).select_from(few)).scalar_one() <= LOOKED_THROUGH


def _within(asked: Filter, c: _Columns, reach: Any) -> _Conditions:  # noqa: ANN401 - a row of the ledger
    """Return the condition that a line lies no further than a reach: all that have its time do."""
    if reach is None:
        return []
    column, value = (c.page, reach.page) if asked.one_book else (c.at, reach.at)
    return [column <= value if asked.order == "oldest" else column >= value]


def _rest(asked: Filter, c: _Columns, *, has_reason: bool) -> _Conditions:
    """Return what is asked, but for the time, as conditions on what is looked through."""
    exact = ("book", asked.one_book), ("author", asked.who), ("kind", asked.what)
    conditions = [c[name] == value for name, value in exact if value]
    if asked.book and not asked.one_book:
        conditions.append(_of_kind(asked.book, c))
    if asked.where:  # the last of a line's keys, as canonical JSON sorts them
        conditions.append(
            c.text.endswith(f'"workstation":{json.dumps(asked.where, ensure_ascii=False)}}}', autoescape=True)
        )
    conditions += _holds(c.text, asked.words)
    if asked.why and not has_reason:
        same = (ReasonView.at == c.at) & (ReasonView.book == c.book) & (ReasonView.page == c.page)
        # One value, not EXISTS: that a database may answer by reading the reasons of the whole ledger.
        conditions += _holds(select(ReasonView.reason).where(same).scalar_subquery(), asked.why)
    return conditions


def must_be_readable(asked: Filter) -> None:
    """Raise `Malformed` where what was asked cannot be read."""
    _window(asked, line.c)


def _window(asked: Filter, c: _Columns) -> _Conditions:
    """Return the conditions on when, as an index answers them: what has the very time to go on from is within."""
    conditions: _Conditions = []
    if asked.since:
        conditions.append(c.at >= utc(local_time("since", asked.since)))
    if asked.until:
        whole_day = timedelta(days=1) if len(asked.until) == len("2026-11-22") else timedelta(0)
        conditions.append(c.at < utc(local_time("until", asked.until) + whole_day))
    if asked.line.isdigit() and asked.one_book:
        near = int(asked.line[:9])
        conditions.append(c.page.between(near - _AROUND, near + _AROUND))
    return conditions + (_onward(asked, c) if asked.before else [])


def _onward(asked: Filter, c: _Columns) -> _Conditions:
    at, book, page = _gone_on_from(asked)
    oldest = asked.order == "oldest"
    if asked.one_book:
        return [c.page > page if oldest else c.page < page]
    if not book:
        return [c.at > at if oldest else c.at < at]
    return [c.at >= at if oldest else c.at <= at]


def _after(asked: Filter, c: _Columns) -> _Conditions:
    """Return the condition that a line comes after a place, of those that have its time."""
    if not asked.before or asked.one_book:
        return []
    at, book, page = _gone_on_from(asked)
    on_page = c.page > page if asked.order == "oldest" else c.page < page
    further = c.book > book if asked.order == "oldest" else c.book < book
    return [or_(c.at != at, further, (c.book == book) & on_page)] if book else []


def _gone_on_from(asked: Filter) -> tuple[str, str, int]:
    """Return the time, the book and the page to go on from; without a book everything of that time was seen."""
    found = _PLACE.fullmatch(asked.before)
    if not found or (asked.one_book and not found[2]):
        raise Malformed("before", "this is no place in the audit trail: begin again")
    return found[1], found[2] or "", int(found[3] or 0)


def _ordered(asked: Filter, query: Select[Any], c: _Columns) -> Select[Any]:
    """Put lines in order: those of one book by its pages, which no clock can turn round; others by time."""
    return _directed(asked, query, (c.page,) if asked.one_book else (c.at, c.book, c.page))


def _directed(asked: Filter, query: Select[Any], key: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return query.order_by(*(column.asc() if asked.order == "oldest" else column.desc() for column in key))


def _of_kind(prefix: str, c: _Columns) -> ColumnElement[bool]:
    """Return the condition that a book is of a kind: as bounds, which an index answers on every database."""
    return (c.book >= prefix) & (c.book < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def _holds(column: ColumnElement[Any], words: str) -> _Conditions:
    return [column.icontains(word, autoescape=True) for word in words.split()]


def _place(row: Any) -> str:  # noqa: ANN401 - a row of the ledger
    return f"{row.at}|{row.book}|{row.page}" if hasattr(row, "book") else str(row.at)
