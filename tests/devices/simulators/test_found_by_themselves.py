"""A LADS device and a Vi-CELL BLU among the simulated instruments: found by themselves, failing on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.devices.support import Panel, TinyMes, free_port, gateway, simulators, until


@pytest.fixture(scope="module")
def mes() -> Iterator[TinyMes]:
    with TinyMes() as mes:
        yield mes


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory, mes: TinyMes) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("laboratory")
    (folder / "mes-token").write_text("secret")
    others = ("--lads", str(free_port()), "--vicell", str(free_port()))
    with simulators(folder, "--mes", mes.url, *others) as panel:
        panel.grow()
        with gateway(panel):
            yield panel


def of(mes: TinyMes, instrument: str, channel: str) -> list[dict[str, Any]]:
    said = [each for (name, _), each in sorted(mes.stored.copy().items()) if name == instrument]
    return [each for each in said if each["channel"] == channel]


def test_the_device_shows_the_same_culture(panel: Panel, mes: TinyMes) -> None:
    """Its temperature is good and in its unit; when it is asked to be bad, it is bad, and the bioreactor is not."""
    channel = "Culture.Temperature.CurrentValue"
    until(lambda: of(mes, "BR-02", channel))
    assert of(mes, "BR-02", channel)[-1]["unit"] == "°C"
    panel.wish("/fault", instrument="LADS device", fault="bad")
    until(lambda: of(mes, "BR-02", channel)[-1]["quality"] == "bad")
    assert of(mes, "BR-01", "temperature")[-1]["quality"] == "good"
    panel.wish("/fault", instrument="LADS device", fault="none")
    until(lambda: of(mes, "BR-02", channel)[-1]["quality"] == "good")


def test_a_count_arrives_and_so_does_one_after_a_restart(panel: Panel, mes: TinyMes) -> None:
    """The event tells it to its user, with its sample; the server starts again, and one gone wrong comes as bad."""
    told = panel.wish("/counter/opcua", sample="S-1", vessel="bioreactor")
    until(lambda: [each for each in of(mes, "VC-02", "viable_cells") if each["sample"] == "S-1"])
    assert told["instrument"] == "VC-02"
    assert of(mes, "VC-02", "viable_cells")[-1]["quality"] == "good"
    panel.wish("/fault", instrument="Vi-CELL BLU", fault="restart")
    until(lambda: panel.ask("/state")["faults"]["Vi-CELL BLU"] == "none")
    panel.wish("/fault", instrument="Vi-CELL BLU", fault="bad")
    panel.wish("/counter/opcua", sample="S-2", vessel="bioreactor")
    until(lambda: [each for each in of(mes, "VC-02", "viable_cells") if each["sample"] == "S-2"], seconds=120)
    assert of(mes, "VC-02", "viable_cells")[-1]["quality"] == "bad"


def test_without_such_a_counter_it_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The wish is refused with what to do."""
    with simulators(tmp_path_factory.mktemp("smaller")) as smaller:
        smaller.grow()
        assert smaller.wish("/counter/opcua", sample="S-1", vessel="bioreactor")["refused"] == 409
