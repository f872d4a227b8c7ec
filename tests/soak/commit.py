"""COMMIT comes late, or fails: nothing is said before it, and nothing stays after it (R5, R6).

Late: a tablet saves while each COMMIT is held up, and the moment it is answered another connection must find the line.
Failing: every test of the application runs with each command and each form failing at its COMMIT first, by a deferred
constraint, a line that the ledger refuses, or a backend that dies in it; never may that be answered with success, and
never may a row, a line or a tap stay. Which mutating routes were reached is told by name.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from mes.schema import upgrade
from tests.architecture.source import ROOT
from tests.cast import ALICE
from tests.mes.furnishing import furnish
from tests.mes.laboratory import COI, Laboratory, opened
from tests.mes.played import Played
from tests.services import postgres
from tests.soak.rounds import Report, rounds_arguments, tell

_LATE = (
    "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$",
    """CREATE CONSTRAINT TRIGGER late AFTER INSERT ON tap DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION late()""",
)


def hold_commits_up(lab: Laboratory) -> None:
    """Let each COMMIT that a tap led to wait, on PostgreSQL, which can; SQLite's is as long as the disk takes."""
    if lab.is_sqlite:
        return
    owner = lab.owner()
    with owner.begin() as connection:
        for statement in _LATE:
            connection.exec_driver_sql(statement)
    owner.dispose()


def pairs(batch: Played, count: int, report: Report) -> None:
    """Save and look, so often."""
    tablet = batch.lab.tablet(ALICE)
    fields = tablet.open(batch.page).form("/lock").fields
    owner = batch.lab.owner().execution_options(isolation_level="AUTOCOMMIT")
    query = text("SELECT count(*) FROM line WHERE book = :book AND kind = 'comment added'")
    with owner.connect() as other:
        for number in range(1, count + 1):
            tap = {"tap": str(uuid4()), "text": f"remark {number}"}
            answer = tablet.http.post(f"{batch.page}/comments", data={**fields, **tap})
            found = other.execute(query, {"book": batch.book}).scalar_one()
            report.rounds += 1
            if not answer.is_redirect or found != number:
                report.flaws.append(f"save {number} was answered {answer.status_code}, and {found} are there")
    owner.dispose()


def late(kind: str, count: int, seed: int) -> Report:
    """Run the first part on a database of its own."""
    report = Report(f"saves looked for as soon as they are answered, {kind}", seed)
    with tempfile.TemporaryDirectory(prefix="mes-late-") as folder:
        if kind == "sqlite":
            _late_on(f"sqlite:///{folder}/lab.db", Path(folder), count, report)
        else:
            with postgres.running(durable=True) as cluster, cluster.database() as url:
                _late_on(url, Path(folder), count, report)
    return report


def _late_on(url: str, folder: Path, count: int, report: Report) -> None:
    upgrade(url)
    with opened(url, folder) as lab:
        furnish(lab)
        hold_commits_up(lab)
        pairs(Played(lab).start(COI), count, report)


def failing(rounds: int, seed: int) -> Report:
    """Run the tests of the application so often, everything failing first."""
    report = Report("every command and every form fails at its COMMIT first", seed)
    with tempfile.TemporaryDirectory(prefix="mes-doom-") as folder:
        told = Path(folder) / "told"
        for _ in range(rounds):
            command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.soak.doom", "-n", "2", "tests/mes"]
            command += ["--deselect", "tests/mes/test_concurrency.py"]
            subprocess.run(command, env=os.environ | {"MES_DOOM": str(told)}, cwd=ROOT, check=False)
            report.rounds += 1
        report.flaws += _read(told, report)
    return report


def _read(told: Path, report: Report) -> Iterator[str]:
    tried, routes = Counter[str](), set[str]()
    for line in told.read_text().splitlines():
        test = json.loads(line)
        tried.update(test["tried"])
        routes.update(test["routes"])
        yield from (f"{test['test']}: {flaw}" for flaw in test["flaws"])
    report.counts["trials"] = tried.total()
    report.counts["commands"] = sum(not name.startswith("/") for name in tried)
    report.counts[f"mutating routes of {len(routes)}"] = len(routes & set(tried))
    for missed in sorted(routes - set(tried)):
        report.counts[f"trials of {missed}, which no test sends to success"] = 0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 1)
    parser.add_argument("--pairs", type=int, default=10_000, help="saves looked for at once (10000)")


def main(options: argparse.Namespace) -> int:
    """Run both parts and report."""
    kinds = options.database or ("sqlite", "postgresql")
    reports = [late(kind, options.pairs, options.seed) for kind in kinds]
    return tell([*reports, failing(options.rounds, options.seed)])
