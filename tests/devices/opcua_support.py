"""What the tests of OPC-UA share: a server that counts, a gateway's subscription to it, and what came through."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

from devices import certificates
from devices.clock import machine_clock
from devices.config import Node, OpcUaSettings
from devices.intake import Intake
from devices.simulators.bioreactor import NAMESPACE
from devices.spool import Spool
from devices.transports.opcua import OpcUaSubscription
from tests.devices.support import free_port, readings, until

PH = Node("pH", f"nsu={NAMESPACE};s=Reactor.pH", "pH")


@dataclass(frozen=True)
class Counting:
    """A running counting server, and what a client needs to talk to it."""

    process: subprocess.Popen[str]
    pid: int  # of what serves
    port: int
    pki: Path  # the client's

    def settings(self, port: int | None = None) -> OpcUaSettings:
        """Subscribe to what counts, directly or through another port."""
        return settings(port or self.port)

    def show(self, what: str) -> None:
        """Tell what its values are from now on: a StatusCode or a number."""
        assert self.process.stdin
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()


def settings(port: int) -> OpcUaSettings:
    """Subscribe to what counts."""
    return OpcUaSettings(
        url=f"opc.tcp://127.0.0.1:{port}/reactor",
        nodes=(PH,),
        user="gateway",
        password="secret",
        publishing=0.1,
        keep_alive=0.3,
    )


def certified(folder: Path) -> Path:
    """Make the server's certificate and the gateway's, which trusts it; return the gateway's folder."""
    trusted = certificates.make(folder / "server", "urn:test:server", "localhost").read_bytes()
    certificates.make(folder / "pki" / "own", "urn:test:gateway", "localhost")
    (folder / "pki" / "trusted").mkdir()
    (folder / "pki" / "trusted" / "XX-01.der").write_bytes(trusted)
    return folder / "pki"


@contextmanager
def counting(folder: Path, stack: str = "asyncua", port: int = 0, *options: str) -> Iterator[Counting]:
    """Start a server that counts, in a folder that `certified` has prepared; it is killed at the end."""
    port = port or free_port()
    command = [sys.executable, "-m", "tests.devices.counting_server", stack, str(port), str(folder / "server")]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, *options], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        pid = 0
        try:
            pid = int(process.stdout.readline())
            yield Counting(process, pid, port, folder / "pki")
        finally:
            process.kill()
            if pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True)
class Changing:
    """A running server that does what it is told."""

    process: subprocess.Popen[str]
    port: int
    pki: Path  # the client's

    def order(self, *words: object) -> None:
        """Have something done, as `tests.devices.changing_server` says."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


@contextmanager
def changing(folder: Path) -> Iterator[Changing]:
    """Start such a server, in a folder that `certified` has prepared; it is killed at the end."""
    port, pipe = free_port(), subprocess.PIPE
    command = [sys.executable, "-m", "tests.devices.changing_server", str(port), str(folder / "server")]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            assert process.stdout.readline() == "done\n"
            yield Changing(process, port, folder / "pki")
        finally:
            process.kill()


@contextmanager
def receiving(
    settings: OpcUaSettings, pki: Path, intake: Intake, wall: Callable[[], datetime] = machine_clock
) -> Iterator[None]:
    """Receive in a thread."""
    stop = Event()
    thread = Thread(target=OpcUaSubscription(settings, pki, intake, wall).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def numbers(spool: Spool) -> list[float]:
    """What was counted, as it came."""
    return [float(reading.value) for reading in readings(spool)]


def more(spool: Spool, count: int = 20) -> None:
    """Wait for some more values."""
    already = len(numbers(spool))
    until(lambda: len(numbers(spool)) >= already + count)


def told(spool: Spool, kind: str) -> list[str]:
    """Return the notes of a kind."""
    return [text for (text,) in spool._connection.execute("select text from note where kind = ?", (kind,))]


def assert_whole(spool: Spool) -> None:
    """Every number from the first to the last, once, in order."""
    received = numbers(spool)
    assert received == [received[0] + place for place in range(len(received))]
    assert not told(spool, "gap")
