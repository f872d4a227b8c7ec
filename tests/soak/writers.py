"""Eight writers at a real server, each sending one remark after another until it is acknowledged, whatever happens.

A writer that is not answered, or answered 503, sends the same form with the same tap again: so does a tablet. In the
end every remark that was acknowledged must be in the ledger once, and nothing that nobody sent.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from uuid import uuid4

import httpx
from sqlalchemy import NullPool, create_engine, text

from mes.db import Database
from mes.integrity import check
from mes.processes import WORKER, free_port
from tests.bench.installation import Installed, installed
from tests.services import postgres
from tests.soak.rounds import Report

WRITERS = 8
BACK_WITHIN = 60.0  # seconds
BAR = 5.0  # seconds until a killed server answers again


class NotBackError(Exception):
    """Something did not come back in time."""


@dataclass
class Site:
    """A laboratory's web application on a real server, over a real database that waits for the disk."""

    measured: Installed
    cluster: postgres.Cluster | None
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start the server; return how many seconds it took until it answered."""
        began = time.monotonic()
        workers = "1" if self.cluster is None else "2"
        command = ("gunicorn", "wsgi:app", "--worker-class", WORKER, "--workers", workers, "--threads", "8")
        command += (
            "--bind",
            f"127.0.0.1:{self.port}",
            "--no-control-socket",
            "--log-level",
            "warning",
            "--keep-alive",
            "75",
        )
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                (sys.executable, "-m", *command),
                stdout=log,
                stderr=log,
                env=self.measured.environment,
                start_new_session=True,  # its workers die with it
            )
        until(self.answers, "the web")
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the server and all its workers, without a word."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def answers(self) -> bool:
        """Say whether it answers."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/health", timeout=2, trust_env=False).is_success
        return False

    def remarks(self) -> Counter[str]:
        """Return how often each remark stands in the ledger."""
        engine = create_engine(self.measured.url, poolclass=NullPool)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT text FROM line WHERE kind = 'comment added'")).scalars().all()
        engine.dispose()
        return Counter(json.loads(row)["body"]["text"] for row in rows)

    def flaws(self) -> list[str]:
        """Walk the ledger, and make every row and view again."""
        database = Database(self.measured.url)
        with database.snapshot() as connection:
            found = [f"{flaw.book}, page {flaw.page}: {flaw.sentence}" for flaw in check(connection).flaws]
        database.dispose()
        return found


@dataclass
class Writer:
    """One tablet that never gives up."""

    site: Site
    batch: str
    name: str
    cookie: str
    token: str
    acknowledged: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    strange: list[str] = field(default_factory=list)

    def work(self, stop: Event) -> None:
        """Save until told to stop; what was begun is seen through."""
        with httpx.Client(base_url=self.site.url, timeout=60, trust_env=False, headers={"Cookie": self.cookie}) as http:
            while not stop.is_set():
                remark = f"{self.name} {len(self.sent)}"
                self.sent.append(remark)
                if not self._see_through(http, remark):
                    return

    def _see_through(self, http: httpx.Client, remark: str) -> bool:
        fields = {"tap": str(uuid4()), "text": remark, "csrf_token": self.token}
        deadline, wait = time.monotonic() + BACK_WITHIN, Event()
        while time.monotonic() < deadline:
            try:
                answer = http.post(f"/batches/{self.batch}/comments", data=fields)
            except httpx.HTTPError:
                self.unanswered += 1
            else:
                self.answers[answer.status_code] += 1
                if answer.is_redirect and "sign-in" not in answer.headers["location"]:
                    self.acknowledged.append(remark)
                    return True
                if answer.status_code != 503:
                    self.strange.append(f"{remark}: {answer.status_code} {answer.headers.get('location', '')}")
                    return False
            wait.wait(0.05)
        self.strange.append(f"{remark}: not acknowledged for {BACK_WITHIN:.0f} s")
        return False


@contextmanager
def at_work(site: Site) -> Iterator[list[Writer]]:
    """Let eight writers save into two batches; they end what they began before this returns."""
    with site.measured.app.app_context():
        batches = [site.measured.issue() for _ in range(2)]
    cookie, token = site.measured.cookie()
    site.measured.app.extensions["mes"].database.dispose()
    stop, writers = Event(), list[Writer]()
    for number in range(WRITERS):
        writers.append(Writer(site, batches[number % 2], f"w{number} {uuid4().hex[:6]}", cookie, token))
    threads = [Thread(target=writer.work, args=(stop,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        stop.set()
        for thread in threads:
            thread.join(2 * BACK_WITHIN)


def judge(site: Site, writers: list[Writer], report: Report) -> None:
    """Hold what was acknowledged against what is there."""
    there = site.remarks()
    acknowledged = {remark for writer in writers for remark in writer.acknowledged}
    sent = {remark for writer in writers for remark in writer.sent}
    report.counts["saves acknowledged"] += len(acknowledged)
    report.counts["taps sent again after no answer"] += sum(writer.unanswered for writer in writers)
    report.counts["taps sent again after 503"] += sum(writer.answers[503] for writer in writers)
    report.flaws += [strange for writer in writers for strange in writer.strange]
    if lost := acknowledged - set(there):
        report.flaws.append(f"{len(lost)} acknowledged saves are lost")
    if doubled := [remark for remark, count in there.items() if count > 1]:
        report.flaws.append(f"{len(doubled)} saves are there twice")
    if phantoms := set(there) - sent:
        report.flaws.append(f"{len(phantoms)} saves are there that nobody sent")
    report.flaws += site.flaws()


@contextmanager
def site_on(folder: Path, kind: str, *, together: bool = False) -> Iterator[Site]:
    """Set a laboratory up and serve it, on ``sqlite`` or ``postgresql``, whose files may lie ``together`` with ours."""
    with ExitStack() as stack:
        cluster, owner = None, f"sqlite:///{folder / 'mes.sqlite'}"
        if kind == "postgresql":
            cluster = stack.enter_context(postgres.running(durable=True, within=folder if together else None))
            owner = stack.enter_context(cluster.database())
        measured = stack.enter_context(installed(folder, owner, owner.replace("//postgres@", "//mes_app@")))
        site = Site(measured, cluster, folder, free_port())
        stack.callback(site.kill)
        yield site


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something. Raises `NotBackError`."""
    deadline, wait = time.monotonic() + BACK_WITHIN, Event()
    while time.monotonic() < deadline:
        if condition():
            return
        wait.wait(0.05)
    raise NotBackError(f"{what} did not come within {BACK_WITHIN:.0f} s")


def more(writers: list[Writer], saves: int) -> None:
    """Wait until so many more saves are acknowledged."""
    guard = Lock()
    wanted = sum(len(writer.acknowledged) for writer in writers) + saves

    def enough() -> bool:
        with guard:
            acknowledged = sum(len(writer.acknowledged) for writer in writers)
            return acknowledged >= wanted or any(writer.strange for writer in writers)

    until(enough, f"{saves} more saves")
