"""A database that a power cut could take acknowledged records from is not served."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from mes.db import Database
from mes.durability import NotDurable, durability, must_be_durable
from tests.architecture.source import ROOT
from tests.mes.laboratory import Laboratory, application_url
from tests.services import postgres


@pytest.fixture(scope="module")
def durable() -> Iterator[postgres.Cluster]:
    """A PostgreSQL that waits for the disk, as a laboratory's does."""
    with postgres.running(durable=True) as cluster:
        yield cluster


def weakened(pragma: str, file: Path) -> Database:
    """Return a database whose connections are made weaker than ours are."""
    database = Database(f"sqlite:///{file}")
    engine: Engine = database.writer
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    return database


def test_sqlite_as_we_open_it_is_durable(tmp_path: Path) -> None:
    """The write-ahead log, and every commit waited for."""
    database = Database(f"sqlite:///{tmp_path}/lab.db")
    assert [good for good, _ in durability(database)] == [True]
    assert must_be_durable(database) is None
    database.dispose()


@pytest.mark.parametrize("pragma", ["synchronous=NORMAL", "synchronous=OFF", "journal_mode=MEMORY"])
def test_a_weaker_sqlite_is_refused(tmp_path: Path, pragma: str) -> None:
    """Whatever made it weaker, the sentence names the setting."""
    database = weakened(pragma, tmp_path / "lab.db")
    with pytest.raises(NotDurable, match="a power cut would lose what was acknowledged"):
        must_be_durable(database)
    database.dispose()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_weaker_postgresql_is_refused(durable: postgres.Cluster, setting: str) -> None:
    """Each of the three is asked of the server, and named."""
    with durable.database() as url:
        strong = Database(url)
        assert must_be_durable(strong) is None
        strong.dispose()
        durable.execute(f"ALTER SYSTEM SET {setting} = off")
        durable.execute("SELECT pg_reload_conf()")
        weak = Database(url)
        _await(url, setting)
        with pytest.raises(NotDurable, match=f"PostgreSQL {setting} is off"):
            must_be_durable(weak)
        weak.dispose()
        durable.execute(f"ALTER SYSTEM RESET {setting}")
        durable.execute("SELECT pg_reload_conf()")
        _await(url, setting, "on")


def _await(url: str, setting: str, wanted: str = "off") -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    found = ""
    while found != wanted:
        with engine.connect() as connection:
            found = connection.exec_driver_sql(f"SHOW {setting}").scalar_one()
    engine.dispose()


def test_a_role_with_a_setting_of_its_own_is_found_out(durable: postgres.Cluster) -> None:
    """The server is durable, and the application's role is told not to wait: the application asks as that role."""
    with durable.database() as url:
        durable.execute("CREATE ROLE hasty LOGIN")
        durable.execute("ALTER ROLE hasty SET synchronous_commit = off")
        database = Database(url.replace("postgres@", "hasty@"))
        with pytest.raises(NotDurable, match="synchronous_commit is off"):
            must_be_durable(database)
        database.dispose()
        durable.execute("DROP ROLE hasty")


def test_a_laboratory_does_not_start_on_it(lab: Laboratory) -> None:
    """The tests' own PostgreSQL is in a hurry: no laboratory is served there; on SQLite the same laboratory is."""
    told = {"MES_FOLDER": str(lab.folder), "MES_DATABASE_URL": application_url(lab.owner_url)}
    start = [sys.executable, "-c", "import wsgi"]
    started = subprocess.run(start, env=os.environ | told, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (started.returncode == 0) is lab.is_sqlite
    assert ("PostgreSQL fsync is off: a power cut" in started.stderr) is not lab.is_sqlite
