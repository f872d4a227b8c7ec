"""What the tests of instruments share: a clock that is set, a small MES, and waiting for what is to come."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import httpx

from devices.instrument import Measurement
from devices.reading import Reading
from devices.spool import Spool

NOON = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


class SetClock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Return the time it was set to."""
        return self.now

    def advance(self, ahead: timedelta) -> None:
        """Set it ahead."""
        self.now += ahead


def measured(value: str = "7.12", channel: str = "pH", origin: str = "") -> Measurement:
    """A measurement like any other."""
    return Measurement(channel, value, "pH", raw=value.encode(), source_time=NOON, origin=origin)


def readings(spool: Spool) -> list[Reading]:
    """All readings that wait in a spool."""
    return [reading for _, reading in spool.undelivered(100_000)]


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something another thread or process does has happened, or fail."""
    waiting = Event()
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        waiting.wait(0.02)
    raise AssertionError("what was waited for did not happen")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def simulators(folder: Path, *options: str, panel: int = 0) -> Iterator[Panel]:
    """Start the simulated instruments; they must stop cleanly when they are told to."""
    command = [sys.executable, "-m", "devices.simulators", "--folder", str(folder), "--opcua", str(free_port())]
    with subprocess.Popen([*command, "--panel", str(panel), *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            ready = json.loads(process.stdout.readline())
            yield Panel(ready["panel"], Path(ready["gateway"]), Path(ready["clock"]), process)
        finally:
            process.terminate()
            ended = process.wait(10)
    assert ended == 0


@contextmanager
def gateway(panel: Panel) -> Iterator[subprocess.Popen[str]]:
    """Start the gateway of simulated instruments; it must stop cleanly when it is told to, unless it was killed."""
    command = [sys.executable, "-m", "devices", "gateway", str(panel.gateway)]
    clock = os.environ | {"MES_PROCESS_CLOCK": str(panel.clock)}
    with subprocess.Popen(command, env=clock, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield process
        finally:
            process.terminate()
            ended, said = process.wait(20), process.stderr.read()
    assert ended in (0, -signal.SIGKILL)
    assert "Traceback" not in said, said


@dataclass(frozen=True)
class Panel:
    """The front panels of running simulators."""

    url: str
    gateway: Path
    clock: Path
    process: subprocess.Popen[str]

    def ask(self, address: str, **values: str) -> dict[str, Any]:
        """Ask a question; return the answer."""
        return dict(httpx.get(f"{self.url}{address}", params=values, trust_env=False).json())

    def wish(self, address: str, **values: str | float) -> dict[str, Any]:
        """Wish for something; return what was done."""
        answer = httpx.post(f"{self.url}{address}", json=values, timeout=60, trust_env=False)
        return dict(answer.json()) | ({} if answer.is_success else {"refused": answer.status_code})

    def grow(self) -> None:
        """Bring the cells into the bioreactor, quickly."""
        for event in ("collect", "isolate", "activate", "transduce", "seed_bioreactor"):
            self.wish("/culture/event", event=event)


class TinyMes:
    """Readings over HTTP into a dictionary: the API's contract, and nothing of the MES.

    ``behaviours`` are taken one for each request, then all is well: a status to answer, "lost" to store and answer 500,
    "cut" to store and close the connection, or "stranger" to answer 200 as something else would.
    """

    def __init__(self, port: int = 0) -> None:
        self.stored: dict[tuple[str, int], dict[str, Any]] = {}
        self.behaviours: list[int | str] = []
        self.requests: list[dict[str, Any]] = []  # deliveries
        self.beats: list[dict[str, Any]] = []  # what gateways told of themselves
        self.notices: list[dict[str, Any]] = []  # of instruments, each as often as it was told
        self.authorizations: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("_Handler", (_Handler,), {"mes": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, body: dict[str, Any]) -> dict[str, int]:
        """Store what is new and count it."""
        if "notices" in body:
            self.notices += body["notices"]
            return {"noted": len(body["notices"]), "known": 0}
        known = 0
        for reading in body["readings"]:
            key = (reading["instrument"], reading["sequence"])
            known += key in self.stored
            self.stored.setdefault(key, reading)
        return {"stored": len(body["readings"]) - known, "known": known}


class _Handler(BaseHTTPRequestHandler):
    mes: TinyMes
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take a request as asked."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/v1/gateways":
            self.mes.beats.append(body)
            self.send_response(204)
            self.end_headers()
            return
        if "readings" in body:
            self.mes.requests.append(body)
        self.mes.authorizations.add(self.headers["Authorization"])
        behaviour = self.mes.behaviours.pop(0) if self.mes.behaviours else 200
        answer: object = {"error": "as asked"}
        if behaviour in (200, "lost", "cut"):
            answer = self.mes.take(body)
        if behaviour == "cut":
            self.close_connection = True
            return
        status = behaviour if isinstance(behaviour, int) else {"lost": 500, "stranger": 200}[behaviour]
        told = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
