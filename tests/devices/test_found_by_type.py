"""A gateway whose configuration names addresses alone: what is there, its servers' types say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devices import certificates
from devices.config import OpcUaSettings, load
from devices.toml_table import ConfigurationError
from tests.devices.support import NOON, TinyMes, until
from tests.devices.told import told, trusting

GATEWAY = """\
name = "gateway-1"
zone = "UTC"
certificates = "pki"
[mes]
url = "{mes}"
token_file = "token"
[instruments.XX-01]
kind = "lads"
url = "opc.tcp://127.0.0.1:{lads}/reactor"
user = "gateway"
password_file = "token"
[instruments.XX-01.channels]
pH = "Culture.pH.SensorValue"
[instruments.VB-01]
kind = "vicell-blu"
url = "opc.tcp://127.0.0.1:{vicell}/ViCellBlu/Server"
user = "gateway"
password_file = "token"
"""


def configured(folder: Path, **ports: object) -> Path:
    (folder / "token").touch(mode=0o600)
    (folder / "token").write_text("secret")
    path = folder / "gateway.toml"
    path.write_text(GATEWAY.format(**ports))
    return path


def test_an_address_is_enough(tmp_path: Path, tiny_mes: TinyMes) -> None:
    """A LADS device and a Vi-CELL BLU, from their servers to the MES, without a node in the configuration."""
    folder = trusting(tmp_path)
    (folder / "pki" / "trusted" / "VB-01.der").write_bytes((folder / "server" / "certificate.der").read_bytes())
    with told("lads_server", folder, "0", "") as lads, told("vicell_server", folder, "0") as vicell:
        path = configured(folder, mes=tiny_mes.url, lads=lads.port, vicell=vicell.port)
        found = {"uuid": "7c9d6a3e-52c5-4c56-9a11-6a5f0f5f8a10", "sample": "S-1", "by": "anna", "at": NOON.isoformat()}
        vicell.do(count={**found, "total": 1.25e6, "viable": 1.0e6, "viability": 80.0, "diameter": 11.25})
        clock = folder / "clock.json"
        clock.write_text(f'{{"real": {NOON.timestamp()}, "process": {NOON.timestamp()}, "rate": 0}}')
        command = [sys.executable, "-m", "devices", "gateway", str(path)]
        with subprocess.Popen(command, env=os.environ | {"MES_PROCESS_CLOCK": str(clock)}) as gateway:
            try:
                until(lambda: {"pH", "viability"} <= {each["channel"] for each in tiny_mes.stored.copy().values()})
            finally:
                gateway.send_signal(signal.SIGTERM)
    stored = {(each["instrument"], each["channel"]): each for each in tiny_mes.stored.values()}
    assert stored["XX-01", "pH"]["unit"] == "pH"
    assert stored["XX-01", "SerialNumber"]["value"] == "S-0001"
    assert (stored["VB-01", "viability"]["value"], stored["VB-01", "viability"]["sample"]) == ("80.0", "S-1")
    assert gateway.returncode == 0


def test_what_is_found_may_be_named(tmp_path: Path) -> None:
    """A channel's own name for a variable; nodes are nobody's business, and silence of a counter is none."""
    certificates.make(tmp_path / "pki" / "own", "urn:test:gateway", "localhost")
    config = load(configured(tmp_path, mes="http://127.0.0.1", lads=1, vicell=2))
    lads, vicell = config.stations
    assert isinstance(lads.settings, OpcUaSettings)
    assert (lads.settings.nodes, lads.settings.names) == ((), (("pH", "Culture.pH.SensorValue"),))
    assert (lads.silent_after, vicell.silent_after) == (60, None)


def test_a_channel_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    """With its line, and those that there are."""
    path = configured(tmp_path, mes="http://127.0.0.1", lads=1, vicell=2)
    path.write_text(path.read_text().replace("pH = ", "acidity = "))
    with pytest.raises(ConfigurationError, match=r"gateway.toml:13: acidity is no channel; there are temperature, pH"):
        load(path)
