"""What a database holds, in figures that two copies of it share; and what one has that another lacks."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, inspect, select, table

from mes.integrity import check
from mes.ledger.log import Log
from mes.ledger.tables import book, line
from mes.ledger.verify import Flaw
from mes.seals.witness import Known


@dataclass(frozen=True)
class State:
    """How much there is: the rows of every table, and a digest over the head of every book.

    As each head rests on all lines before it, two databases with the same digest hold the same ledger, byte for byte.
    """

    books: int
    lines: int
    readings: int
    heads: str
    rows: Mapping[str, int]

    def differences(self, other: Mapping[str, object]) -> list[str]:
        """Say what is not as it was noted elsewhere."""
        mine = asdict(self)
        return [
            f"{key} is {mine[key]}, and the copy was made with {other.get(key)}"
            for key in mine
            if mine[key] != other.get(key)
        ]


def proved(connection: Connection) -> tuple[State, tuple[Flaw, ...]]:
    """Walk everything in a snapshot, and return how much there is and every flaw."""
    found = check(connection)
    return State(found.books, found.lines, found.readings, _heads(connection), _rows(connection)), found.flaws


def _heads(connection: Connection) -> str:
    digest = hashlib.sha256()
    for name, (page, head) in sorted(heads(connection).items()):
        digest.update(f"{name}:{page}:{head}\n".encode())
    return digest.hexdigest()


def heads(connection: Connection) -> dict[str, tuple[int, str]]:
    """Return every book's last page and its hash."""
    rows = connection.execute(select(book.c.name, book.c.pages, book.c.head))
    return {name: (pages, bytes(head).hex()) for name, pages, head in rows}


def _rows(connection: Connection) -> dict[str, int]:
    names = [name for name in inspect(connection).get_table_names() if not name.startswith("reading_")]
    counted = {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names}
    return dict(sorted(counted.items()))


def missing(connection: Connection, known: Mapping[str, tuple[int, str]]) -> dict[str, int]:
    """Return by book how many pages are known elsewhere and not here; -1 where the same page says something else."""
    lacking = {}
    here = heads(connection)
    for name, (page, head) in known.items():
        mine, _ = here.get(name, (0, ""))
        if mine < page:
            lacking[name] = page - mine
        elif page and _hash(connection, name, page) != head:
            lacking[name] = -1
    return lacking


def beyond(connection: Connection, witnesses: Iterable[Iterable[Known]]) -> dict[str, int]:
    """Return by witness how many lines it has confirmed that are not sealed here; -1 where they are other ones."""
    lacking, log = dict[str, int](), Log(connection)
    for known in witnesses:
        for each in deque(known, maxlen=1):  # the last that it confirmed vouches for all before
            confirmed = each.note.checkpoint
            if confirmed.size > log.size:
                lacking[each.where] = confirmed.size - log.size
            elif log.root(confirmed.size) != confirmed.root:
                lacking[each.where] = -1
    return lacking


def _hash(connection: Connection, name: str, page: int) -> str:
    found = connection.execute(select(line.c.hash).where(line.c.book == name, line.c.page == page)).scalar()
    return bytes(found).hex() if found else ""
