"""The database, copied as it is at one moment while everybody goes on writing; and put into a place of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url

from mes.backups.state import State, proved
from mes.db import Database
from mes.ledger.verify import Flaw

SQLITE, POSTGRESQL = "database.sqlite", "database.dump"
_ROLE = "mes_app"


class NotMade(Exception):  # noqa: N818 - an answer, not an error
    """A copy could not be made, or not be put in place; the sentence says why."""


def copy(url: str, folder: Path) -> tuple[Path, State, tuple[Flaw, ...]]:
    """Copy a database into a folder, and walk the copy; return its file, how much is in it, and every flaw."""
    if make_url(url).get_backend_name() == "sqlite":
        file = _copy_sqlite(Path(make_url(url).database or ""), folder / SQLITE)
        return file, *prove(f"sqlite:///{file}")
    database = Database(url)
    try:
        with database.snapshot() as connection:
            return _dump(connection, url, folder / POSTGRESQL), *proved(connection)
    finally:
        database.dispose()


def prove(url: str) -> tuple[State, tuple[Flaw, ...]]:
    """Walk a database that nobody works in."""
    database = Database(url)
    try:
        with database.snapshot() as connection:
            return proved(connection)
    finally:
        database.dispose()


def _copy_sqlite(source: Path, target: Path) -> Path:
    """Copy page by page, in one step: a copy in several would begin anew whenever somebody writes in between."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as records,
            closing(sqlite3.connect(target)) as file,
        ):
            records.backup(file)
            file.execute("PRAGMA journal_mode=DELETE")  # one file, that can be carried away
    except sqlite3.Error as error:
        raise NotMade(str(error)) from None
    return target


def _dump(connection: Connection, url: str, target: Path) -> Path:
    """Have pg_dump copy the very snapshot that is walked afterwards."""
    snapshot = str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar())
    _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}", _plain(make_url(url)))
    return target


# --- into a place of its own --------------------------------------------------------------------------------------


@contextmanager
def scratch(unpacked: Path, url: str) -> Iterator[str]:
    """Put a copy where nobody works: lend the address, and leave nothing of it behind, unless it was put in place."""
    if (unpacked / SQLITE).exists():
        yield f"sqlite:///{unpacked / SQLITE}"
        return
    address = make_url(url).set(database=f"{make_url(url).database}_restoring")
    _make(address)
    try:
        where = _plain(address)
        _run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={where}", str(unpacked / POSTGRESQL))
        yield address.render_as_string(hide_password=False)
    finally:
        _server(address, SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(str(address.database))))


def _make(address: URL) -> None:
    with _connected(address) as server:
        if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [_ROLE]).fetchone():
            server.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(_ROLE)))
    name = Identifier(str(address.database))
    _server(address, SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    _server(address, SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))


def put_in_place(proved_url: str, url: str, aside: Path) -> str:
    """Put a copy where the application looks for it, and what stood there aside. Return where that is now."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _swap_files(Path(make_url(proved_url).database or ""), Path(address.database or ""), aside)
    old, new = str(address.database), str(make_url(proved_url).database)
    kept = f"{old}_{aside.name}"
    with _connected(address) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [old]).fetchone():
            server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(old), Identifier(kept)))
        server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(new), Identifier(old)))
    return kept


def _swap_files(copy_: Path, place: Path, aside: Path) -> str:
    for ending in ("-wal", "-shm", ""):  # a copy beside another's -wal is no database
        if (old := Path(f"{place}{ending}")).exists():
            aside.mkdir(exist_ok=True)
            old.replace(aside / old.name)
    with closing(sqlite3.connect(copy_)) as file:
        file.execute("PRAGMA journal_mode=DELETE")  # all of it in the one file that is moved
    copy_.chmod(0o600)
    copy_.replace(place)
    return str(aside)


@contextmanager
def _connected(address: URL) -> Iterator[psycopg.Connection]:
    """Connect to the server's own database: the one that is spoken of may not be there, or must be let alone."""
    where = _plain(address.set(database="postgres"))
    try:
        with psycopg.connect(where, autocommit=True) as connection:
            yield connection
    except psycopg.Error as error:
        raise NotMade(" ".join(str(error).split())) from None


def _server(address: URL, statement: SQL | object) -> None:
    with _connected(address) as connection:
        connection.execute(statement)  # type: ignore[arg-type]  # a composed statement is one too


def _plain(address: URL) -> str:
    return address.set(drivername="postgresql").render_as_string(hide_password=False)


def program(name: str) -> str:
    """Return where one of PostgreSQL's programs is: in the folder named, on the path, or the newest installed."""
    named = [Path(os.environ["MES_PG_BIN"])] if "MES_PG_BIN" in os.environ else []
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(folder.parent.name))
    for folder in (*named, *installed):
        if (folder / name).exists():
            return str(folder / name)
    if found := shutil.which(name):
        return found
    raise NotMade(f"{name} is not on this machine: install PostgreSQL's client programs")


def _run(name: str, *arguments: str) -> None:
    command = [program(name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - PostgreSQL's own program
    if done.returncode:
        raise NotMade(" ".join(done.stderr.split()) or f"{name} failed")
