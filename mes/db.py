"""The database: two engines, one that writes under one lock and one that can only read.

On SQLite a writer takes the write lock before it reads anything (BEGIN IMMEDIATE), behind a lock of this process that
serves in order of arrival: SQLite's own busy handler sleeps and starves. `synchronous` is FULL: with NORMAL a power
cut loses acknowledged commits. On PostgreSQL the rows of ``book`` are the locks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, MetaData, String, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from mes.ledger.line import utc

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", "busy_timeout=30000")


class Table(DeclarativeBase):
    """What every mapped class is: a `Row`, whose changes are ledger lines, a `View`, made from lines, or `Told`."""

    metadata = MetaData()


class Row(Table):
    """A row whose every change is a line in ``book``; it is retired, never deleted."""

    __abstract__ = True
    unlogged: frozenset[str] = frozenset()  # columns whose content is a secret: the line says only that they changed

    @property
    def book(self) -> str:
        """The book that its history stands in."""
        raise NotImplementedError


class View(Table):
    """A row that can be made again from the ledger at any time."""

    __abstract__ = True


class Told(Table):
    """What a machine told of itself last: no record, and nothing is decided by it."""

    __abstract__ = True


class FairLock:
    """A lock that is given in order of arrival."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False

    def __enter__(self) -> None:
        """Wait for everybody who came before."""
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        """Let the next one in."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


class Database:
    """The two engines of one installation."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        self.is_sqlite = address.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.writer = _sqlite(address)
            event.listen(self.writer, "begin", _begin)
            readable = address.set(database=f"file:{address.database}", query={"mode": "ro", "uri": "true"})
            self.reader = _sqlite(readable, reads_only=True)
        else:
            self.writer = create_engine(address, pool_size=10)
            self.reader = create_engine(
                address,
                pool_size=10,
                isolation_level="AUTOCOMMIT",
                connect_args={"options": "-c default_transaction_read_only=on"},
            )
        self._turn = FairLock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the right to write: one at a time on SQLite; on PostgreSQL the books are the locks."""
        if self.is_sqlite:
            with self._turn:
                yield
        else:
            yield

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read in one transaction that sees the database as it was when it began, whatever is written meanwhile."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.reader.connect().execution_options(**options) as connection, connection.begin():
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")  # a reader of SQLite begins none by itself
            yield connection

    def dispose(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()


def _sqlite(address: URL, *, reads_only: bool = False) -> Engine:
    engine = create_engine(address, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=20)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's connection
        connection.isolation_level = None  # ours to begin, not the driver's: it begins too late
        for pragma in _PRAGMAS[2:] if reads_only else _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _begin(connection: Connection) -> None:
    """Begin by taking the write lock. A COMMIT that failed leaves its transaction open, which SQLAlchemy calls over."""
    if getattr(connection.connection.dbapi_connection, "in_transaction", False):
        connection.connection.rollback()
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class Utc(TypeDecorator[Any]):
    """An aware time, stored as the ledger's text on both databases, so that neither loses its zone or its digits."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002 - SQLAlchemy's
        """Write a time as text."""
        return None if value is None else utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - SQLAlchemy's
        """Read a text as a time."""
        return None if value is None else datetime.fromisoformat(value)
