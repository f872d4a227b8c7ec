"""``run``: it opens a laboratory, stops well, goes on where it was, and says in a sentence why it cannot start."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mes.demonstration.laboratory import CAST
from mes.processes import free_port, hold
from tests.architecture.source import ROOT
from tests.devices.support import until
from tests.journeys.laboratory import Open, answers, nothing_is_left_of, opened, port_to_keep
from tests.journeys.terminal import PATIENCE, done, processes_of

PROGRAMS = ("devices.simulators", "gunicorn", "devices gateway", "mes clock")


def live_value(laboratory: Open, batch: str) -> str:
    """Wait for a fresh value of the bioreactor on the step's page, and return what the button takes."""
    alice, found = laboratory.tablet("alice"), list[str]()

    def shown() -> bool:
        form = alice.open(f"/batches/{batch}/steps/90.2").form("/readings")
        found.extend([form.fields["reading"]] if form else [])
        return bool(found)

    until(shown, PATIENCE)
    return found[0]


def assert_a_second_is_refused(laboratory: Open) -> None:
    """See that a second laboratory in the same folder is refused in a sentence: it would take instruments and clock."""
    said = f"a laboratory runs in {laboratory.folder} already: stop it, or give another with --folder\n"
    assert done("run", "--port", free_port(), "--folder", laboratory.folder) == (3, said)


def test_a_day_in_the_laboratory(tmp_path: Path) -> None:
    """It opens in an empty folder, shows what the bioreactor measures, stops at Ctrl-C, and goes on where it was."""
    folder, port = tmp_path / "new", port_to_keep()
    with opened(folder, port) as laboratory:
        assert laboratory.url == f"http://127.0.0.1:{port}"
        assert all(f"{each.id} " in laboratory.terminal.shown for each in CAST)
        running = " ".join(processes_of(folder).values())
        assert [program for program in PROGRAMS if program not in running] == []
        laboratory.approve()
        batch = laboratory.batch("COI-26-0100-A")
        step = f"/batches/{batch}/steps/90.1"
        laboratory.send("alice", step, "/values", **{"value.vessel": "BR-01"})
        laboratory.send("alice", step, "/complete")
        first = live_value(laboratory, batch)
        assert first.startswith("BR-01/")
        record, passphrase = laboratory.lines(batch), laboratory.passphrase
        assert_a_second_is_refused(laboratory)
        laboratory.close()
    assert not answers(laboratory.url)
    with opened(folder, port) as again:
        assert again.passphrase == passphrase
        assert again.lines(batch)[: len(record)] == record
        until(lambda: live_value(again, batch) != first, PATIENCE)
        again.close()
    assert done("verify", "--folder", folder)[0] == 0


def test_who_kills_it_leaves_no_orphan(tmp_path: Path) -> None:
    """Killed outright, it takes its children with it: port and folder are free for the next."""
    port = port_to_keep()
    with opened(tmp_path / "new", port) as laboratory:
        assert len(processes_of(laboratory.folder)) >= len(PROGRAMS)
        laboratory.terminal.process.kill()
        nothing_is_left_of(laboratory.folder)
        with socket.create_server(("127.0.0.1", port)), hold(laboratory.folder) as held:
            assert held


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    """Somebody listens there: one sentence with the way out, and nothing was started or made."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code, said = done("run", "--port", port, "--folder", tmp_path / "new")
    assert (code, said) == (
        3,
        f"port {port} on this machine is in use: stop what uses it, or give another with --port\n",
    )
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("place", ["file", "/proc/laboratory"])
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, place: str) -> None:
    """A file stands in its place, or it is where nobody may write, root included: one sentence."""
    (tmp_path / "file").touch()
    folder = tmp_path / place
    code, said = done("run", "--port", free_port(), "--folder", folder)
    assert code == 3
    assert said.startswith(f"{folder} cannot be written: ")
    assert said.count("\n") == 1


def test_a_missing_package_is_said(tmp_path: Path) -> None:
    """Something that is started needs it: a sentence that names it, and the exit code for what is missing."""
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "sitecustomize.py").write_text("import sys\nsys.modules['asyncua'] = None\n")
    path = os.pathsep.join((str(absent), str(ROOT)))
    code, said = done("run", "--port", free_port(), "--folder", tmp_path / "new", PYTHONPATH=path)
    assert (code, said.count("\n")) == (3, 1)
    assert "asyncua" in said
    nothing_is_left_of(tmp_path / "new")
