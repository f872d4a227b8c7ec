"""A LADS device that this project did not write: node-opcua, with the specifications' own sets of nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from devices.config import OpcUaSettings
from devices.instruments.lads import Lads
from devices.intake import Intake
from devices.simulators.peers.lads import NodeLadsFace
from devices.simulators.peers.node import cache, install
from devices.transports.opcua_model import ModelledServer
from tests.devices.support import free_port, until
from tests.devices.told import latest, notes, running, trusting

VALUES = {
    "pH": (7.21, "Good"),
    "temperature": (36.9, "BadSensorFailure"),
    "carbon_dioxide": (float("nan"), "Good"),
    "agitation": (60.0, "UncertainLastUsableValue"),
}


async def _seen(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(until, condition)


async def _play(folder: Path, intake: Intake) -> dict[str, tuple[str, str, str, str]]:
    """Read the device, let its server start again, and read it on; return what was read before that."""
    face = NodeLadsFace(free_port(), folder / "server", "gateway", "secret", install(cache()))
    await face.start()
    settings = OpcUaSettings(face.url, (), user="gateway", password="secret", publishing=0.05, keep_alive=0.3)
    with running(ModelledServer(Lads(), settings, folder / "pki", intake).run):
        await _seen(lambda: "Culture.Stirrer.ControlFunctionState" in latest(intake.spool))
        await face.write(datetime.now(UTC), VALUES)
        await _seen(lambda: latest(intake.spool)["Culture.Stirrer.CurrentValue"].value == "60.0")
        found = {
            name: (each.value, each.unit, each.quality.value, each.status)
            for name, each in latest(intake.spool).items()
        }
        await face.drop()
        await face.write(datetime.now(UTC), {"pH": (6.5, "Good")})
        await _seen(lambda: latest(intake.spool)["Culture.pH.SensorValue"].value == "6.5")
    await face.stop()
    return found


def test_a_foreign_lads_device_is_known_by_its_types(tmp_path: Path, intake: Intake) -> None:
    """Identity, states, units and values, as told; and again when its server has started again."""
    found = asyncio.run(_play(trusting(tmp_path), intake))
    assert [found[name][0] for name in ("Manufacturer", "Model", "SerialNumber")] == [
        "Simulated",
        "Bioreactor",
        "S-0003",
    ]
    assert found["Culture.FunctionalUnitState"][0] == "Running"
    assert found["Culture.pH.SensorValue"] == ("7.21", "pH", "good", "0x00000000")
    assert found["Culture.Temperature.CurrentValue"] == ("36.9", "°C", "bad", "0x808C0000")
    assert found["Culture.CO2.CurrentValue"] == ("NaN", "%", "bad", "0x00000000")
    assert found["Culture.Stirrer.CurrentValue"] == ("60.0", "rev/min", "uncertain", "0x40900000")
    assert found["Culture.ViableCellDensity.SensorValue"][1:3] == ("cells/mL", "good")
    assert found["Culture.Stirrer.TargetValue"][1:3] == ("no unit", "bad")
    assert not [each for each in notes(intake.spool, "gap") if "no longer" in each]
