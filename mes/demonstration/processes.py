"""A demonstration's processes: those of any laboratory, and simulated instruments on a process clock."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from flask import Flask

from mes.cli import Missing
from mes.context import Installation
from mes.db import Database
from mes.demonstration import laboratory
from mes.processes import Processes, free_port
from mes.schema import upgrade
from mes.settings import Settings
from mes.site.queries import kind_at


class Laboratory(Processes):
    """A demonstration laboratory that runs while it is entered; the first time, its people and lots are loaded."""

    def __init__(
        self, folder: Path, port: int = 8000, *, peers: bool = False, start: str = "", database_url: str = ""
    ) -> None:
        super().__init__(folder, port, database_url)
        self.peers, self.begin = peers, start
        self.panel = ""

    @property
    def passphrase(self) -> str:
        """What all people of the demonstration sign in with."""
        return (self.folder / "passphrase").read_text()

    @property
    def environment(self) -> dict[str, str]:
        """What the processes of this laboratory are told."""
        return super().environment | {
            "MES_PROCESS_CLOCK": str(self.folder / "instruments" / "clock.json"),
            "MES_INSECURE_COOKIES": "1",  # loopback has no TLS
            "MES_LABORATORY": "Demonstration laboratory",
            "MES_ROOM": "Clean room 2",
        }

    def start(self) -> None:
        """Start the instruments, whose clock the others go by, then the rest."""
        if kind_at(Settings.from_environment(self.environment).database_url) == "laboratory":
            raise Missing("the records there are a laboratory's: no demonstration is played in them")
        simulators = self._start_simulators()
        ready = json.loads(_first_line(simulators, self.folder / "logs" / "instruments.log"))
        self.panel = ready["panel"]
        self._prepare()
        self.start_web()
        self.start_gateway(ready["gateway"])
        self.start_clock()

    def _start_simulators(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "devices.simulators", "--folder", str(self.folder / "instruments")]
        command += ["--opcua", str(free_port()), "--mes", self.url]
        command += ["--token-file", str(self.folder / "gateway-1.token")]
        command += ["--peers"] if self.peers else []
        command += ["--start", self.begin] if self.begin else []
        return self.spawn("instruments", *command, reads=True)

    def _prepare(self) -> None:
        """Bring the database up to date, and load it the first time."""
        settings = Settings.from_environment(self.environment)
        upgrade(settings.database_url)
        if (self.folder / "passphrase").exists():
            return
        loader = Flask("loader")
        database = Database(settings.database_url)
        loader.extensions["mes"] = Installation(settings, database)
        with loader.app_context():
            laboratory.load(self.folder)
        database.dispose()


def _first_line(child: subprocess.Popen[bytes], log: Path) -> bytes:
    """Return the line that a process says when it is ready, and read on so that it never waits for us."""
    if child.stdout is None:
        raise TypeError("the process was started without a pipe")
    line = child.stdout.readline()
    if not line:
        said = log.read_text(errors="replace").strip().splitlines()
        raise Missing(said[-1] if said else "the simulated instruments did not start")
    threading.Thread(target=child.stdout.read, daemon=True).start()
    return line
