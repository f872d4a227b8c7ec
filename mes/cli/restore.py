"""Prove a copy in a place of its own, then put it where the laboratory looks for it. What stood there is kept.

    ./lab restore FILE --folder X                         the laboratory in X must be stopped
    ./lab restore FILE --folder X --head BOOK:PAGE:HASH   compare with a head known from paper or from a witness
    ./lab restore FILE --folder X --witness FILE          compare with what a witness kept, as with those of the folder
    ./lab restore FILE --folder X --older WHY             put it in place although newer lines are known
    ./lab restore FILE --only-prove                       change nothing: say whether the copy could be restored

MES_DATABASE_URL says which database of PostgreSQL, with the owner's rights. The copy is walked line by line and held
against its manifest before anything is touched. Exit code 1: it was not put in place, and the sentences say why.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from mes.backups import copies, files
from mes.backups.commands import NoteRestore
from mes.backups.state import beyond, heads, missing
from mes.cli import folder_argument
from mes.cli.backup import note
from mes.cli.verify import head_argument, witness_argument
from mes.db import Database
from mes.processes import hold
from mes.seals.configured import witnesses_of
from mes.seals.file_witness import FileWitness
from mes.seals.verify import asked
from mes.settings import Settings, place
from mes.site.queries import exists

about = "prove a copy, then put it in place"

Heads = Mapping[str, tuple[int, str]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("file", type=Path, help="the copy")
    parser.add_argument("--database", default="", metavar="URL", help="of PostgreSQL, instead of MES_DATABASE_URL")
    head_argument(parser)
    witness_argument(parser)
    parser.add_argument("--older", default="", metavar="WHY", help="put it in place although newer lines are known")
    parser.add_argument("--passphrase-file", type=Path, help="opens the secrets that were sealed into the copy")
    parser.add_argument("--only-prove", action="store_true", help="change nothing")


def main(options: argparse.Namespace) -> int:
    """Prove the copy, compare it with what is known, and put it in place."""
    folder = options.folder.resolve()
    environment = os.environ | {"MES_FOLDER": str(folder)}
    environment |= {"MES_DATABASE_URL": options.database} if options.database else {}
    _, url = place(environment)
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as unpacked:
        try:
            manifest = files.unpack(options.file, Path(unpacked))
            _must_fit(manifest, Path(unpacked), url)
            with copies.scratch(Path(unpacked), url) as proved_url:
                return _go_on(options, environment, manifest, (Path(unpacked), proved_url, url))
        except (files.NotACopy, copies.NotMade, OSError) as error:
            sys.stderr.write(f"Nothing was replaced: {error}.\n")
            return 1


def _must_fit(manifest: Mapping[str, Any], unpacked: Path, url: str) -> None:
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    if is_sqlite != (unpacked / copies.SQLITE).exists():
        raise files.NotACopy(f"the copy is of {'PostgreSQL' if is_sqlite else 'SQLite'}, and the records here are not")
    if flaws := manifest.get("flaws"):
        raise files.NotACopy(f"it was made of records that were NOT whole: {flaws[0]}")


def _go_on(
    options: argparse.Namespace,
    environment: dict[str, str],
    manifest: Mapping[str, Any],
    places: tuple[Path, str, str],
) -> int:
    unpacked, proved_url, url = places
    secrets = _secrets(unpacked, options.passphrase_file)
    _prove(manifest, proved_url)
    lacking = _lacking(proved_url, url, dict(options.head))
    confirmed = _confirmed(proved_url, Path(environment["MES_FOLDER"]), options.witness)
    for sentence in (*_told(lacking), *_told_by_witnesses(confirmed)):
        sys.stdout.write(f"  {sentence}\n")
    if options.only_prove:
        return 1 if lacking or confirmed else 0
    if (lacking or confirmed) and not options.older.strip():
        sys.stderr.write("Nothing was replaced: this copy is OLDER than what is known. --older WHY restores it.\n")
        return 1
    settings = Settings.from_environment(environment)
    lost = max([sum(max(count, 0) for count in lacking.values()), *confirmed.values()])
    digest, lines = files.digest_of(options.file), manifest["state"]["lines"]
    note(proved_url, settings, NoteRestore(options.file.name, digest, lines, manifest["made"], lost, options.older))
    aside = settings.folder / f"before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    kept = copies.put_in_place(proved_url, url, aside)
    _put_files(unpacked / "files", settings.folder, aside, secrets)
    sys.stdout.write(f"The copy is in place. What stood there is kept: {kept}. Now: ./lab verify\n")
    return 0


def _prove(manifest: Mapping[str, Any], proved_url: str) -> None:
    """Walk the copy and hold it against its manifest. Raise `NotACopy` at the first thing that is otherwise."""
    state, flaws = copies.prove(proved_url)
    wrong = [f"{flaw.book}, page {flaw.page}: {flaw.sentence}" for flaw in flaws]
    if wrong := [*wrong, *state.differences(manifest["state"])]:
        raise files.NotACopy(f"the copy is NOT whole: {wrong[0]}")
    sys.stdout.write(
        f"The copy of {manifest['made']} is whole: {state.lines:,} lines in {state.books} books, "
        f"{state.readings:,} readings sealed.\n"
    )


def _lacking(proved_url: str, url: str, known: Heads) -> dict[str, int]:
    """Return by book how many lines are known here or elsewhere, and not in the copy."""
    copied = Database(proved_url)
    try:
        with copied.snapshot() as connection:
            return missing(connection, _standing(url)) | missing(connection, known)
    finally:
        copied.dispose()


def _confirmed(proved_url: str, folder: Path, files: Sequence[Path]) -> dict[str, int]:
    """Return by witness how many lines it has confirmed that are not sealed in the copy."""
    witnesses, unasked = asked((*(FileWitness(str(file), file) for file in files), *witnesses_of(folder)))
    sys.stdout.writelines(f"  {each}\n" for each in unasked)
    copied = Database(proved_url)
    try:
        with copied.snapshot() as connection:
            return beyond(connection, witnesses)
    finally:
        copied.dispose()


def _standing(url: str) -> Heads:
    """Return the heads of what stands where the copy will; none where nothing can be read there any more."""
    if not exists(url):
        return {}
    standing = Database(url)
    try:
        with standing.snapshot() as connection:
            return heads(connection)
    except SQLAlchemyError as error:
        cause = " ".join(str(getattr(error, "orig", error)).split())
        sys.stdout.write(f"  What stands there cannot be read, so nothing was compared with it: {cause}\n")
        return {}
    finally:
        standing.dispose()


def _told(lacking: Mapping[str, int]) -> Iterator[str]:
    for book, count in sorted(lacking.items()):
        if count < 0:
            yield f"{book}: the copy and what is known say different things on the same page"
        else:
            yield f"{book}: the last {count} {'lines' if count > 1 else 'line'} known are not in the copy"


def _told_by_witnesses(confirmed: Mapping[str, int]) -> Iterator[str]:
    for witness, count in sorted(confirmed.items()):
        if count < 0:
            yield f"{witness}: the lines that it confirmed are not those with which the copy begins"
        else:
            lines = "lines" if count > 1 else "line"
            yield f"{witness}: the last {count} {lines} that it confirmed are not in the copy"


def _secrets(unpacked: Path, passphrase_file: Path | None) -> dict[str, bytes]:
    sealed = unpacked / files.SEALED
    if not passphrase_file or not sealed.exists():
        return {}
    return dict(files.unseal(sealed.read_bytes(), passphrase_file.read_text().strip()))


def _put_files(copied: Path, folder: Path, aside: Path, secrets: Mapping[str, bytes]) -> None:
    """Put the files beside the records in place; one that is otherwise there is kept aside."""
    found = {path.relative_to(copied).as_posix(): path for path in copied.rglob("*") if path.is_file()}
    contents = {name: path.read_bytes() for name, path in found.items()} | dict(secrets)
    for name, content in contents.items():
        target = folder / name
        if target.exists() and target.read_bytes() == content:
            continue
        if target.exists():
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            target.replace(aside / name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode=0o600 if name in secrets else 0o640)
        target.write_bytes(content)
