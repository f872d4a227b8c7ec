"""A crowd of tablets at a real server, with clients that dawdle beside them and records being printed (C7).

Nobody hears an error or waits half a minute; fifty are answered within a second, and who is told to come again is told
when.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import httpx

from tests.architecture.source import ROOT
from tests.soak.rounds import Report, share
from tests.soak.writers import Site, site_on

STALL = 30.0  # seconds that nobody may wait
PROMPT = 1.0  # seconds within which 99 % of the saves of fifty tablets are answered
_FIFTY = 50
_DAWDLING = 16  # twice as many as the server has threads


def crowd(kind: str, clients: int, seconds: float, seed: int) -> Report:
    """Let so many tablets save for so long."""
    report = Report(f"{clients} tablets for {seconds:.0f} s, {kind}", seed)
    with tempfile.TemporaryDirectory(prefix="mes-crowd-") as folder, site_on(Path(folder), kind) as site:
        site.start()
        with site.measured.app.app_context():
            batches, printed = [site.measured.issue() for _ in range(10)], site.measured.issue()
        cookie, token = site.measured.cookie()
        site.measured.app.extensions["mes"].database.dispose()
        stop, took = Event(), list[tuple[int, float]]()
        threads = [
            Thread(target=_tablet, args=(site, (cookie, token), batches[number % 10], stop, took), daemon=True)
            for number in range(clients)
        ]
        threads += [Thread(target=_dawdle, args=(site, cookie, printed, stop), daemon=True) for _ in range(_DAWDLING)]
        threads.append(Thread(target=_print, args=(site, printed, stop, report), daemon=True))
        for thread in threads:
            thread.start()
        stop.wait(seconds)
        stop.set()
        for thread in threads:
            thread.join(2 * STALL)
        _judge(took, site, report)
        if clients <= _FIFTY and share([each for _, each in took], 0.99) > PROMPT:
            report.flaws.append(f"99 % of the saves were not answered within {PROMPT:.0f} s")
    return report


def _tablet(site: Site, guard: tuple[str, str], batch: str, stop: Event, took: list[tuple[int, float]]) -> None:
    with httpx.Client(base_url=site.url, timeout=2 * STALL, trust_env=False, headers={"Cookie": guard[0]}) as http:
        while not stop.is_set():
            fields = {"tap": str(uuid4()), "text": str(uuid4()), "csrf_token": guard[1]}
            began = time.monotonic()
            try:
                answer = http.post(f"/batches/{batch}/comments", data=fields)
            except httpx.HTTPError:
                took.append((0, time.monotonic() - began))
                continue
            retried = answer.status_code == 503 and "Retry-After" in answer.headers
            took.append(
                (503 if retried else 200 if answer.is_redirect else answer.status_code, time.monotonic() - began)
            )
            if retried:
                stop.wait(float(answer.headers["Retry-After"]))


def _dawdle(site: Site, cookie: str, batch: str, stop: Event) -> None:
    """Ask for a page over a poor connection and read it bit by bit, again and again.

    Who sends bit by bit is the proxy's to wait for: it takes a request whole before it passes it on.
    """
    asked = f"GET /batches/{batch} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    while not stop.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", site.port), timeout=STALL) as connection:
            connection.sendall(asked.encode())
            while connection.recv(512) and not stop.wait(0.1):
                pass


def _print(site: Site, batch: str, stop: Event, report: Report) -> None:
    """Print a record again and again, as the clock process does: each in a process of its own."""
    command = [sys.executable, "-m", "mes", "render", batch, "--folder", str(site.measured.folder)]
    while not stop.is_set():
        done = subprocess.run(command, env=site.measured.environment, cwd=ROOT, capture_output=True, check=False)
        report.counts["records printed meanwhile"] += 1
        if done.returncode:
            report.flaws.append(f"a record was not printed: {done.stderr.decode()[-300:]}")
            return


def _judge(took: list[tuple[int, float]], site: Site, report: Report) -> None:
    waited = [seconds for _, seconds in took]
    report.counts["saves"] = sum(status == 200 for status, _ in took)
    report.counts["told to come again (503)"] = sum(status == 503 for status, _ in took)
    report.seconds["until a save was answered"] = waited
    report.counts["milliseconds within which 99 % were answered"] = round(1_000 * share(waited, 0.99))
    if other := [status for status, _ in took if status not in (200, 503)]:
        report.flaws.append(f"{len(other)} were answered otherwise: {sorted(set(other))}")
    if stalled := [seconds for seconds in waited if seconds >= STALL]:
        report.flaws.append(f"{len(stalled)} waited longer than {STALL:.0f} s")
    if (there := site.remarks().total()) < report.counts["saves"]:
        report.flaws.append(f"{report.counts['saves']} were acknowledged, and {there} are there")
    report.flaws += site.flaws()
