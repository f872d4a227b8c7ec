"""A laboratory whose programs can be killed: an OPC-UA server, a cell counter, the gateway, the web, PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import httpx
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from devices.protocols import astm
from devices.simulators import cell_counter
from devices.simulators.bioreactor import NAMESPACE
from devices.simulators.cell_counter import CellCounter
from devices.simulators.site import USER, Site
from devices.simulators.world import World
from mes.people.commands import AddMachine
from mes.processes import free_port
from tests.bench.installation import Installed, do, installed
from tests.services import postgres

TOKEN = "a gateway's token, synthetic"
BACK_WITHIN = 120.0  # seconds


class NotBackError(Exception):
    """Something did not come back; the sentence says what was waited for, and where its log is."""


@dataclass
class Plant:
    """Everything that runs. A program is started and killed by its name."""

    measured: Installed
    site: Site
    cluster: postgres.Cluster | None
    opcua: int
    web: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    lives: int = 0

    @property
    def targets(self) -> tuple[str, ...]:
        """What can be killed here."""
        return ("gateway", "web", "server", *(("database",) if self.cluster else ()))

    def start(self, name: str) -> None:
        """Start a program, and return when it can be used, save the gateway, which is used when something arrives."""
        if name == "database":
            self._start_database()
            return
        command = {
            "gateway": ("-m", "devices", "gateway", str(self.site.folder / "gateway.toml")),
            "web": ("-m", "gunicorn", "wsgi:app", "--worker-class", "mes.web.worker.Worker", "--workers", "1",
                    "--threads", "8", "--no-control-socket", "--log-level", "warning",
                    "--bind", f"127.0.0.1:{self.web}"),
            "server": ("-m", "tests.soak.server", str(self.opcua), str(self.site.server_pki), self.site.password,
                       str(self.lives)),
        }[name]  # fmt: skip
        self.lives += name == "server"
        with (self.site.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                (sys.executable, *command),
                stdout=log,
                stderr=log,
                env=self.measured.environment,
                start_new_session=True,  # its children die with it when it is killed
            )

    def kill(self, name: str) -> None:
        """Kill a program and all its children, without a word."""
        if name == "database" and self.cluster:
            pid = int((self.cluster.folder / "data/postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)
            self.until(lambda: not Path(f"/proc/{pid}").exists(), "the database's end")
            return
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        """Stop everything."""
        for name in list(self.processes):
            self.kill(name)

    def answers(self) -> bool:
        """Say whether the web application answers."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.web}/health", timeout=2, trust_env=False).is_success
        return False

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the MES's database; nothing where it cannot answer now."""
        engine = create_engine(self.measured.url, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(statement))]
        except DBAPIError:
            return []
        finally:
            engine.dispose()

    def committed(self) -> int:
        """Return how many of the server's readings are committed, so far as the database answers."""
        found = self.ask("select max(sequence) from reading where instrument = 'BR-01'")
        return int(str(found[0][0] or 0)) if found else 0

    def until(self, condition: Callable[[], bool], what: str) -> float:
        """Wait for something, and return how many seconds it took. Raises `NotBackError`."""
        began, wait = time.monotonic(), Event()
        while time.monotonic() - began < BACK_WITHIN:
            if condition():
                return time.monotonic() - began
            wait.wait(0.05)
        raise NotBackError(f"{what} did not come within {BACK_WITHIN:.0f} s; the logs are in {self.site.folder}")

    def _start_database(self) -> None:
        if not self.cluster:
            return
        folder = self.cluster.folder
        command = [postgres.programs() / "pg_ctl", "start", "--wait", "--pgdata", folder / "data"]
        as_nobody = {"user": 65_534, "group": 65_534, "extra_groups": []} if os.geteuid() == 0 else {}
        (folder / "data/postmaster.pid").unlink(missing_ok=True)
        done = subprocess.run(
            [*command, f"--log={folder / 'log'}"], capture_output=True, text=True, cwd=folder, check=False, **as_nobody
        )
        if done.returncode:
            raise NotBackError(f"the database did not start: {done.stderr}")


@dataclass
class Counting:
    """A cell counter on its line, which counts one sample after another; what was acknowledged is remembered."""

    counter: CellCounter
    acknowledged: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        """Begin to count."""
        self.counter.start()
        self._thread = Thread(target=self._count, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Count no more; return when the last sample was acknowledged, or given up."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _count(self) -> None:
        while not self._stop.wait(0.3):
            sample = f"S-{len(self.asked) + 1}"
            self.asked.append(sample)
            if self.counter.count(sample, "apheresis bag")["acknowledged"]:
                self.acknowledged.append(sample)


@contextmanager
def running(folder: Path, kind: str) -> Iterator[tuple[Plant, Counting]]:
    """Start everything on ``sqlite`` or ``postgresql``, and stop everything."""
    with ExitStack() as stack:
        cluster, owner = None, f"sqlite:///{folder / 'mes.sqlite'}"
        if kind == "postgresql":
            cluster = stack.enter_context(postgres.running(durable=True))
            owner = stack.enter_context(cluster.database())
        url = owner.replace("//postgres@", "//mes_app@")
        measured = stack.enter_context(installed(folder, owner, url))
        site = Site(folder / "site")
        site.prepare()
        plant = Plant(measured, site, cluster, free_port(), free_port())
        stack.callback(plant.end)
        _configure(plant)
        _impatient(stack)
        world = World(site.folder)
        world.tell("collect")
        counting = Counting(CellCounter(site.line, world))
        for name in ("server", "web", "gateway"):
            plant.start(name)
        counting.start()
        stack.callback(counting.counter.stop)
        plant.until(plant.answers, "the web")
        plant.until(lambda: plant.committed() > 0, "the first reading")
        yield plant, counting


def _impatient(stack: ExitStack) -> None:
    """Let the counter wait no 15 s for an answer that will not come, as the standard has it: more can be tried."""
    for module, name, seconds in ((astm, "SENDER_WAITS", 1.0), (cell_counter, "AGAIN", 0.2)):
        stack.callback(setattr, module, name, getattr(module, name))
        setattr(module, name, seconds)


def _configure(plant: Plant) -> None:
    with plant.measured.app.app_context():
        do(AddMachine("gateway_1", "Gateway", "instrument", TOKEN), "adam")
    plant.measured.app.extensions["mes"].database.dispose()
    (plant.site.folder / "token").write_text(TOKEN)
    config = _CONFIG.format(web=plant.web, opcua=plant.opcua, user=USER, space=NAMESPACE, line=plant.site.line)
    (plant.site.folder / "gateway.toml").write_text(config)


_CONFIG = """\
name = "gateway-1"
zone = "UTC"
[mes]
url = "http://127.0.0.1:{web}"
token_file = "token"
[instruments.BR-01]
kind = "bioreactor"
url = "opc.tcp://127.0.0.1:{opcua}/reactor"
user = "{user}"
password_file = "bioreactor.password"
publishing = 0.1
[instruments.BR-01.nodes]
pH = {{ node = "nsu={space};s=Reactor.pH", unit = "pH" }}
[instruments.CC-01]
kind = "cell-counter"
port = "{line}"
"""
