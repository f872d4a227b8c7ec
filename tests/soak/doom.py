"""COMMITs that fail, on a real database: by a constraint that is looked at only then, or by a backend that dies in it.

``python -m pytest -p tests.soak.doom tests/mes`` lets every command of every test fail once at its COMMIT before it is
carried out: what was not committed left nothing behind and was not acknowledged, or the test's figures say otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
from flask import has_request_context
from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.exc import DBAPIError

from mes import execute as door
from tests.mes.laboratory import Laboratory

WAYS = ("deferred constraint", "audit line refused", "backend killed")
_SQLITE = (
    "CREATE TABLE doomed (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES doomed(id) DEFERRABLE INITIALLY DEFERRED)",
)
_POSTGRESQL = (
    *_SQLITE,
    "CREATE TABLE dying (id INTEGER PRIMARY KEY)",
    """CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$""",
    """CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON dying DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION die()""",
    "GRANT SELECT, INSERT ON doomed, dying TO mes_app",
)
_FAILS = {
    "deferred constraint": "INSERT INTO doomed VALUES (1, 2)",
    "backend killed": "INSERT INTO dying VALUES (1)",
    # A line that continues no book: the ledger's own trigger refuses it, as it would a forged one.
    "audit line refused": "INSERT INTO line (book, page, kind, author, at, text, previous, hash)"
    " VALUES ('batch:none', 7, 'forged', 'nobody', '', '', '', '')",
}


@dataclass
class Doom:
    """What lets a laboratory's COMMITs fail, in this thread and when it is told to."""

    lab: Laboratory
    tried: Counter[str] = field(default_factory=Counter)
    flaws: list[str] = field(default_factory=list)
    _thread: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        """Prepare the database, and listen."""
        owner = self.lab.owner()
        with owner.begin() as connection:
            for statement in _SQLITE if self.lab.is_sqlite else _POSTGRESQL:
                connection.exec_driver_sql(statement)
        owner.dispose()
        event.listen(self.lab.database.writer, "commit", self._fail)

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that there are on this database."""
        return WAYS[:2] if self.lab.is_sqlite else WAYS

    def next_way(self) -> str:
        """Return each way in its turn."""
        return self.ways[self.tried.total() % len(self.ways)]

    @contextmanager
    def failing(self, way: str) -> Iterator[list[str]]:
        """Let the COMMITs of this thread fail; lend the list of those that did."""
        self._thread.way, self._thread.failed = way, []
        try:
            yield self._thread.failed
        finally:
            self._thread.way = ""

    def _fail(self, connection: Connection) -> None:
        if way := getattr(self._thread, "way", ""):
            self._thread.failed.append(way)
            connection.exec_driver_sql(_FAILS[way])

    def state(self) -> str:
        """Return a digest of every row of every table."""
        digest = hashlib.sha256()
        owner = self.lab.owner()
        with owner.connect() as connection:
            for name in sorted(inspect(connection).get_table_names()):
                rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()  # noqa: S608 - the database's own name
                digest.update(f"{name}{sorted(map(repr, rows))}".encode())
        owner.dispose()
        return digest.hexdigest()

    def try_first(self, what: str, attempt: Any) -> None:  # noqa: ANN401 - whatever is attempted
        """Attempt something whose COMMIT fails; note where it was acknowledged, or left anything."""
        way, before = self.next_way(), self.state()
        with self.failing(way) as failed:
            acknowledged = attempt()
        if not failed:
            return  # it came to no COMMIT: there was nothing to fail
        self.tried[what] += 1
        if acknowledged:
            self.flaws.append(f"{what}: acknowledged, and its COMMIT failed ({way})")
        if self.state() != before:
            self.flaws.append(f"{what}: its COMMIT failed, and something stayed ({way})")

    @contextmanager
    def at_the_door(self) -> Iterator[None]:
        """Let every command fail once before it is carried out."""
        real = door._once

        def once(command: object, *rest: Any) -> Any:  # noqa: ANN401 - passed on
            def attempt() -> bool:
                try:
                    real(command, *rest)
                except DBAPIError:
                    return False
                return True

            if not has_request_context():
                self.try_first(type(command).__name__, attempt)
            return real(command, *rest)

        with mock.patch.object(door, "_once", once):
            yield

    @contextmanager
    def at_the_tablet(self) -> Iterator[None]:
        """Let every form that is sent fail once before it is answered."""
        real, rules = httpx.Client.post, self.lab.app.url_map.bind("lab.example")

        def post(client: httpx.Client, path: str, **sent: Any) -> httpx.Response:  # noqa: ANN401 - passed on
            def attempt() -> bool:
                return real(client, path, **sent).status_code < 400

            cookies = list(client.cookies.jar)
            self.try_first(_rule(rules, path), attempt)
            client.cookies.clear()
            for cookie in cookies:  # as a tablet whose answer never came
                client.cookies.jar.set_cookie(cookie)
            return real(client, path, **sent)

        with mock.patch.object(httpx.Client, "post", post):
            yield


def _rule(rules: Any, path: str) -> str:  # noqa: ANN401 - werkzeug's
    return str(rules.match(httpx.URL(path).path, method="POST", return_rule=True)[0].rule)


def mutating(lab: Laboratory) -> set[str]:
    """Return every route that can change something."""
    return {rule.rule for rule in lab.app.url_map.iter_rules() if "POST" in (rule.methods or ())}


# --- under every test of the application ----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _doomed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Doom the laboratory of a test, where it has one, and write down what came of it."""
    if "lab" not in request.fixturenames:
        yield
        return
    doom = Doom(request.getfixturevalue("lab"))
    with doom.at_the_door(), doom.at_the_tablet():
        yield
    told = {"test": request.node.nodeid, "tried": doom.tried, "flaws": doom.flaws, "routes": sorted(mutating(doom.lab))}
    with Path(os.environ["MES_DOOM"]).open("a") as file:
        file.write(json.dumps(told) + "\n")
