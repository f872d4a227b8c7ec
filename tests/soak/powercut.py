"""Cut the power under SQLite with the pragmas we ship: what was acknowledged is there, and the ledger is whole (R3).

People save through the application's own door; what it said to its driver is said again to SQLite on a disk that
remembers every write. Then the power is cut at a random point, again and again, each time with another choice of the
sectors that had not been synced.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from batch_records.executed import commands as c
from mes.db import Database
from mes.integrity import check
from mes.schema import upgrade
from tests.cast import ALICE
from tests.mes.furnishing import furnish
from tests.mes.laboratory import COI, Laboratory, opened
from tests.mes.played import Played
from tests.soak.power import Disk, Happened, Spoken, replayed
from tests.soak.rounds import Report, luck, rounds_arguments, tell

SAVES = 300


@contextmanager
def furnished(folder: Path) -> Iterator[Laboratory]:
    """Open a laboratory on SQLite with everything in its one file."""
    url = f"sqlite:///{folder}/lab.db"
    upgrade(url)
    with opened(url, folder) as laboratory:
        furnish(laboratory)
        yield laboratory


def tape(lab: Laboratory, folder: Path, saves: int, weaker: Sequence[str] = ()) -> tuple[Disk, list[Happened], str]:
    """Save so often, then again on the remembering disk; return it as it was before, what happened, and the batch."""
    batch = Played(lab).start(COI).finish("1.4")
    lab.database.dispose()
    file = folder / "again" / "mes.sqlite"
    file.parent.mkdir()
    with closing(sqlite3.connect(lab.folder / "lab.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(lab.folder / "lab.db", file)
    disk, spoken = Disk(file), Spoken()
    spoken.listen(lab.database.writer)
    for number in range(saves):
        lab.do(c.AddComment(batch.number, f"{number} {'and more ' * (number % 40)}"), ALICE)
    return disk, replayed(spoken, file, weaker), batch.number


def cuts(disk: Disk, happened: Sequence[Happened], points: Iterable[int], batch: str, report: Report) -> None:
    """Cut at each point, open what is left as the application does, and say what is not there."""
    done = 0
    for number, point in enumerate(sorted(points)):
        for each in happened[done:point]:
            disk.happen(each)
        done = point
        with tempfile.TemporaryDirectory(prefix="mes-cut-") as folder:
            disk.cut(luck(report.seed, number), Path(folder))
            report.flaws += [f"cut {number} at {point}: {flaw}" for flaw in _wrong(Path(folder), batch, disk.commits)]
        report.rounds += 1
        report.counts["acknowledged commits before the cuts"] += disk.commits


def _wrong(folder: Path, batch: str, commits: int) -> Iterator[str]:
    try:
        with closing(sqlite3.connect(folder / "mes.sqlite")) as connection:
            (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
            query = "SELECT count(*) FROM line WHERE book = ? AND kind = 'comment added'"
            (found,) = connection.execute(query, (f"batch:{batch}",)).fetchone()
    except sqlite3.DatabaseError as error:
        yield f"it cannot be read: {error}"
        return
    if sound != "ok":
        yield f"SQLite says {sound}"
    if not commits <= found <= commits + 1:  # the one that was being written may be there
        yield f"{commits} were acknowledged, and {found} are there"
    database = Database(f"sqlite:///{folder / 'mes.sqlite'}")
    with database.snapshot() as connection_:
        yield from (f"{flaw.book}: {flaw.sentence}" for flaw in check(connection_).flaws)
    database.dispose()


def soak(rounds: int, seed: int, saves: int = SAVES, weaker: Sequence[str] = ()) -> Report:
    """Cut the power so often."""
    report = Report("power cuts under SQLite", seed)
    with tempfile.TemporaryDirectory(prefix="mes-power-") as place, furnished(Path(place)) as lab:
        disk, happened, batch = tape(lab, Path(place), saves, weaker)
        report.counts["writes to the disk"] = sum(what == "write" for what, _, _ in happened)
        report.counts["syncs of the disk"] = sum(what == "sync" for what, _, _ in happened)
        chance = luck(seed, -1)
        cuts(disk, happened, (chance.randrange(len(happened) + 1) for _ in range(rounds)), batch, report)
    return report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 1_000, databases=False)
    parser.add_argument("--weaker", action="append", default=[], metavar="PRAGMA", help="such as synchronous=NORMAL")


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where a cut lost or broke anything."""
    return tell([soak(options.rounds, options.seed, weaker=options.weaker)])
