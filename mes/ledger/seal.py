"""Sealing: committed lines become leaves of the log, and a signed checkpoint says how many there are.

It happens just after lines were committed, in a transaction of its own: nobody who saves waits for it. What will be
written is worked out from a snapshot; writing it fails as a whole where somebody else sealed meanwhile, and is then
worked out anew. So any number may seal at once.

New lines are looked for by their time, which costs nothing; once in a while, and where the clock ran back, by
comparing each book's pages with its leaves, which finds every line, whatever its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Select, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from mes.db import Database
from mes.ledger import checkpoint as notes
from mes.ledger.line import utc
from mes.ledger.log import Log, Sealed, Subtree, newest
from mes.ledger.seal_keys import Announced, Keyring, KeyMissing, announced, signer
from mes.ledger.seal_tables import checkpoint, leaf, node
from mes.ledger.tables import book, line

_AT_ONCE = 5_000  # lines in one transaction
_LATE = timedelta(minutes=2)  # longer than any command waits between the time it is given and its commit
_ATTEMPTS = 20
_EARLIEST = datetime.min.replace(tzinfo=UTC)

_DONE = (
    select(func.coalesce(func.max(leaf.c.page), 0)).where(leaf.c.book == book.c.name).correlate(book).scalar_subquery()
)
_BEHIND = select(book.c.name, _DONE.label("done")).where(book.c.pages > _DONE)
_PAGES = (
    select(line.c.page, line.c.at, line.c.hash)
    .where(line.c.book == bindparam("book"), line.c.page > bindparam("done"))
    .order_by(line.c.page)
    .limit(bindparam("most"))
)


class NotSealed(Exception):  # noqa: N818 - an answer, not an error
    """No checkpoint covers this yet, or none could be written; the sentence says which, and why."""


@dataclass(frozen=True)
class Waiting:
    """A line that is committed and not sealed. ``at`` is its time, or that of a page before it if that was later."""

    book: str
    page: int
    at: datetime
    hash: bytes


@dataclass(frozen=True)
class Inclusion:
    """The proof that a line is under a checkpoint: its leaf's index, the log's size, the path, the signed note."""

    index: int
    size: int
    path: tuple[bytes, ...]
    checkpoint: str


def proof_of(connection: Connection, of: str, page: int) -> Inclusion:
    """Return the proof of a line in the newest checkpoint. Raise `NotSealed` where none covers it yet."""
    query = select(leaf.c.position).where(leaf.c.book == of, leaf.c.page == page)
    index = connection.execute(query).scalar()
    found = None if index is None else newest(connection, index + 1)
    if index is None or found is None:
        raise NotSealed(f"page {page} of {of} is not sealed yet")
    return Inclusion(index, found.size, Log(connection).inclusion(index, found.size), found.note)


def waiting(connection: Connection, since: datetime | None, books: Iterable[str] = ()) -> list[Waiting]:
    """Return lines that wait to be sealed, in the order in which they will be; at most some thousands at once.

    They are those of all books where ``since`` is None, otherwise of books with a line at or after it, and of those
    named.
    """
    found: list[Waiting] = []
    for name, done in connection.execute(_behind(since, books)).all():
        latest = _EARLIEST
        values = {"book": name, "done": done, "most": _AT_ONCE - len(found)}
        for page, at, hashed in connection.execute(_PAGES, values):
            latest = max(latest, datetime.fromisoformat(at))
            found.append(Waiting(name, page, latest, bytes(hashed)))
        if len(found) >= _AT_ONCE:
            break
    return sorted(found, key=lambda each: (each.at, each.book, each.page))


def _behind(since: datetime | None, books: Iterable[str]) -> Select[tuple[str, int]]:
    if since is None:
        return _BEHIND
    touched = select(line.c.book).where(line.c.at >= utc(since))
    return _BEHIND.where(book.c.name.in_(touched) | book.c.name.in_(list(books)))


def since(connection: Connection, at: datetime) -> datetime | None:
    """Return from when on lines have to be looked for; None where nothing was sealed yet."""
    last = newest(connection)
    return min(last.at, at) - _LATE if last else None


def seal(database: Database, keyring: Keyring, at: datetime, books: Iterable[str] = (), *, every: bool = False) -> int:
    """Seal what waits, and return how many lines that were. ``every`` compares each book. Raise `NotSealed`."""
    sealed, fails, named = 0, 0, tuple(books)
    while fails < _ATTEMPTS:
        with database.snapshot() as connection:
            made = _make(connection, keyring, at, None if every else since(connection, at), named)
        if made is None:
            return sealed
        try:
            _write(database, made)
            sealed += len(made.lines)
        except IntegrityError:
            fails += 1  # somebody else sealed meanwhile
    raise NotSealed("the log takes no line: what stands in it was changed, which ./lab verify names")


@dataclass(frozen=True)
class _Made:
    """What one transaction writes."""

    first: int
    lines: Sequence[Waiting]
    filled: Sequence[Subtree]
    checkpoint: Sealed


def _make(
    connection: Connection, keyring: Keyring, at: datetime, since_: datetime | None, books: tuple[str, ...]
) -> _Made | None:
    log, lines = Log(connection), waiting(connection, since_, books)
    if not lines:
        return None
    last, first = newest(connection), log.size
    filled = log.extend(each.hash for each in lines)
    key = signer(_placed(announced(connection), lines, first), last.size if last else 0, log.size)
    if key is None:
        raise NotSealed("no key was announced that could sign")
    try:
        secret = keyring.secret(key)
    except KeyMissing as missing:
        raise NotSealed(str(missing)) from None
    made = notes.Checkpoint(key.name, log.size, log.root())
    return _Made(first, lines, filled, Sealed(made.size, made.root, notes.sign(made, secret), at))


def _placed(keys: Sequence[Announced], lines: Sequence[Waiting], first: int) -> list[Announced]:
    """Give the keys announced in lines that are being sealed their place in the log."""
    places = {(each.book, each.page): first + number for number, each in enumerate(lines)}
    placed = [
        each if each.position is not None else replace(each, position=places.get((each.book, each.page)))
        for each in keys
    ]
    return sorted((each for each in placed if each.position is not None), key=lambda each: each.position or 0)


def _write(database: Database, made: _Made) -> None:
    leaves = [
        {"position": made.first + number, "book": each.book, "page": each.page, "hash": each.hash}
        for number, each in enumerate(made.lines)
    ]
    written = made.checkpoint
    with database.turn(), database.writer.begin() as connection:
        connection.execute(insert(leaf), leaves)
        if made.filled:
            connection.execute(insert(node), [vars(each) for each in made.filled])
        values = {"size": written.size, "root": written.root, "note": written.note, "at": utc(written.at)}
        connection.execute(insert(checkpoint), values)
