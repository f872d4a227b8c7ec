"""Copy the records to another place, while the laboratory works, and prove the copy before saying that it is one.

    ./lab backup FILE                         everything in one file
    ./lab backup FILE --passphrase-file P     with the secrets too, sealed by the passphrase in P

In the file are the database as it is at one moment, the files of the installation's folder (configuration,
certificates, printed records, what seals keep there), the settings, and a manifest with the digest of each. The ledger
in it is walked line by line. Secrets are never in it in clear.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from flask import Flask
from sqlalchemy.exc import DBAPIError

from mes.backups import copies, files
from mes.backups.commands import NoteBackup
from mes.backups.state import State
from mes.cli import Missing, folder_argument
from mes.context import Installation
from mes.db import Database
from mes.execute import execute
from mes.ledger.line import utc
from mes.ledger.verify import Flaw
from mes.schema import newest
from mes.settings import Settings, place
from mes.site.commands import INSTALLER
from mes.site.queries import exists

about = "copy the records"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("file", type=Path, help="where the copy goes; it must not be there yet")
    parser.add_argument(
        "--passphrase-file", type=Path, help="seal the secrets into the copy with the passphrase in this file"
    )


def main(options: argparse.Namespace) -> int:
    """Copy, prove, and print the digest of the file."""
    environment = os.environ | {"MES_FOLDER": str(options.folder.resolve())}
    folder, url = place(environment)
    if options.file.exists():
        raise Missing(f"{options.file} is there already: a backup never overwrites anything")
    if not os.access(options.file.absolute().parent, os.W_OK):
        raise Missing(f"{options.file} cannot be written: is its folder there?")
    if not exists(url):
        raise Missing(f"there is no database in {folder}")
    passphrase = options.passphrase_file.read_text().strip() if options.passphrase_file else ""
    settings = Settings.from_environment(environment)
    try:
        with tempfile.TemporaryDirectory(dir=options.file.absolute().parent, prefix=".backup-") as draft:
            state, flaws = _pack(settings, Path(draft), passphrase)
            (Path(draft) / "copy").replace(options.file)
    except (copies.NotMade, OSError) as error:
        sys.stderr.write(f"No copy was made: {error}.\n")
        return 1
    digest = files.digest_of(options.file)
    sys.stdout.write(f"{options.file}: {options.file.stat().st_size:,} bytes, SHA-256 {digest}\n")
    if not flaws:
        note(settings.database_url, settings, NoteBackup(options.file.name, digest, state.lines))
    return 1 if flaws else 0


def _pack(settings: Settings, draft: Path, passphrase: str) -> tuple[State, tuple[Flaw, ...]]:
    """Copy the database, walk the copy, and put everything into one file. A copy of what is not whole says so."""
    at, folder = settings.clock(), settings.folder
    # What a witness keeps is read before the database: read after it, it would confirm lines that the copy lacks.
    kept_by_witnesses = {f"files/{file.name}": file.read_bytes() for file in folder.glob("*.jsonl")}
    database, state, flaws = copies.copy(settings.database_url, draft)
    verdict = "NOT whole" if flaws else "whole"
    sys.stdout.write(f"The copy's ledger is {verdict}: {state.lines:,} lines in {state.books} books.\n")
    found = files.kept(folder)
    parts: dict[str, Path | bytes] = {database.name: database, files.SETTINGS: _settings()}
    parts |= {f"files/{name.as_posix()}": folder / name for name in found.open}
    parts |= kept_by_witnesses
    if passphrase:
        parts[files.SEALED] = files.seal(folder, found.secret, passphrase)
    elif found.secret:
        names = ", ".join(name.as_posix() for name in found.secret)
        sys.stdout.write(f"Not copied, for they are secrets: {names}. --passphrase-file seals them in.\n")
    left_out = [] if passphrase else [name.as_posix() for name in found.secret]
    about = {"format": 1, "made": utc(at), "schema": newest(), "state": asdict(state), "left_out": left_out}
    files.pack(draft / "copy", parts, {**about, "flaws": [f"{each.book}: {each.sentence}" for each in flaws]})
    return state, flaws


def _settings() -> bytes:
    return "".join(f"{name}={value}\n" for name, value in sorted(files.settings(os.environ).items())).encode()


def note(url: str, settings: Settings, command: object) -> None:
    """Write into a database's ledger what was done with it. Where that fails, the copy is none the worse."""
    database = Database(url)
    noting = Flask("backup")
    try:
        noting.extensions["mes"] = Installation(settings, database)
        with noting.app_context():
            execute(command, by=INSTALLER, tap=str(uuid4()))
    except DBAPIError as error:
        sys.stderr.write(f"This could not be noted in the ledger: {error.orig}\n")
    finally:
        database.dispose()
