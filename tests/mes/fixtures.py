"""A furnished laboratory for every test, made once and copied: on SQLite a file, on PostgreSQL a template."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from pathlib import Path

import pytest

from mes.schema import upgrade
from tests.mes.furnishing import furnish
from tests.mes.laboratory import COI, Laboratory, opened
from tests.mes.played import Played
from tests.services import postgres

Copying = Callable[[str, Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def copied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Copying:
    """What lends a copy of the furnished laboratory, on one kind of database or the other."""
    folder = tmp_path_factory.mktemp("furnished")

    @cache
    def furnished(kind: str) -> str:
        url = f"sqlite:///{folder}/lab.db" if kind == "sqlite" else _created(cluster())
        upgrade(url)
        with opened(url, folder) as laboratory:
            furnish(laboratory)
        if kind == "sqlite":
            with closing(sqlite3.connect(folder / "lab.db")) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in the one file
        return url

    def cluster() -> postgres.Cluster:
        found: postgres.Cluster = request.getfixturevalue("postgresql")
        return found

    @contextmanager
    def lend(kind: str, where: Path) -> Iterator[str]:
        url = furnished(kind)
        if kind == "sqlite":
            shutil.copy(folder / "lab.db", where / "lab.db")
            yield f"sqlite:///{where}/lab.db"
        else:
            with cluster().database(like=url) as copy:
                yield copy

    return lend


def _created(cluster: postgres.Cluster) -> str:
    """Return the address of a new database that stays as long as its server."""
    cluster.execute("CREATE DATABASE furnished TEMPLATE template0")
    return cluster.url("furnished")


@pytest.fixture(params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, copied: Copying, tmp_path: Path) -> Iterator[Laboratory]:
    """The laboratory, as it was furnished; whatever asks for it runs on SQLite and on PostgreSQL."""
    with copied(request.param, tmp_path) as url, opened(url, tmp_path) as laboratory:
        yield laboratory


@pytest.fixture
def batch(lab: Laboratory) -> Played:
    """A batch of the short recipe that has just been started."""
    return Played(lab).start(COI)


@pytest.fixture(scope="session")
def shared(copied: Copying, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """One laboratory for the whole run."""
    folder = tmp_path_factory.mktemp("shared")
    with copied("sqlite", folder) as url, opened(url, folder) as laboratory:
        yield laboratory


@pytest.fixture
def sqlite(shared: Laboratory) -> Laboratory:
    """The shared laboratory, for questions that change nothing in it and are asked by the hundred."""
    shared.install()
    return shared
