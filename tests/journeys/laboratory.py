"""The laboratory that ``run`` opens, as people meet it, and a recipe that is short enough for a test."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from mes.demonstration.tablet import Form, Tablet
from mes.processes import free_port
from tests.bench import recipe
from tests.devices.support import until
from tests.journeys.terminal import PATIENCE, Terminal, mes, processes_of

_WATCH = """operations:
  - operation: 90 Watch
    after: []
    steps:
      - step: 90.1 Scan the bioreactor
        use:
          vessel: {equipment: bioreactor}
      - step: 90.2 Read the bioreactor
        measure:
          ph: {ask: pH, channel: pH, unit: pH, plausible: 0 to 14 pH, limit: 6.9 to 7.6 pH}
        from: bioreactor
        fresh for: 5 min
"""
# Four operations of the recipe of the measurements, with every step open from the start, behind one that reads a
# bioreactor.
RECIPE = (
    recipe.text()
    .partition("  - operation: 5 ")[0]
    .replace("code: bench", "code: journey")
    .replace("operations:\n", _WATCH)
)
PLACES = recipe.places()[:400]


@dataclass
class Open:
    """A laboratory that is open, and the terminal it was opened in."""

    folder: Path
    terminal: Terminal
    environment: dict[str, str] = field(default_factory=dict)
    tablets: dict[str, Tablet] = field(default_factory=dict)

    def shows(self, label: str) -> str:
        """Return what the terminal shows behind a label."""
        found = re.search(rf"{label} +(\S+)", self.terminal.shown)
        assert found, self.terminal.shown
        return found[1]

    @property
    def url(self) -> str:
        """Where its pages are."""
        return self.shows("Pages")

    @property
    def panel(self) -> str:
        """Where the front panels of its instruments are."""
        return self.shows("Instruments")

    @property
    def passphrase(self) -> str:
        """What its people sign in with."""
        return self.shows("with the passphrase")

    def tablet(self, user: str) -> Tablet:
        """Return somebody's tablet, signed in."""
        if user not in self.tablets:
            self.tablets[user] = Tablet(self.url)
            self.tablets[user].sign_in(user, self.passphrase)
        return self.tablets[user]

    def send(self, user: str, path: str, ending: str, /, **values: str) -> str:
        """Have somebody open a page, fill in one of its forms and send it; return where that leads."""
        tablet = self.tablet(user)
        return tablet.send(form_on(tablet, path, ending), values).url

    def batch(self, coi: str) -> str:
        """Have a therapy ordered and its batch started; return the batch's number."""
        self.send("dora", "/orders/", "/orders/", coi=coi, recipe="journey")
        return self.send("dora", f"/batches/start?coi={coi}", "/batches/start", **{"value.weight": "20"}).rsplit("/")[
            -1
        ]

    def approve(self) -> None:
        """Have the short recipe loaded by one person and approved by another, and those who work by it trained."""
        nora = self.tablet("nora")
        form = form_on(nora, "/recipes/", "/recipes/")
        fields = {name: text for name, text in form.fields.items() if name != "file"}
        loaded = nora._http.post(form.action, data=fields, files={"file": ("journey.yaml", RECIPE.encode())})
        signed = {"user": "quinn", "password": self.passphrase}
        self.send("quinn", loaded.url.path, "/approval", **signed)
        for person in ("alice", "bob", "lena", "luis"):
            training = "/training/?recipe=journey&edition=1"
            self.send("sami", training, "/training/journey/1", trained=person, until="2099-01-01")

    def lines(self, batch: str) -> list[Mapping[str, Any]]:
        """Return the lines of a batch's record, as the interface gives them."""
        found: Any = self.tablet("ines").json(f"/api/v1/batches/{batch}")["lines"]
        return list(found)

    def kill(self, program: str) -> None:
        """Kill a program with all its processes, at once and outright."""
        victims = {os.getpgid(pid) for pid, command in processes_of(self.folder).items() if program in command}
        assert victims
        for group in victims:
            os.killpg(group, signal.SIGKILL)

    def close(self) -> None:
        """Stop it as a person does, and see that it stops well and whole."""
        self.put_away()
        self.terminal.press_ctrl_c()
        assert self.terminal.end() == 0, self.terminal.shown
        assert processes_of(self.folder) == {}

    def put_away(self) -> None:
        """Put all tablets away."""
        while self.tablets:
            self.tablets.popitem()[1].close()


@contextmanager
def opened(folder: Path, port: int = 0, **environment: str) -> Iterator[Open]:
    """Open the laboratory of a folder; whatever happens to it in the test, nothing of it stays."""
    line = f"exec {mes('run', '--port', port or free_port(), '--folder', folder)}"
    with Terminal(line, environment) as terminal:
        laboratory = Open(folder, terminal, environment)
        try:
            terminal.until("Ctrl-C stops everything")
            yield laboratory
        finally:
            laboratory.put_away()
            if terminal.process.poll() is None:
                terminal.process.terminate()
                terminal.process.wait(PATIENCE)
            for pid in processes_of(folder):
                os.kill(pid, signal.SIGKILL)


def form_on(tablet: Tablet, path: str, ending: str) -> Form:
    """Return a form that must be on a page."""
    page = tablet.open(path)
    form = page.form(ending)
    assert form, f"no form for {ending} on {page.url}: {[each.action for each in page.forms]}"
    return form


def port_to_keep() -> int:
    """Return a free port that nobody else gets by chance while a laboratory is closed: those begin at 32768."""
    for port in range(20_000 + os.getpid() % 10_000, 32_768):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("this machine has no free port")


def nothing_is_left_of(folder: Path) -> None:
    """Wait until no process of an installation is left."""
    until(lambda: not processes_of(folder), PATIENCE)


def answers(url: str) -> bool:
    """Say whether a laboratory answers at an address."""
    try:
        return httpx.get(f"{url}/health", timeout=60).is_success
    except httpx.HTTPError:
        return False
