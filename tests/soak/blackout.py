"""Cut the power under PostgreSQL as it ships: it starts again, and what was acknowledged is there, whole (R4).

PostgreSQL works on a file system of ours (FUSE) that remembers what was written and what was synced, while people save
through the application's own door and checkpoints come in between. Then the power is cut at a random point of what
happened, again and again; each time PostgreSQL must start on what is left, pg_amcheck must find every table and index
sound, every remark that was acknowledged must be there, and the ledger must verify. It takes root and ``/dev/fuse``.

What PostgreSQL does in between is its own affair, so that two runs of one seed cut at other moments of its work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from batch_records.executed import commands as c
from mes.db import Database
from mes.integrity import check
from mes.patients.commands import PlaceOrder
from mes.schema import upgrade
from tests.cast import ALICE, DORA
from tests.mes.furnishing import furnish
from tests.mes.laboratory import Laboratory, opened
from tests.mes.played import Played
from tests.services import postgres
from tests.soak.fuse import CannotMount, mounted
from tests.soak.nodes import Tree
from tests.soak.pages import Happened, Medium, Synced, Wrote
from tests.soak.rounds import Report, luck, rounds_arguments, tell

SAVES = 400
_HANDS = 4
_NAME = "laboratory"
# Recovery, after each cut, need not sync what is thrown away; the server on trial has what ships.
_AFTERWARDS = "\nunix_socket_directories = '{folder}'\nfsync = off\n"


@dataclass(frozen=True)
class Tape:
    """A disk as it was before, what happened to it then, and all that was sent."""

    disk: Medium
    happened: Sequence[Happened]
    sent: frozenset[str]


def tape(saves: int, weaker: Sequence[str]) -> Tape:
    """Save so often into a laboratory whose records lie on the remembering disk. Raise `CannotMount`."""
    owner = postgres.NOBODY if os.geteuid() == 0 else os.geteuid()
    tree = Tree(owner)
    with postgres.placed() as cluster:
        (cluster.folder / "data").mkdir(mode=0o700)
        with mounted(cluster.folder / "data", tree):
            cluster.make("\n".join(f"{each}" for each in ("", *weaker, "")))
            with _started(cluster), ExitStack() as stack:
                cluster.execute(f"CREATE DATABASE {_NAME} TEMPLATE template0")
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mes-blackout-")))
                upgrade(cluster.url(_NAME))
                lab = stack.enter_context(opened(cluster.url(_NAME), folder))
                furnish(lab)
                batches = [_batch(lab, number) for number in range(_HANDS)]
                cluster.execute("CHECKPOINT")
                disk = tree.settle()
                sent = _saved(lab, batches, saves, tree, cluster)
                happened = list(tree.tape)
                lab.database.dispose()
    return Tape(disk, happened, frozenset(sent))


@contextmanager
def _started(cluster: postgres.Cluster) -> Iterator[None]:
    cluster.start()
    try:
        yield
    finally:
        cluster.stop()


def _batch(lab: Laboratory, number: int) -> Played:
    coi = f"COI-26-{number:05}-P"
    lab.do(PlaceOrder(coi, "short"), DORA)
    return Played(lab).start(coi)


def _saved(
    lab: Laboratory, batches: Sequence[Played], saves: int, tree: Tree, cluster: postgres.Cluster
) -> Iterable[str]:
    """Have four hands save at once; whatever the door says is kept is written on the tape."""
    remarks = [f"{number}{' and more' * (number % 40)}" for number in range(saves)]

    def save(number: int) -> None:
        lab.do(c.AddComment(batches[number % _HANDS].number, remarks[number]), ALICE)
        tree.acknowledge(remarks[number])
        if number % (saves // 4) == saves // 8:
            cluster.execute("CHECKPOINT")

    with ThreadPoolExecutor(_HANDS) as hands:
        list(hands.map(save, range(saves)))
    return remarks


def cuts(taped: Tape, points: Iterable[int], report: Report) -> None:
    """Cut at each point, start PostgreSQL on what is left, and say what is not there."""
    done = 0
    for number, point in enumerate(sorted(points)):
        for each in taped.happened[done:point]:
            taped.disk.happen(each)
        done = point
        found = taped.disk.cut(luck(report.seed, number))
        wrong = _wrong(found, taped.disk.acknowledged, taped.sent)
        report.flaws += [f"cut {number} at {point}: {flaw}" for flaw in wrong]
        report.rounds += 1
        report.counts["acknowledged saves before the cuts"] += len(taped.disk.acknowledged)


def _wrong(found: Mapping[str, bytes | None], acknowledged: Sequence[str], sent: frozenset[str]) -> Iterator[str]:
    with postgres.placed() as cluster:
        _lay(found, cluster.folder / "data")
        cluster.configure(_AFTERWARDS.format(folder=cluster.folder))
        try:
            with _started(cluster):
                yield from _unsound(cluster)
                yield from _missing(cluster, acknowledged, sent)
        except (RuntimeError, SQLAlchemyError) as error:  # what is left is so broken that it ends under the questions
            yield f"it does not start, or does not stay: {error}"


def _lay(found: Mapping[str, bytes | None], folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for path, content in found.items():
        if path == "postmaster.pid":  # no process of before lives on a machine that was off
            continue
        if content is None:
            (folder / path).mkdir(mode=0o700)
        else:
            (folder / path).write_bytes(content)
    if os.geteuid() == 0:
        for each in (folder, *folder.rglob("*")):
            os.chown(each, postgres.NOBODY, postgres.NOBODY)


def _unsound(cluster: postgres.Cluster) -> Iterator[str]:
    command = [str(postgres.programs() / "pg_amcheck"), "--install-missing", "--heapallindexed", "--username=postgres"]
    command += [f"--host={cluster.folder}", _NAME]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"pg_amcheck: {done.stdout}{done.stderr}"
    database = Database(cluster.url(_NAME))
    with database.snapshot() as connection:
        yield from (f"{flaw.book}: {flaw.sentence}" for flaw in check(connection).flaws)
    database.dispose()


def _missing(cluster: postgres.Cluster, acknowledged: Sequence[str], sent: frozenset[str]) -> Iterator[str]:
    engine = create_engine(cluster.url(_NAME), poolclass=NullPool)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT text FROM line WHERE kind = 'comment added'")).scalars()
        there = Counter(json.loads(row)["body"]["text"] for row in rows)
    engine.dispose()
    if lost := set(acknowledged) - set(there):
        yield f"{len(lost)} of {len(acknowledged)} acknowledged saves are lost"
    if wrong := [each for each, count in there.items() if count > 1 or each not in sent]:
        yield f"{len(wrong)} saves are there twice, or were never sent"


def soak(rounds: int, seed: int, saves: int = SAVES, weaker: Sequence[str] = ()) -> Report:
    """Cut the power so often."""
    report = Report("power cuts under PostgreSQL", seed)
    taped = tape(saves, weaker)
    report.counts["writes to the disk"] = sum(isinstance(each, Wrote) for each in taped.happened)
    report.counts["syncs of the disk"] = sum(isinstance(each, Synced) for each in taped.happened)
    chance = luck(seed, -1)
    cuts(taped, (chance.randrange(len(taped.happened) + 1) for _ in range(rounds)), report)
    return report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 100, databases=False)
    parser.add_argument("--weaker", action="append", default=[], metavar="SETTING", help="such as fsync=off")


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where a cut lost or broke anything, 3 where nothing can be mounted."""
    try:
        return tell([soak(options.rounds, options.seed, weaker=options.weaker)])
    except CannotMount as why:
        sys.stderr.write(f"This trial cannot run on this machine: {why}\n")
        return 3
