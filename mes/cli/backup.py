"""Copy the records to another place, while the laboratory works, and prove the copy before saying that it is one.

    ./lab backup FILE     the database as one file; the ledger in it is walked line by line

On SQLite the copy is made page by page in one reading transaction; on PostgreSQL pg_dump makes it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from mes.cli import Missing, folder_argument
from mes.db import Database
from mes.ledger.verify import verify
from mes.settings import place

about = "copy the records"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("file", type=Path, help="where the copy goes; it must not be there yet")


def main(options: argparse.Namespace) -> int:
    """Copy, prove, and print the digest of the file."""
    _, address = place(os.environ | {"MES_FOLDER": str(options.folder.resolve())})
    if options.file.exists():
        raise Missing(f"{options.file} is there already: a backup never overwrites anything")
    if not os.access(options.file.absolute().parent, os.W_OK):
        raise Missing(f"{options.file} cannot be written: is its folder there?")
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        if not (_copy_sqlite(Path(url.database or ""), options.file) and _is_whole(options.file)):
            return 1
    elif not _dump_postgresql(address, options.file):
        return 1
    digest = hashlib.sha256(options.file.read_bytes()).hexdigest()
    sys.stdout.write(f"{options.file}: {options.file.stat().st_size:,} bytes, SHA-256 {digest}\n")
    return 0


def _copy_sqlite(source: Path, target: Path) -> bool:
    if not source.exists():
        raise Missing(f"there is no database at {source}")
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as records,
            closing(sqlite3.connect(target)) as copy,
        ):
            records.backup(copy, pages=1_000)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, that can be carried away
    except sqlite3.Error as error:
        for ending in ("", "-journal", "-wal", "-shm"):  # what was begun is no copy
            Path(f"{target}{ending}").unlink(missing_ok=True)
        sys.stderr.write(f"No copy was made: {error}.\n")
        return False
    return True


def _is_whole(file: Path) -> bool:
    database = Database(f"sqlite:///{file}")
    with database.snapshot() as connection:
        verified = verify(connection)
    database.dispose()
    verdict = "whole" if verified.holds else "NOT whole"
    sys.stdout.write(f"The copy's ledger is {verdict}: {verified.lines:,} lines in {verified.books} books.\n")
    return verified.holds


def _dump_postgresql(url: str, target: Path) -> bool:
    if shutil.which("pg_dump") is None:
        raise Missing("pg_dump is not on this machine: install PostgreSQL's client programs")
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["pg_dump", "--format=custom", f"--file={target}", address]
    done = subprocess.run(command, check=False)  # noqa: S603 - PostgreSQL's own program, as PATH has it
    if done.returncode:
        target.unlink(missing_ok=True)  # what was begun is no copy
        sys.stderr.write("No copy was made: only the database's owner may read all of it.\n")
    return not done.returncode
