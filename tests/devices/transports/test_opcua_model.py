"""A LADS device, found by its types: nobody wrote down a node of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devices.config import OpcUaSettings
from devices.instruments.lads import Lads
from devices.intake import Intake
from devices.simulators.lads import UNECE
from devices.transports.opcua_model import ModelledServer
from tests.devices.chaos import Line
from tests.devices.support import SetClock, free_port, readings, until
from tests.devices.told import Told, latest, notes, running, told, trusting


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trusting(tmp_path_factory.mktemp("lads"))


@pytest.fixture(scope="module")
def device(folder: Path) -> Iterator[Told]:
    """A server whose namespaces others have moved up by three."""
    with told("lads_server", folder, "3", "") as server:
        yield server


def receiver(settings: OpcUaSettings, device: Told, intake: Intake) -> ModelledServer:
    return ModelledServer(Lads(), settings, device.pki, intake)


def test_a_device_is_known_by_its_types(device: Told, intake: Intake) -> None:
    """Sensors, controllers, a timer, a switch, states and the device's identity; a vendor's own type as what it is."""
    with running(receiver(device.settings(), device, intake).run):
        until(lambda: "Culture.Lid.CoverState" in latest(intake.spool))
    found = {name: (each.value, each.unit) for name, each in latest(intake.spool).items()}
    assert found["SerialNumber"] == ("S-0001", "")
    assert (found["Manufacturer"][0], found["Model"][0]) == ("Simulated", "Bioreactor")
    assert found["DeviceState"] == ("Operate", "")
    assert found["Culture.FunctionalUnitState"] == ("Running", "")
    assert found["Culture.Temperature.TargetValue"] == ("37.0", "°C")
    assert found["Culture.Temperature.ControlFunctionState"] == ("Running", "")
    assert found["Culture.Stirrer.CurrentValue"][1] == "rev/min"
    assert found["Culture.ViableCellDensity.SensorValue"][1] == "cells/mL"
    assert found["Culture.Feeding.CurrentValue"] == ("90000.0", "ms")
    assert found["Culture.HarvestSwitch.SensorValue"] == ("false", "")
    assert found["Culture.Lid.CoverState"] == ("Closed", "")
    assert not [name for name in found if "RawValue" in name]


def test_values_are_kept_as_they_are(device: Told, intake: Intake) -> None:
    """Bad, uncertain and NaN: with the status that the server gave, and none of them good."""
    said = {"pH": ("7.21", "Good"), "temperature": ("nan", "Good"), "agitation": ("61", "UncertainLastUsableValue")}
    with running(receiver(device.settings(), device, intake).run):
        until(lambda: "Culture.pH.SensorValue" in latest(intake.spool))
        device.do(probe={**said, "carbon_dioxide": ("5.1", "BadSensorFailure")})
        until(lambda: latest(intake.spool)["Culture.CO2.CurrentValue"].quality.value == "bad")
        until(lambda: latest(intake.spool)["Culture.Stirrer.CurrentValue"].value == "61.0")
    found = {name: (each.value, each.status, each.quality.value) for name, each in latest(intake.spool).items()}
    assert found["Culture.pH.SensorValue"] == ("7.21", "0x00000000", "good")
    assert found["Culture.Temperature.CurrentValue"] == ("NaN", "0x00000000", "bad")
    assert found["Culture.Stirrer.CurrentValue"] == ("61.0", "0x40900000", "uncertain")
    assert found["Culture.CO2.CurrentValue"][1:] == ("0x808C0000", "bad")


def test_a_state_is_a_reading(device: Told, intake: Intake) -> None:
    """The lid is opened: that is seen, with its time."""
    with running(receiver(device.settings(), device, intake).run):
        until(lambda: "Culture.Lid.CoverState" in latest(intake.spool))
        device.do(state=["Culture.Lid.CoverState.CurrentState", "Opened"])
        until(lambda: latest(intake.spool)["Culture.Lid.CoverState"].value == "Opened")
        device.do(state=["Culture.Lid.CoverState.CurrentState", "Closed"])
    assert latest(intake.spool)["Culture.Lid.CoverState"].source_time is not None


@pytest.mark.parametrize(("function", "unit"), [("Conductivity", "mS/cm"), ("Turbidity", "no unit")])
def test_a_unit_that_is_not_known_is_said_and_its_values_are_bad(
    device: Told, intake: Intake, function: str, unit: str
) -> None:
    """A unit that recipes do not have, and a quantity without one: the value is there, and cannot be taken."""
    channel = f"Culture.{function}.SensorValue"
    with running(receiver(device.settings(), device, intake).run):
        until(lambda: channel in latest(intake.spool))
    reading = latest(intake.spool)[channel]
    assert (reading.unit, reading.quality.value) == (unit, "bad")
    assert reading.status == f"0x00000000; the unit “{unit}” is not known"


def test_a_pressure_is_in_a_unit_that_recipes_know(device: Told, intake: Intake) -> None:
    """Millibar, by its number in the common codes: the value can be taken."""
    with running(receiver(device.settings(), device, intake).run):
        until(lambda: "Culture.Pressure.SensorValue" in latest(intake.spool))
    reading = latest(intake.spool)["Culture.Pressure.SensorValue"]
    assert (reading.value, reading.unit, reading.quality.value) == ("1013.0", "mbar", "good")


def test_a_unit_that_is_switched_is_never_taken_for_the_old_one(device: Told, intake: Intake) -> None:
    """An operator switches the display to °F and back: no value in °F is called one in °C."""
    path, channel = "Culture.Temperature.CurrentValue", "Culture.Temperature.CurrentValue"
    with running(receiver(device.settings(), device, intake).run):
        until(lambda: channel in latest(intake.spool))
        device.do(unit=[path, UNECE, 4604232, "°F"])
        device.do(probe={"temperature": ("98.6", "Good")})
        until(lambda: latest(intake.spool)[channel].unit == "°F")
        device.do(unit=[path, UNECE, 4408652, "°C"])
        device.do(probe={"temperature": ("37.0", "Good")})
        until(lambda: latest(intake.spool)[channel].unit == "°C" and latest(intake.spool)[channel].value == "37.0")
    hot = [(each.unit, each.quality.value) for each in readings(intake.spool) if each.value == "98.6"]
    assert ("°F", "bad") in hot
    assert ("°C", "good") not in hot
    assert f"{channel}: its unit was °C and is °F" in notes(intake.spool, "notice")


def test_a_site_may_give_a_variable_its_own_name(device: Told, intake: Intake) -> None:
    """The channel that recipes know; one in another unit is bad, one that is not there is named."""
    names = (("pH", "Culture.pH.SensorValue"), ("weight", "Culture.CO2.CurrentValue"), ("volume", "Culture.None"))
    with running(receiver(replace(device.settings(), names=names), device, intake).run):
        until(lambda: "pH" in latest(intake.spool) and "weight" in latest(intake.spool))
    found = latest(intake.spool)
    assert (found["pH"].unit, found["pH"].quality.value) == ("pH", "good")
    assert "Culture.pH.SensorValue" not in found
    assert found["weight"].status.endswith("unit is not g")
    assert found["weight"].quality.value == "bad"
    said = [each for each in notes(intake.spool, "notice") if "Culture.None" in each]
    assert [each.partition(";")[0] for each in said] == ["volume: the server has no Culture.None"]


def test_broken_connections_lose_nothing(device: Told, intake: Intake, clock: SetClock) -> None:
    """Values that came while the line was down, and while no gateway ran, are read when it is back."""
    with Line(device.port) as line:
        settings = device.settings(line.port)
        with running(receiver(settings, device, intake).run):
            until(lambda: "Culture.pH.SensorValue" in latest(intake.spool))
            line.reset()
            for place in range(10):
                device.do(probe={"pH": (f"6.{place}", "Good")})
            until(lambda: latest(intake.spool)["Culture.pH.SensorValue"].value == "6.9")
        for place in range(10):
            device.do(probe={"pH": (f"8.{place}", "Good")})
        with running(receiver(settings, device, Intake("XX-01", intake.spool, clock)).run):
            until(lambda: latest(intake.spool)["Culture.pH.SensorValue"].value == "8.9")
    told_of = [each.value for each in readings(intake.spool) if each.channel == "Culture.pH.SensorValue"][1:]
    assert told_of == [f"{whole}.{place}" for whole in (6, 8) for place in range(10)]
    assert not notes(intake.spool, "gap")


def test_a_server_that_starts_again_is_surveyed_again(folder: Path, intake: Intake) -> None:
    """Its namespaces have moved and a function is gone: the others go on, and what is missing is a gap.

    What a thing is called and in which unit it says its values is told when it changes: of that nothing is missing.
    """
    port = free_port()
    with told("lads_server", folder, "0", "", port=port) as before:
        task = receiver(before.settings(), before, intake)
        with running(task.run):
            until(lambda: "Culture.pH.SensorValue" in latest(intake.spool))
            before.process.kill()
            before.process.wait()
            with told("lads_server", folder, "5", "pH", port=port) as after:
                until(lambda: "Culture.pH.SensorValue: the server has it no longer" in notes(intake.spool, "gap"))
                after.do(probe={"temperature": ("36.6", "Good")})
                until(lambda: latest(intake.spool)["Culture.Temperature.CurrentValue"].value == "36.6")
    assert latest(intake.spool)["Culture.pH.SensorValue"].value == "0.0"
    missed = {text.partition(": ")[0] for text in notes(intake.spool, "gap")}
    assert "Culture.pH.SensorValue" in missed
    assert not [each for each in missed if each.endswith(".unit") or "." not in each.replace("DeviceState", ".")]


def test_a_function_that_vanishes_is_missed(folder: Path, intake: Intake) -> None:
    """It is taken away while the server runs, which says nothing: a look finds it gone, and the others go on."""
    with (
        told("lads_server", folder, "0", "") as server,
        running(ModelledServer(Lads(), server.settings(), server.pki, intake, pause=0.2).run),
    ):
        until(lambda: "Culture.pH.SensorValue" in latest(intake.spool))
        server.do(remove="Culture.pH")
        until(lambda: "Culture.pH.SensorValue: the server has it no longer" in notes(intake.spool, "gap"))
        server.do(probe={"temperature": ("36.5", "Good")})
        until(lambda: latest(intake.spool)["Culture.Temperature.CurrentValue"].value == "36.5")
    assert [each.value for each in readings(intake.spool) if each.channel == "Culture.pH.SensorValue"] == ["0.0"]


def test_a_server_without_such_a_device_is_named_so(device: Told, intake: Intake) -> None:
    """One that has others, by their names; and the session is not left behind."""
    with running(receiver(replace(device.settings(), device="Freezer"), device, intake).run):
        until(lambda: "there is no device Freezer; there is Bioreactor" in intake._state[1])
    assert intake._state[0] == "no connection"
