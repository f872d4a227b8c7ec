"""The laboratory that the application's tests work in: its people, its clock, and ways to act in it.

It stands in a real database, made by the real migration and filled through the door. On PostgreSQL the application
works as the role that the migration grants rights to, never as the owner.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from apiflask import APIFlask
from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.engine import make_url

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from devices.reading import Quality, Reading
from mes import create_app
from mes.batches.folds import Folds
from mes.context import Installation
from mes.db import Database, Row, View
from mes.equipment.historian import StoreReadings
from mes.execute import HANDLERS, Actor, Outcome, execute
from mes.integrity import check
from mes.ledger import seal_tables
from mes.ledger.tables import line
from mes.ledger.verify import Verified
from mes.people.commands import AddUser, ChoosePassword
from mes.people.identity import AcceptStatement, ProveIdentity
from mes.people.models import ADMINISTRATOR, AUDITOR, SCIENTIST, SUPERVISOR
from mes.seals.verify import asked
from mes.settings import Settings
from mes.signing import Signing
from mes.training.commands import RecordTraining
from tests import cast
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, BOB, DORA, LARS, LENA, MALLORY, PETRA, QUINN
from tests.mes.tablet import Tablet

ADAM = replace(cast.ADAM, roles=frozenset({ADMINISTRATOR}))
INES = Person("ines", "Ines Inspector", frozenset({AUDITOR}))
SAM = Person("sam", "Sam Supervisor", frozenset({SUPERVISOR}))
SVEN = Person("sven", "Sven Scientist", frozenset({SCIENTIST}))
CAST = (ADAM, ALICE, BOB, LENA, LARS, DORA, QUINN, RUTH, PETRA, SAM, SVEN, INES, MALLORY)
PASSWORD = "seven quiet lamps in the corridor"
FIRST_PASSWORD = "bodaku-lifeso-ravimu-tonupe"  # what somebody else gave, and knows
GATEWAY = Person("gateway_1", "Instrument gateway", frozenset({"instrument"}))
CLOCK = Person("clock_1", "Clock process", frozenset({"clock"}))
TOKENS = {GATEWAY.id: "a gateway's token, synthetic", CLOCK.id: "the clock's token, synthetic"}
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
COI = "COI-26-0001-A"
OTHER_COI = "COI-26-0002-B"

_T = TypeVar("_T", bound=Row | View)


class Time:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


@dataclass
class Dba:
    """Somebody with every right to the database, who writes SQL."""

    connection: Connection

    def run(self, statement: str, **values: object) -> None:
        """Run a statement."""
        self.connection.execute(text(statement), values)

    def ask(self, statement: str, **values: object) -> Any:  # noqa: ANN401 - whatever is asked for
        """Return the first column of the first row."""
        return self.connection.execute(text(statement), values).scalar()

    def all(self, statement: str, **values: object) -> list[Any]:
        """Return the first column of all rows."""
        return list(self.connection.execute(text(statement), values).scalars())


@dataclass
class Laboratory:
    """An installation to act in. ``owner_url`` reaches its database with the owner's rights."""

    app: APIFlask
    time: Time
    owner_url: str
    installation: Installation
    folder: Path
    tablets: list[Tablet] = field(default_factory=list)

    def install(self) -> None:
        """Have the application of this process work in this laboratory."""
        self.app.extensions["mes"] = self.installation

    @property
    def database(self) -> Database:
        """Its database."""
        return self.installation.database

    @property
    def is_sqlite(self) -> bool:
        """Whether it stands on SQLite."""
        return self.database.is_sqlite

    # --- acting -------------------------------------------------------------------------------------------------

    def do(
        self, command: object, by: Person = ALICE, *, seen: str | None = None, tap: str = "", on: str = "tablet-1"
    ) -> Outcome:
        """Carry out a command as somebody at their own tablet, signed where it must be."""
        handler = HANDLERS[type(command)]
        if seen is None and handler.needs_signature:
            seen = self.head(*handler.books(command))
        signing = Signing(by.id, PASSWORD, seen) if seen is not None else None
        return self.sign(command, by, signing, tap=tap, on=on)

    def sign(
        self, command: object, by: Person, signing: Signing | None, *, tap: str = "", on: str = "tablet-1"
    ) -> Outcome:
        """Carry out a command in somebody's session, with a signature that may be another's."""
        with self.app.app_context():
            return execute(command, by=Actor(by, on, by.id), tap=tap or str(uuid4()), signing=signing)

    def hire(self, person: Person) -> None:
        """Let somebody begin: an account, a password of their own, and the right to sign."""
        self.do(AddUser(person.id, person.name, tuple(sorted(person.roles)), FIRST_PASSWORD), ADAM)
        self.settle_in(person)

    def settle_in(self, person: Person) -> None:
        """Have somebody with a first password choose their own, be seen by another, and accept what signing means."""
        chosen = ChoosePassword(person.id, "", PASSWORD)
        self.sign(chosen, person, Signing(person.id, FIRST_PASSWORD, ""))
        self.do(ProveIdentity(person.id, "passport"), SAM if person is not SAM else QUINN)
        self.sign(AcceptStatement(person.id, 1), person, Signing(person.id, PASSWORD, ""))

    def train(self, recipe: str = "short", edition: int = 1, *others: Person) -> None:
        """Record that everybody was trained on an edition for half a year, and others who came later."""
        until = self.time() + timedelta(days=180)
        users = tuple(person.id for person in (*CAST, *others) if person is not SAM)
        self.do(RecordTraining(recipe, edition, users, until), SAM)

    def deliver(self, *readings: Reading) -> Outcome:
        """Deliver readings, as the gateway does."""
        with self.app.app_context():
            return execute(StoreReadings("gateway-1", readings), by=Actor(GATEWAY, "127.0.0.1", GATEWAY.id), tap="")

    def measured(self, value: str, **changes: Any) -> Reading:  # noqa: ANN401 - any part of a reading
        """Deliver a reading of the cell counter as it would come now, and return it."""
        made = reading(self.time(), value, **changes)
        if "sequence" not in changes:
            made = reading(self.time(), value, sequence=self._next_sequence(made.instrument), **changes)
        self.deliver(made)
        return made

    def tablet(self, person: Person | None = None) -> Tablet:
        """Return a tablet, with somebody signed in."""
        tablet = Tablet(self.app)
        self.tablets.append(tablet)
        if person:
            tablet.sign_in(person.id, PASSWORD)
        return tablet

    # --- asking -------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read as the application does: it cannot write here."""
        with self.database.reader.connect() as connection:
            yield connection

    def row(self, cls: type[_T], key: object) -> _T:
        """Return a row as it is now."""
        with self.installation.reading() as session:
            found = session.get(cls, key)
        assert found is not None
        return found

    def batch(self, number: str) -> Batch:
        """Return a batch as it is now."""
        with self.reading() as connection:
            found = self.installation.folds.get(connection, number)
        assert found is not None
        return found

    def lines(self, book: str, kind: str = "") -> list[dict[str, Any]]:
        """Return what stands in a book, line by line."""
        query = select(line.c.text).where(line.c.book == book).order_by(line.c.page)
        with self.reading() as connection:
            found = [json.loads(each) for each in connection.execute(query).scalars()]
        return [each for each in found if kind in ("", each["kind"])]

    def head(self, *books: str) -> str:
        """Return the hash of the last line of the first of these books that has one."""
        query = text("SELECT head FROM book WHERE name = :name AND pages > 0")
        with self.reading() as connection:
            heads = [connection.execute(query, {"name": name}).scalar() for name in books]
        return next((bytes(head).hex() for head in heads if head), "")

    def hash_of(self, book: str, page: int) -> bytes:
        """Return the hash of a line."""
        query = select(line.c.hash).where(line.c.book == book, line.c.page == page)
        with self.reading() as connection:
            return bytes(connection.execute(query).scalar_one())

    def refusals(self, book: str) -> list[str]:
        """Return the sentences of the attempts that were refused, as they stand in a book."""
        return [each["body"]["sentence"] for each in self.lines(book, "attempt refused")]

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with self.reading() as connection:
            found: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - a test's own word
            return found

    def verify(self, heads: Mapping[str, tuple[int, str]] | None = None) -> Verified:
        """Check the whole of it."""
        with self.database.snapshot() as connection:
            known, _ = asked(self.installation.sealing.witnesses)
            return check(connection, heads, known)

    @contextmanager
    def dba(self) -> Iterator[Dba]:
        """Do as somebody does who owns the database, and switches the triggers off first."""
        engine = self.owner()
        with engine.begin() as connection:
            switch_triggers_off(connection)
            yield Dba(connection)
        engine.dispose()
        self.installation.folds = Folds(self.installation.names)  # what was folded before is not what stands there now

    def owner(self) -> Engine:
        """Return an engine with the owner's rights, triggers in place."""
        return create_engine(self.owner_url)

    def _next_sequence(self, instrument: str) -> int:
        query = text("SELECT coalesce(max(sequence), 0) + 1 FROM reading WHERE instrument = :instrument")
        with self.reading() as connection:
            found: int = connection.execute(query, {"instrument": instrument}).scalar_one()
            return found


