"""Servers in processes of their own that do as they are told, and a gateway's side that trusts them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from devices import certificates
from devices.config import OpcUaSettings
from devices.reading import Reading
from devices.simulators.bioreactor import NAMESPACE
from devices.spool import Spool
from tests.devices.support import free_port, readings


@dataclass(frozen=True)
class Told:
    """A running server, its port, and what a client needs to talk to it."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    @property
    def pki(self) -> Path:
        """The client's."""
        return self.folder / "pki"

    def settings(self, port: int | None = None, way: str = "reactor") -> OpcUaSettings:
        """Reach it directly or through another port; nothing else is configured."""
        url = f"opc.tcp://127.0.0.1:{port or self.port}/{way}"
        return OpcUaSettings(url, (), user="gateway", password="secret", publishing=0.05, keep_alive=0.3)

    def do(self, **wish: object) -> None:
        """Tell it what to do, and wait until it is done."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{json.dumps(wish)}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


def trusting(folder: Path) -> Path:
    """Make the certificates of a server and of a gateway that trusts it, and return the folder."""
    trusted = certificates.make(folder / "server", NAMESPACE, "localhost").read_bytes()
    certificates.make(folder / "pki" / "own", "urn:test:gateway", "localhost")
    (folder / "pki" / "trusted").mkdir()
    (folder / "pki" / "trusted" / "XX-01.der").write_bytes(trusted)
    return folder


@contextmanager
def told(module: str, folder: Path, *options: str, port: int | None = None) -> Iterator[Told]:
    """Run a server until the context ends, and kill it: nobody says goodbye."""
    port = port or free_port()
    command = [sys.executable, "-m", f"tests.devices.{module}", str(port), str(folder / "server"), *options]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]  # as they are
        try:
            assert process.stdout.readline() == "ready\n"
            yield Told(process, port, folder)
        finally:
            process.kill()


@contextmanager
def running(run: Callable[[Event], None]) -> Iterator[None]:
    """Run a transport until the context ends."""
    stop = Event()
    thread = Thread(target=run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def latest(spool: Spool) -> dict[str, Reading]:
    """Return the newest reading of each channel."""
    return {reading.channel: reading for reading in readings(spool)}


def notes(spool: Spool, kind: str) -> list[str]:
    """Return what was noted."""
    return [text for (text,) in spool._connection.execute("select text from note where kind = ?", (kind,))]
