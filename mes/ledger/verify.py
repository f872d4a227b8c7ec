"""The check that the ledger is whole: every line re-hashed, every chain followed, every head compared.

What it cannot see by itself: a book whose newest lines were cut off together with its head, and a whole database
replaced by an older one. Only what is kept elsewhere shows those: the witnesses of the seals (`mes.seals.verify`), and
the head on a printed record, which `verify` takes to compare with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from mes.ledger import sealed_readings
from mes.ledger.line import ZERO
from mes.ledger.tables import book, line

_Row = Row[str, int, str, bytes, bytes, str, str, str]
_DECODE = json.JSONDecoder().decode  # as `json.loads`, which asks anew each time what it was given

CHECKPOINT = "checkpoint"  # where a flaw is that has no book: its page is then the checkpoint's size


@dataclass(frozen=True)
class Flaw:
    """Something that is not as it was written: which book, which page, what."""

    book: str
    page: int
    sentence: str

    @property
    def place(self) -> str:
        """Where, in words."""
        return f"{self.book}, page {self.page}" if self.book != CHECKPOINT else f"checkpoint of {self.page:,} lines"


@dataclass(frozen=True)
class Verified:
    """What was checked, and every flaw found."""

    books: int
    lines: int
    readings: int
    flaws: tuple[Flaw, ...]
    sealed: int = 0  # lines under the newest checkpoint
    waiting: int = 0  # lines that are not sealed yet
    checkpoints: int = 0  # of ours
    compared: int = 0  # of others

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws


def verify(connection: Connection, heads: Mapping[str, tuple[int, str]] | None = None) -> Verified:
    """Check every line and every sealed range of readings. ``heads`` are pages and hashes known from elsewhere."""
    flaws: list[Flaw] = []
    ends: dict[str, tuple[int, bytes]] = {}
    lines = 0
    for row in _lines(connection):
        page, previous = ends.get(row[0], (0, ZERO))
        if problem := _problem(row, page, previous):
            flaws.append(Flaw(row[0], row[1], problem))
        if heads and (known := heads.get(row[0])) and known[0] == row[1] and known[1] != bytes(row[4]).hex():
            flaws.append(Flaw(row[0], row[1], "its hash is not the one on record elsewhere"))
        ends[row[0]] = (row[1], bytes(row[4]))
        lines += 1
    flaws += _wrong_heads(connection, ends)
    flaws += [
        Flaw(
            name, page, f"page {page} is on record elsewhere, and the book ends at page {ends.get(name, (0, ZERO))[0]}"
        )
        for name, (page, _) in (heads or {}).items()
        if ends.get(name, (0, ZERO))[0] < page
    ]
    readings, sealed, broken = _sealed(connection)
    return Verified(len(ends), lines, readings, (*flaws, *broken, *_gaps(connection, sealed)))


def wrong_lines(connection: Connection, of: str) -> Iterator[Flaw]:
    """Give every line of one book that does not follow the one before it as it was hashed, and an end cut off."""
    page, previous = 0, ZERO
    for row in _lines(connection, of):
        if problem := _problem(row, page, previous):
            yield Flaw(of, row[1], problem)
        page, previous = row[1], bytes(row[4])
    head = connection.execute(select(book.c.pages, book.c.head).where(book.c.name == of)).first()
    if head and (head.pages, bytes(head.head)) != (page, previous):
        yield Flaw(of, page, f"the book's head says {head.pages} pages, and its lines end at page {page}")


def _lines(connection: Connection, of: str = "") -> Iterator[_Row]:
    columns = line.c
    query = select(
        columns.book,
        columns.page,
        columns.text,
        columns.previous,
        columns.hash,
        columns.kind,
        columns.author,
        columns.at,
    ).order_by(columns.book, columns.page)
    query = query.where(columns.book == of) if of else query
    if of:  # few, and asked for outside a transaction, where PostgreSQL streams nothing
        yield from connection.execute(query)
        return
    yield from connection.execute(query, execution_options={"stream_results": True, "yield_per": 5_000})


def _problem(row: _Row, page: int, previous: bytes) -> str:
    of, number, text, before, hashed, kind, author, at = row
    if number != page + 1:
        return f"page {page + 1} is missing" if number > page else "a page stands twice"
    if before != previous:
        return "it does not follow the page before"
    if hashlib.sha256(previous + text.encode()).digest() != hashed:
        return "its text is not the text that was hashed"
    content = _content(text)
    get = content.get
    if get("page") != number or get("book") != of or (get("kind"), get("author"), get("at")) != (kind, author, at):
        return "the columns it is found by say something else than its text"
    return ""


def _content(text: str) -> dict[str, Any]:
    """Return a line's content; empty where what stands there is none."""
    try:
        content = _DECODE(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _wrong_heads(connection: Connection, ends: Mapping[str, tuple[int, bytes]]) -> list[Flaw]:
    flaws = []
    for name, pages, head in connection.execute(select(book.c.name, book.c.pages, book.c.head)):
        page, hashed = ends.get(name, (0, ZERO))
        if (pages, bytes(head)) != (page, hashed):
            flaws.append(Flaw(name, pages, f"the book's head says {pages} pages, and its lines end at page {page}"))
    known = set(connection.execute(select(book.c.name)).scalars())
    flaws += [
        Flaw(name, page, "the book has lines and no head") for name, (page, _) in ends.items() if name not in known
    ]
    return flaws


def _sealed(connection: Connection) -> tuple[int, dict[str, int], list[Flaw]]:
    """Count the sealed readings; say up to which each instrument's are sealed, and which are not what was sealed."""
    counted, ends, flaws = 0, dict[str, int](), list[Flaw]()
    query = select(line.c.book, line.c.page, line.c.text).where(line.c.kind == sealed_readings.KIND)
    for of, page, text in connection.execute(query).all():
        body, instrument = _content(text).get("body"), of.partition(":")[2]
        first, last, *sealed = (body.get(key) for key in ("from", "to", "count", "digest")) if body else (None,) * 4
        if not isinstance(first, int) or not isinstance(last, int):
            flaws.append(Flaw(of, page, "this seal does not say which readings it is of"))
            continue
        found = sealed_readings.digest_of(connection, instrument, first, last)
        counted, ends[instrument] = counted + found[0], max(last, ends.get(instrument, 0))
        if found != tuple(sealed):
            which = f"the readings {first} to {last} of {instrument}"
            flaws.append(Flaw(of, page, f"{which} are not those that were sealed"))
    return counted, ends, flaws


def _gaps(connection: Connection, ends: Mapping[str, int]) -> Iterator[Flaw]:
    """Give the gaps among readings that are not sealed yet: sequences are dense, so something is missing there."""
    for instrument, newest in sealed_readings.newest(connection).items():
        after = ends.get(instrument, 0)
        last = sealed_readings.unbroken(connection, instrument, after)
        if last < newest and after <= newest:
            yield Flaw(sealed_readings.book_of(instrument), 0, f"reading {last + 1} of {instrument} is missing")
