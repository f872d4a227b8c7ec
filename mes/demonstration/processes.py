"""The processes of a demonstration laboratory: started in order, watched, stopped in the reverse order."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx
from flask import Flask

from mes.cli import Missing
from mes.context import Installation
from mes.db import Database
from mes.demonstration import laboratory
from mes.schema import upgrade
from mes.settings import Settings

_READY_WITHIN = 60.0
_STOP_WITHIN = 10.0


class Laboratory:
    """A demonstration laboratory that runs while it is entered. Raises `Missing` where it cannot start."""

    def __init__(
        self, folder: Path, port: int = 8000, *, peers: bool = False, start: str = "", database_url: str = ""
    ) -> None:
        self.folder, self.port, self.peers, self.start, self.database_url = folder, port, peers, start, database_url
        self.url = f"http://127.0.0.1:{port}"
        self.panel = ""
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._logs: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        """Start everything, and return when it answers."""
        try:
            self._start()
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
    def passphrase(self) -> str:
        """What all people of the demonstration sign in with."""
        return (self.folder / "passphrase").read_text()

    @property
    def environment(self) -> dict[str, str]:
        """What the processes of this laboratory are told."""
        told = {
            "MES_FOLDER": str(self.folder),
            "MES_PROCESS_CLOCK": str(self.folder / "instruments" / "clock.json"),
            "MES_INSECURE_COOKIES": "1",  # loopback has no TLS
            "MES_LABORATORY": "Demonstration laboratory",
            "MES_ROOM": "Clean room 2",
        }
        return os.environ | told | ({"MES_DATABASE_URL": self.database_url} if self.database_url else {})

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

    def _start(self) -> None:
        _must_be_free(self.port)
        _make_folder(self.folder / "logs")
        simulators = self._simulators()
        ready = json.loads(_first_line(simulators, "instruments", self.folder))
        self.panel = ready["panel"]
        self._prepare()
        self._spawn("web", *self._web())
        self._spawn("gateway", sys.executable, "-m", "devices", "gateway", ready["gateway"])
        token = str(self.folder / "clock-1.token")
        clock = ("-m", "mes", "clock", "--folder", str(self.folder), "--url", self.url, "--token-file", token)
        self._spawn("clock", sys.executable, *clock)
        self._await_web()

    def _simulators(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "devices.simulators", "--folder", str(self.folder / "instruments")]
        command += ["--opcua", str(free_port()), "--mes", self.url]
        command += ["--token-file", str(self.folder / "gateway-1.token")]
        command += ["--peers"] if self.peers else []
        command += ["--start", self.start] if self.start else []
        return self._spawn("instruments", *command, reads=True)

    def _prepare(self) -> None:
        """Bring the database up to date, and load it the first time."""
        settings = Settings.from_environment(self.environment)
        upgrade(settings.database_url)
        if (self.folder / "passphrase").exists():
            return
        loader = Flask("loader")
        loader.extensions["mes"] = Installation(settings, Database(settings.database_url))
        with loader.app_context():
            laboratory.load(self.folder)
        loader.extensions["mes"].database.dispose()

    def _web(self) -> list[str]:
        return [
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", "gthread", "--workers", "1"),
            *("--threads", "8", "--bind", f"127.0.0.1:{self.port}", "--no-control-socket", "--graceful-timeout", "5"),
        ]

    def _spawn(self, name: str, *command: str, reads: bool = False) -> subprocess.Popen[bytes]:
        log = (self.folder / "logs" / f"{name}.log").open("ab")
        self._logs.append(log)
        child = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if reads else log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we stop them in order
        )
        self._children.append((name, child))
        return child

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


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Missing(
                f"port {port} on this machine is in use: stop what uses it, or give another with --port"
            ) from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".writable").touch()
    except OSError as error:
        raise Missing(f"{folder} cannot be written: {error.strerror}") from None


def _first_line(child: subprocess.Popen[bytes], name: str, folder: Path) -> bytes:
    """Return the line that a process says when it is ready, and read on so that it never waits for us."""
    if child.stdout is None:
        raise TypeError("the process was started without a pipe")
    line = child.stdout.readline()
    if not line:
        log = (folder / "logs" / f"{name}.log").read_text(errors="replace").strip().splitlines()
        raise Missing(log[-1] if log else f"the {name} did not start")
    threading.Thread(target=child.stdout.read, daemon=True).start()
    return line
