"""Kill PostgreSQL under eight writers, a backend or the postmaster, or stop it at once: nothing is lost (R2).

A tablet is told 503 meanwhile, and sends its tap again. At the end pg_amcheck walks every table and index.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from tests.services import postgres
from tests.soak.rounds import Report, luck, rounds_arguments, tell
from tests.soak.writers import Site, at_work, judge, more, site_on, until

WAYS = ("a backend", "the postmaster", "an immediate stop")


def soak(rounds: int, seed: int, first: int = 0, saves: int = 100) -> Report:
    """Kill it so often, in each way in its turn."""
    report = Report("PostgreSQL killed under eight writers", seed)
    with tempfile.TemporaryDirectory(prefix="mes-database-") as folder, site_on(Path(folder), "postgresql") as site:
        site.start()
        with at_work(site) as writers:
            for number in range(first, first + rounds):
                more(writers, luck(seed, number).randint(saves // 2, saves))
                way = WAYS[number % len(WAYS)]
                _hurt(site, way)
                report.counts[f"times {way} was killed"] += 1
                report.rounds += 1
            more(writers, saves)
        judge(site, writers, report)
        report.flaws += _amcheck(site)
    return report


def _hurt(site: Site, way: str) -> None:
    assert site.cluster
    if way == "a backend":
        _kill_a_backend(site)
    elif way == "the postmaster":
        pid = int((site.cluster.folder / "data/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{pid}").exists(), "the postmaster's end")
        (site.cluster.folder / "data/postmaster.pid").unlink()
        until(lambda: _pg_ctl(site.cluster, "start"), "PostgreSQL")  # its backends let go of the memory one by one
    else:
        _pg_ctl(site.cluster, "stop", "--mode=immediate")
        until(lambda: _pg_ctl(site.cluster, "start"), "PostgreSQL")


def _kill_a_backend(site: Site) -> None:
    query = text("SELECT pid FROM pg_stat_activity WHERE usename = 'mes_app' ORDER BY random()")
    owner = create_engine(site.measured.url.replace("mes_app@", "postgres@"), poolclass=NullPool)
    with owner.connect() as connection:
        pid = connection.execute(query).scalars().first()
    os.kill(int(pid or 0), signal.SIGKILL)  # PostgreSQL then ends all others, and recovers from its log


def _pg_ctl(cluster: postgres.Cluster, what: str, *more_words: str) -> bool:
    as_nobody = {"user": 65_534, "group": 65_534, "extra_groups": []} if os.geteuid() == 0 else {}
    command = [postgres.programs() / "pg_ctl", what, "--wait", "--pgdata", cluster.folder / "data", *more_words]
    command += [f"--log={cluster.folder / 'log'}"] if what == "start" else []
    return not subprocess.run(command, capture_output=True, cwd=cluster.folder, check=False, **as_nobody).returncode


def _amcheck(site: Site) -> list[str]:
    address = make_url(site.measured.url)
    command = [str(postgres.programs() / "pg_amcheck"), "--install-missing", "--heapallindexed", "--username=postgres"]
    command += [f"--host={address.query['host']}", str(address.database)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [f"pg_amcheck: {done.stdout}{done.stderr}"] if done.returncode else []


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 30, databases=False)


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where anything was lost, doubled or broken."""
    return tell([soak(options.rounds, options.seed, options.first)])
