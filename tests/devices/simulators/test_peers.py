"""Instruments that this project did not write: node-opcua as the bioreactor, and a real Vi-CELL BLU export."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.simulators.peers import node, vicell
from tests.devices.support import Panel, TinyMes, free_port, gateway, simulators, until


@pytest.fixture(scope="module")
def mes() -> Iterator[TinyMes]:
    with TinyMes() as mes:
        yield mes


@pytest.fixture(scope="module")
def panel(captures: Path, tmp_path_factory: pytest.TempPathFactory, mes: TinyMes) -> Iterator[Panel]:
    """Peers, with cells in the bioreactor on the afternoon of 21 March 2022."""
    assert captures
    folder = tmp_path_factory.mktemp("peers")
    (folder / "mes-token").write_text("secret")
    with simulators(folder, "--peers", "--mes", mes.url) as panel, gateway(panel):
        panel.grow()
        yield panel


def of_reactor(mes: TinyMes) -> list[int]:
    return sorted(sequence for instrument, sequence in mes.stored.copy() if instrument == "BR-01")


def test_a_foreign_server_is_read_without_a_hole(panel: Panel, mes: TinyMes) -> None:
    """Signed and encrypted, a day in a second: a value of six channels for each ten minutes."""
    until(lambda: of_reactor(mes))
    panel.wish("/clock/skip", hours=24)
    until(lambda: len(of_reactor(mes)) >= 24 * 6 * 6)
    assert of_reactor(mes) == list(range(1, len(of_reactor(mes)) + 1))


def test_a_foreign_server_that_was_restarted_is_found_again(panel: Panel, mes: TinyMes) -> None:
    """Its sessions are gone; a new one begins."""
    already = len(of_reactor(mes))
    panel.wish("/fault", instrument="bioreactor", fault="drop")
    until(lambda: len(of_reactor(mes)) > already + 12)
    assert of_reactor(mes) == list(range(1, len(of_reactor(mes)) + 1))


@pytest.mark.parametrize(("fault", "status"), [("nan", "0x00000000"), ("bad", "0x808C0000")])
def test_a_foreign_servers_faults_are_marked(panel: Panel, mes: TinyMes, fault: str, status: str) -> None:
    """NaN and BadSensorFailure over another stack."""
    panel.wish("/fault", instrument="bioreactor", fault=fault)
    until(lambda: [each for each in mes.stored.copy().values() if (each["quality"], each["status"]) == ("bad", status)])
    assert panel.wish("/fault", instrument="bioreactor", fault="none")["fault"] == "none"


def test_a_real_export_arrives_when_its_time_has_come(panel: Panel, mes: TinyMes) -> None:
    """Asked for too early it is refused; then each sample arrives once, at its time, with the file's digest."""
    assert panel.wish("/counter/count", sample="CLB010", vessel="bioreactor")["refused"] == 409
    told = panel.wish("/counter/count", sample="CLB001", vessel="bioreactor")
    until(lambda: samples(mes))
    assert samples(mes) == {"CLB001"}
    arrived = {each["channel"]: each for each in mes.stored.values() if each["instrument"] == "VC-01"}
    assert arrived["viable_cells"]["value"] == told["viable_cells"] == "750000"
    assert arrived["viability"]["source_time"] == "2022-03-21T16:56:00.000000Z"
    assert arrived["viability"]["status"].startswith("sha256:")
    panel.wish("/clock/skip", hours=24 * 6 + 3)
    until(lambda: len(samples(mes)) == 10)
    panel.wish("/counter/count", sample="CLB010", vessel="bioreactor")
    assert len([each for each in mes.stored.values() if each["instrument"] == "VC-01"]) == 30


def samples(mes: TinyMes) -> set[str]:
    return {each["sample"] for each in mes.stored.copy().values() if each["instrument"] == "VC-01"}


def test_the_culture_agrees_with_the_samples_that_stand_for_it(captures: Path) -> None:
    """Density and viability at activation, on days 3, 4 and 7, as the file has them."""
    assert captures
    found = vicell.points(vicell.rows(vicell.export()))
    assert [(point.viable_density, point.viability) for point in found] == [
        (0.75e6, 96.9),
        (1.01e6, 97.33),
        (1.84e6, 98.3),
        (3.31e6, 82.12),
    ]


def test_a_missing_export_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With where it was looked for."""
    monkeypatch.setenv("MES_CAPTURES", str(tmp_path))
    with pytest.raises(vicell.NoCaptureError, match="set MES_CAPTURES"):
        vicell.export()


def test_the_lock_of_the_peers_names_no_address() -> None:
    """Integrity hashes, and no registry: each site installs from its own."""
    lock = (node.HERE / "package-lock.json").read_text()
    assert lock.count('"integrity": "sha512-') > 100
    assert "resolved" not in lock
    assert "http" not in lock
    assert "omit-lockfile-registry-resolved=true" in (node.HERE / ".npmrc").read_text()


@pytest.mark.parametrize("which", ["--panel", "--opcua"])
def test_a_port_in_use_is_a_sentence(tmp_path: Path, which: str) -> None:
    """With the port, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = {"--panel": free_port(), "--opcua": free_port(), which: other.getsockname()[1]}
        options = [text for option, port in ports.items() for text in (option, str(port))]
        command = [sys.executable, "-m", "devices.simulators", "--folder", str(tmp_path), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1
    assert str(ports[which]) in done.stderr
    assert "Traceback" not in done.stderr