def reading(at: datetime, value: str, **changes: Any) -> Reading:  # noqa: ANN401 - any part of a reading
    """Return a reading of the cell counter; ``changes`` are what is otherwise about it."""
    parts: dict[str, Any] = {
        "instrument": "CC-01",
        "sequence": 1,
        "channel": "viability",
        "unit": "%",
        "quality": Quality.GOOD,
        "status": "ok",
        "sample": "TUBE-1",
        "source_time": at,
        "received_time": at,
        "raw": f"V={value}\r\n".encode(),
    }
    return Reading(value=value, **parts | changes)


def switch_triggers_off(connection: Connection) -> None:
    """Do away with the last line of defence, as only the owner of a database can."""
    if connection.dialect.name == "sqlite":
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        for table in ("line", "book", "tap", "reading", "vouched", *seal_tables.APPEND_ONLY):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))


@cache
def application() -> APIFlask:
    """Return the one application of this process: its templates are compiled once, its database changes."""
    return create_app(_settings(Path(), "sqlite://", Time()))


def _settings(folder: Path, url: str, time: Time) -> Settings:
    return Settings(
        folder, url, "a key for tests, synthetic", time, ZoneInfo("Asia/Shanghai"), "Test laboratory", "Room 1"
    )


@contextmanager
def opened(owner_url: str, folder: Path, at: datetime = START) -> Iterator[Laboratory]:
    """Open the laboratory that stands in a database."""
    url, time = application_url(owner_url), Time(at)
    installation = Installation(_settings(folder, url, time), Database(url))
    laboratory = Laboratory(application(), time, owner_url, installation, folder)
    laboratory.install()
    try:
        yield laboratory
    finally:
        for tablet in laboratory.tablets:
            tablet.close()
        installation.database.dispose()


def application_url(owner_url: str) -> str:
    """Return where the application finds a database: on PostgreSQL in its own role."""
    address = make_url(owner_url)
    if address.get_backend_name() == "postgresql":
        address = address.set(username="mes_app")
    return address.render_as_string(hide_password=False)
