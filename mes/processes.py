"""The processes of a laboratory on one machine: started in order, watched, stopped in the reverse order.

A laboratory has the web application, which alone writes, and the clock; where a gateway is configured beside the
records (``gateway.toml``), that too. A demonstration adds simulated instruments (`mes.demonstration.processes`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from mes.cli import Missing
from mes.db import Database
from mes.durability import must_be_durable
from mes.schema import upgrade
from mes.settings import Settings

_READY_WITHIN = 60.0
_STOP_WITHIN = 10.0
WORKER = "mes.web.worker.Worker"
# Whoever kills us outright leaves no children behind that hold the port: the kernel tells them to end.
_LEASH = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()


class Processes:
    """A laboratory that runs while it is entered. Raises `Missing` where it cannot start."""

    def __init__(self, folder: Path, port: int = 8000, database_url: str = "") -> None:
        self.folder, self.port, self.database_url = folder, port, database_url
        self.url = f"http://127.0.0.1:{port}"
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._logs: list[IO[bytes]] = []  # and the folder's lock, which is the first: it is closed last

    def __enter__(self) -> Self:
        """Start everything, and return when it answers."""
        try:
            must_be_free(self.port)
            self._logs.append(hold(self.folder))
            self.start()
            self._await_web()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What the processes of this laboratory are told."""
        told = {"MES_FOLDER": str(self.folder)}
        return os.environ | told | ({"MES_DATABASE_URL": self.database_url} if self.database_url else {})

    def start(self) -> None:
        """Start the processes in order."""
        url = Settings.from_environment(self.environment).database_url
        upgrade(url)
        database = Database(url)
        must_be_durable(database)
        database.dispose()
        self.start_web()
        gateway = self.folder / "gateway.toml"
        if gateway.exists():
            self.start_gateway(str(gateway))
        self.start_clock()

    def start_web(self) -> None:
        """Start the web application: one process on SQLite, which has one writer; as many as cores on PostgreSQL."""
        workers = 1 if Settings.from_environment(self.environment).database_url.startswith("sqlite") else 2
        self.spawn(
            "web",
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", WORKER, "--workers", str(workers)),
            *("--threads", "8", "--bind", f"127.0.0.1:{self.port}", "--no-control-socket", "--keep-alive", "75"),
        )

    def start_gateway(self, configuration: str) -> None:
        """Start the instrument gateway."""
        self.spawn("gateway", sys.executable, "-m", "devices", "gateway", configuration)

    def start_clock(self) -> None:
        """Start the clock."""
        token = str(self.folder / "clock-1.token")
        where = ("--folder", str(self.folder), "--url", self.url, "--token-file", token)
        self.spawn("clock", sys.executable, "-m", "mes", "clock", *where)

    def spawn(self, name: str, *command: str, reads: bool = False) -> subprocess.Popen[bytes]:
        """Start one process; what it says goes into its log, or with ``reads`` to us."""
        log = (self.folder / "logs" / f"{name}.log").open("ab")
        self._logs.append(log)
        child = subprocess.Popen(  # noqa: S603 - our own programs
            (*_LEASH, *command),
            cwd=Path(__file__).parent.parent,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if reads else log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we stop them in order
        )
        self._children.append((name, child))
        return child

    def ended(self) -> str:
        """Say which process ended by itself, if one did."""
        for name, child in self._children:
            if child.poll() is not None:
                return f"The {name} ended with exit code {child.returncode}; its log is {self.folder}/logs/{name}.log"
        return ""

    def stop(self) -> None:
        """Stop every process, the last started first."""
        while self._children:
            _, child = self._children.pop()
            child.terminate()
            try:
                child.wait(_STOP_WITHIN)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        while self._logs:
            self._logs.pop().close()

    def _await_web(self) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            if ended := self.ended():
                raise Missing(ended)
            try:
                if httpx.get(f"{self.url}/health", timeout=2).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise Missing(f"the web application did not answer within a minute; its log is {self.folder}/logs/web.log")


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def must_be_free(port: int) -> None:
    """Raise `Missing` where somebody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sentence = f"port {port} on this machine is in use: stop what uses it, or give another with --port"
            raise Missing(sentence) from None


def hold(folder: Path) -> IO[bytes]:
    """Hold a folder until what is returned is closed, or this process ends, however it does.

    Raise `Missing` where it cannot be written, or where another holds it: two that write the same records, each with
    instruments and a clock, would know nothing of each other.
    """
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        lock = (folder / "logs" / ".lock").open("wb")
    except OSError as error:
        raise Missing(f"{folder} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise Missing(f"a laboratory runs in {folder} already: stop it, or give another with --folder") from None
    return lock
