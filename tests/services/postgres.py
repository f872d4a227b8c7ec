"""A PostgreSQL to throw away: started for the run, reached through its own folder, a new database for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

_ROOTS = (Path("/"), Path(__file__).resolve().parents[2] / ".lab/syslibs")  # ./lab unpacks into the second without root
NOBODY = 65534  # PostgreSQL refuses to run as root, and any account will do
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
"""
# Nothing of a test outlives the run, so nothing waits for the disk. A measurement does wait.
_IN_A_HURRY = """
fsync = off
synchronous_commit = off
full_page_writes = off
"""


def programs() -> Path:
    """Return the folder of PostgreSQL's programs: the one named, the newest installed, or the one on the path."""
    folders = [Path(os.environ["MES_PG_BIN"])] if "MES_PG_BIN" in os.environ else []
    for root in _ROOTS:
        versions = root.glob("usr/lib/postgresql/*/bin")
        folders += sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    folders += [Path(folder) for folder in os.get_exec_path()]
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise RuntimeError("PostgreSQL is not on this machine; ./lab setup --dev installs it, MES_PG_BIN names its folder")


@dataclass
class Cluster:
    """A running server with nothing in it yet."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        """Return where SQLAlchemy finds a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}&port=5432"

    @contextmanager
    def database(self, like: str | None = None) -> Iterator[str]:
        """Lend a new database, empty or like another that nobody is connected to, and drop it afterwards."""
        name, template = f"test_{next(self._numbers)}", make_url(like).database if like else "template0"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def make(self, settings: str = "") -> None:
        """Make the server's files, with settings beside its own."""
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.configure(_SETTINGS.format(folder=self.folder) + settings)

    def configure(self, settings: str) -> None:
        """Add settings, which count from its next start."""
        with (self.folder / "data/postgresql.conf").open("a") as file:
            file.write(settings)

    def start(self) -> None:
        """Start it and wait until it answers. Raise `RuntimeError` with its log."""
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it and wait until it is gone. Raise `RuntimeError` with its log."""
        self._run("pg_ctl", "stop", f"--mode={mode}")

    def _run(self, program: str, *arguments: str) -> None:
        as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [programs() / program, "--pgdata", self.folder / "data", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False, **as_nobody)
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program} failed: {done.stderr}{log.read_text() if log.exists() else ''}")

    def execute(self, statement: str) -> None:
        """Have the server do something, as its owner."""
        where = f"host={self.folder} port=5432 user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def placed(within: Path | None = None) -> Iterator[Cluster]:
    """Lend a place for a server that is still to be made, and leave nothing of it behind."""
    folder = Path(tempfile.mkdtemp(prefix="mes-pg-", dir=within))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield Cluster(folder)
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(*, durable: bool = False, within: Path | None = None) -> Iterator[Cluster]:
    """Start a server, and leave nothing of it behind. A durable one waits for the disk, as a laboratory's does."""
    with placed(within) as cluster:
        cluster.make("" if durable else _IN_A_HURRY)
        cluster.start()
        yield cluster
        cluster.stop()
