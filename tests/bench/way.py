"""The whole way of a value: an OPC-UA server, the gateway, the MES over HTTP, a committed row."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from devices.simulators.bioreactor import NAMESPACE
from devices.simulators.site import USER, Site
from mes.ledger.tables import reading
from mes.people.commands import AddMachine
from mes.processes import free_port
from tests.bench.installation import Installed, do
from tests.bench.plant import HERTZ
from tests.bench.server import serving

TOKEN = "a gateway's token, synthetic"
STEADY_AFTER = 3.0  # seconds
SETTLES_WITHIN = 60.0  # seconds until everything has arrived, once the server counts no more


@dataclass
class Way:
    """Everything that runs, for one instrument with so many values a second."""

    installed: Installed
    site: Site
    instrument: str
    nodes: int
    plant: subprocess.Popen[str]
    port: int
    gateway: subprocess.Popen[bytes] | None = None

    def bare(self, seconds: float) -> float:
        """Return how many values a second the library alone is handed."""
        command = [sys.executable, "-m", "tests.bench.bare_client", str(self.port), str(self.site.folder)]
        command += [str(self.nodes), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout)

    def committed(self) -> int:
        """Return how many rows there are: sequences have no holes."""
        newest = select(func.max(reading.c.sequence)).where(reading.c.instrument == self.instrument)
        with self.installed.app.extensions["mes"].database.reader.connect() as connection:
            return connection.execute(newest).scalar() or 0

    def rate(self, seconds: float) -> float:
        """Return how many rows a second are committed."""
        before, begin = self.committed(), time.perf_counter()
        time.sleep(seconds)
        return (self.committed() - before) / (time.perf_counter() - begin)

    def memory(self) -> float:
        """Return the gateway's resident memory, in megabytes."""
        if self.gateway is None:
            raise RuntimeError("the gateway does not run")
        lines = Path(f"/proc/{self.gateway.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def await_first(self) -> None:
        """Wait until rows come steadily: what the server held at the beginning has arrived."""
        _until(lambda: self.committed() > 2 * self.nodes)
        time.sleep(STEADY_AFTER)

    def lost(self) -> int:
        """Stop the counting, wait for the last number of each node, and return how many values are missing."""
        if not (self.plant.stdin and self.plant.stdout):
            raise RuntimeError("the plant has no pipes")
        self.plant.stdin.write("stop\n")
        self.plant.stdin.flush()
        last = float(self.plant.stdout.readline())
        _until(lambda: all(max(numbers) >= last for numbers in self._arrived().values()))
        return sum(round(last - min(numbers)) + 1 - len(numbers) for numbers in self._arrived().values())

    def _arrived(self) -> dict[str, set[float]]:
        """Return channel → the numbers that arrived. A subscription may begin with the 0 that was there before."""
        query = select(reading.c.channel, reading.c.value).where(reading.c.instrument == self.instrument)
        found: dict[str, set[float]] = {}
        with self.installed.app.extensions["mes"].database.reader.connect() as connection:
            for channel, value in connection.execute(query):
                found.setdefault(channel, set()).add(float(value))
        return {channel: numbers - {0.0} for channel, numbers in found.items()}


def add_gateway(installed: Installed) -> None:
    """Give the gateway its account."""
    with installed.app.app_context():
        do(AddMachine("gateway_1", "Gateway", "instrument", TOKEN), "adam")


@contextmanager
def running(installed: Installed, web: int, instrument: str, per_second: int) -> Iterator[Way]:
    """Let a server count, with its instrument in a gateway's configuration; `listening` starts that gateway."""
    folder, port, nodes = installed.folder / instrument, free_port(), per_second // HERTZ
    site = Site(folder)
    site.prepare(instrument)
    (folder / "token").write_text(TOKEN)
    (folder / "gateway.toml").write_text(_CONFIG.format(instrument=instrument, port=port, web=web, user=USER))
    with (folder / "gateway.toml").open("a") as file:
        for number in range(nodes):
            file.write(f'n{number} = {{ node = "nsu={NAMESPACE};s=Plant.n{number}", unit = "" }}\n')
    command = [sys.executable, "-m", "tests.bench.plant", str(port), str(folder), str(nodes)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as plant:
        try:
            if not plant.stdout or plant.stdout.readline() != "ready\n":
                raise RuntimeError("the plant did not start")
            yield Way(installed, site, instrument, nodes, plant, port)
        finally:
            plant.kill()


@contextmanager
def listening(way: Way) -> Iterator[Way]:
    """Run the gateway, until rows come and for as long as is measured."""
    command = [sys.executable, "-m", "devices", "gateway", str(way.site.folder / "gateway.toml")]
    with (way.site.folder / "gateway.log").open("wb") as log:
        way.gateway = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        way.await_first()
        yield way
    finally:
        way.gateway.terminate()
        way.gateway.wait(20)


@contextmanager
def web(installed: Installed) -> Iterator[int]:
    """Serve the MES; yield its port."""
    workers = 1 if installed.url.startswith("sqlite") else 2
    with serving("wsgi:app", installed.environment, workers, installed.folder) as server:
        yield server.port


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SETTLES_WITHIN
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.2)
    raise RuntimeError("what was waited for did not arrive")


_CONFIG = """\
name = "gateway-1"
zone = "UTC"
[mes]
url = "http://127.0.0.1:{web}"
token_file = "token"
[instruments.{instrument}]
kind = "bioreactor"
url = "opc.tcp://127.0.0.1:{port}/reactor"
user = "{user}"
password_file = "bioreactor.password"
[instruments.{instrument}.nodes]
"""
