"""Say what is here and what is missing, and what is weaker than it should be. Changes nothing."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from mes.cli import folder_argument
from mes.db import Database
from mes.durability import durability
from mes.ledger import seal
from mes.ledger.line import utc
from mes.ledger.log import newest
from mes.machine.watch import FULL_FROM, off_at_most, share_used
from mes.schema import is_current
from mes.seals.configured import witnesses_of
from mes.seals.file_witness import FileWitness
from mes.seals.records import standing
from mes.settings import place
from mes.site.queries import exists, kind_of_site

about = "say what is here"

Finding = tuple[bool, str]
_LEAST_FREE = 2_000_000_000
_LONGEST = timedelta(minutes=2)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)


def main(options: argparse.Namespace) -> int:
    """Print every finding; exit code 3 if one is bad."""
    bad = 0
    for look in (_programs, _printing, _folder, _clock, _database):
        for is_good, sentence in look(options.folder.resolve()):
            sys.stdout.write(f"  {'ok      ' if is_good else 'missing '} {sentence}\n")
            bad += not is_good
    return 3 if bad else 0


def _programs(_: Path) -> Iterator[Finding]:
    yield sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}"
    for package in ("flask", "sqlalchemy", "asyncua", "weasyprint"):
        yield True, f"{package} {version(package)}"


def _printing(_: Path) -> Iterator[Finding]:
    # In a process of its own: without any font, WeasyPrint ends with a segmentation fault.
    script = "from weasyprint import HTML; HTML(string='<p>张').write_pdf()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)  # noqa: S603 - our own
    yield done.returncode == 0, "WeasyPrint prints a page" if done.returncode == 0 else "WeasyPrint cannot print"


def _folder(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield True, f"{folder} is not there yet: ./lab run makes it"
        return
    yield os.access(folder, os.W_OK), f"{folder} can be written"
    free = shutil.disk_usage(folder).free
    yield free > _LEAST_FREE, f"{free / 1e9:.0f} GB free for records"
    used = share_used(folder)
    yield used < FULL_FROM, f"the disk of the records is {used:.0%} full; from {FULL_FROM:.0%} every page says so"


def _clock(_: Path) -> Iterator[Finding]:
    """Say how far the clock may be off. A container may not be asked, so this is no fault of the installation."""
    off = off_at_most()
    yield True, "nothing keeps the clock in step" if off is None else f"the clock is off by {off:.2f} s at most"


def _database(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        return
    _, url = place(os.environ | {"MES_FOLDER": str(folder)})
    if not exists(url):
        yield True, "no records yet"
        return
    database = Database(url)
    yield is_current(database), "the database has this version's schema"
    kind = kind_of_site(database)
    yield bool(kind), f"it is a {kind}'s" if kind else "no site was set up in it"
    yield from _seals(database, folder)
    yield from durability(database)
    database.dispose()


def _seals(database: Database, folder: Path) -> Iterator[Finding]:
    """Say how old the newest seal is, and when each witness confirmed last."""
    if not is_current(database):
        return
    now = datetime.now(UTC)
    with database.snapshot() as connection:
        sealed, waiting = newest(connection), seal.waiting(connection, None)
        yield (
            bool(sealed),
            f"{sealed.size:,} lines sealed, {_ago(now, sealed.at)}" if sealed else "no line is sealed yet",
        )
        oldest = min((each.at for each in waiting), default=now)
        yield now - oldest < _LONGEST, f"{len(waiting)} lines wait to be sealed"
        for witness in witnesses_of(folder):
            stands = standing(connection, witness.name)
            when = f"confirmed {stands.size:,} lines, {_ago(now, stands.at)}" if stands.at else "never confirmed"
            yield bool(stands.at and not stands.problem), f"the witness {witness.name} {when} {stands.problem}".strip()
            if isinstance(witness, FileWitness) and _is_beside(witness.path, folder):
                yield (
                    True,
                    f"the witness {witness.name} lies on the disk of the records: name one elsewhere in seals.toml",
                )


def _is_beside(file: Path, folder: Path) -> bool:
    return file.parent.exists() and file.parent.stat().st_dev == folder.stat().st_dev


def _ago(now: datetime, at: datetime) -> str:
    seconds = (now - at).total_seconds()
    return f"{seconds:.0f} s ago" if 0 <= seconds < 600 else f"at {utc(at)}"
