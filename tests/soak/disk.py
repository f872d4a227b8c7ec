"""Fill the disk while eight tablets save: nothing acknowledged is lost, people can read, and it goes on by itself (R7).

The records lie on a small file system of their own where one may be mounted. Elsewhere the server is forbidden to let
any file grow (RLIMIT_FSIZE), which looks to it like a disk that takes nothing more; PostgreSQL cannot be tried so. The
records, their write-ahead log and the server's own log lie there together: whichever meets the end first, meets it
under load. Where PostgreSQL finds no room for its log it ends itself, and is started again as a service is; how often
that was is told.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import psycopg

from tests.bench.installation import PASSWORD, token
from tests.services import postgres
from tests.soak.rounds import Report, luck, on_each, rounds_arguments
from tests.soak.writers import Site, Writer, at_work, judge, more, site_on, until

MEGABYTES = {"sqlite": 32, "postgresql": 256}


class CannotMount(Exception):  # noqa: N818 - reads as what it says
    """PostgreSQL's disk can only be made small by who may mount one."""


@contextmanager
def small(folder: Path, kind: str) -> Iterator[bool]:
    """Mount a small file system on a folder, where that is allowed."""
    mount = ("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES[kind]}m", "tmpfs", str(folder))
    mounted = os.geteuid() == 0 and not _run(mount)
    try:
        yield mounted
    finally:
        if mounted:
            _run(("umount", "--lazy", str(folder)))


def _run(command: tuple[str, ...]) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def fill(site: Site, *, mounted: bool) -> None:
    """Leave no room."""
    if not mounted:
        _limit(site, 1)
        return
    with (site.folder / "filler").open("wb", buffering=0) as file:
        size = 1 << 20
        while size >= 512:
            try:
                file.write(b"x" * size)
            except OSError:
                size >>= 1


def free(site: Site, *, mounted: bool) -> None:
    """Give the room back; nobody tells the application."""
    if mounted:
        (site.folder / "filler").unlink()
    else:
        _limit(site, resource.RLIM_INFINITY)


def _limit(site: Site, size: int) -> None:
    assert site.process
    tasks = Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text().split()
    for pid in (site.process.pid, *map(int, tasks)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def soak(kind: str, rounds: int, seed: int, first: int = 0, saves: int = 60) -> Report:
    """Fill and free it so often. Raise `CannotMount`."""
    report = Report(f"full disks under eight writers, {kind}", seed)
    with tempfile.TemporaryDirectory(prefix="mes-disk-") as folder, small(Path(folder), kind) as mounted:
        report.counts["file system of its own" if mounted else "files that may not grow"] = 1
        if kind == "postgresql" and not mounted:
            raise CannotMount("a small disk for PostgreSQL can only be mounted by root")
        with site_on(Path(folder), kind, together=True) as site:
            site.start()
            with at_work(site) as writers:
                for number in range(first, first + rounds):
                    more(writers, luck(seed, number).randint(saves // 2, saves))
                    _round(site, writers, report, mounted=mounted)
                    report.rounds += 1
                more(writers, saves)
            judge(site, writers, report)
    return report


def _round(site: Site, writers: list[Writer], report: Report, *, mounted: bool) -> None:
    before = sum(writer.answers[503] for writer in writers)
    _give_back_the_log(site)
    fill(site, mounted=mounted)
    until(
        lambda: sum(writer.answers[503] for writer in writers) > before or any(writer.strange for writer in writers),
        "a save that is told that the disk is full",
    )
    report.flaws += _cannot_read(site, writers[0])
    free(site, mounted=mounted)
    if site.cluster and not _runs(site.cluster):
        site.cluster.start()
        report.counts["times PostgreSQL ended itself"] += 1
    more(writers, 10)


def _runs(cluster: postgres.Cluster) -> bool:
    with suppress(psycopg.Error):
        cluster.execute("SELECT 1")
        return True
    return False


def _give_back_the_log(site: Site) -> None:
    """Have SQLite's log give its room back: writes into what it holds already would succeed on a full disk."""
    if site.cluster:  # its log has room of its own, in pieces of 16 MB
        return
    with closing(sqlite3.connect(site.folder / "mes.sqlite", timeout=30)) as records:
        records.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _cannot_read(site: Site, writer: Writer) -> list[str]:
    """Say what cannot be done on the full disk although it writes nothing."""
    with httpx.Client(base_url=site.url, timeout=60, trust_env=False) as http:
        signed_in = {"Cookie": writer.cookie}
        pages = ("/batches/", f"/batches/{writer.batch}", f"/batches/{writer.batch}/review/", "/audit/")
        answers = {page: http.get(page, headers=signed_in).status_code for page in pages}
        form = {"user": "alice", "password": PASSWORD, "csrf_token": token(http.get("/sign-in").text)}
        answers["sign-in"] = http.post("/sign-in", data=form).status_code
    # Who signs in is written down, so on a full disk that waits as well: it is told, and not an error of ours.
    return [
        f"{page} was answered {status} on a full disk"
        for page, status in answers.items()
        if status >= 500 and (page, status) != ("sign-in", 503)
    ]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 20)


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where anything was lost, or did not go on, 3 where nothing can be mounted."""
    try:
        return on_each(options, soak)
    except CannotMount as why:
        sys.stderr.write(f"This trial cannot run on this machine: {why}\n")
        return 3
