"""The simulated laboratory: its clock, its memory, its panel."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import pytest

from devices.clock import ProcessClock, clock_in_use, machine_clock
from devices.simulators.culture import NotSoError
from devices.simulators.panel import Panel, serve
from devices.simulators.world import World
from tests.devices.support import until

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, start=START)


def grown(world: World, hours: float = 0) -> World:
    for event in ("collect", "isolate", "activate", "transduce", "seed_bioreactor"):
        world.tell(event)
    world.clock.skip(timedelta(hours=hours))
    return world


def test_time_runs_from_the_start_and_can_be_let_pass(world: World) -> None:
    """Hours pass in less than a second, to the hour that was wished."""
    world.probes_read(START + timedelta(days=99))
    after = world.skip(6)
    assert timedelta(hours=6) <= after - START < timedelta(hours=6, minutes=1)
    assert world.clock.rate == 1


@pytest.mark.parametrize("hours", [0, -1, math.nan, math.inf, 1e9])
def test_time_that_cannot_pass_is_refused(world: World, hours: float) -> None:
    """Nothing, backwards, for ever."""
    with pytest.raises(NotSoError, match="hours is a number above 0"):
        world.skip(hours)


def test_processes_share_the_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the file that MES_PROCESS_CLOCK names has the same time, also when it was changed twice at once."""
    monkeypatch.setenv("MES_PROCESS_CLOCK", str(world.clock_path))
    other = clock_in_use()
    other()
    world.clock.run(1.0)
    world.clock.skip(timedelta(days=1))
    assert abs(other() - world.clock()) < timedelta(seconds=1)
    monkeypatch.delenv("MES_PROCESS_CLOCK")
    assert clock_in_use() is machine_clock


def test_a_clock_that_hurries_stops_at_its_end(tmp_path: Path) -> None:
    """To the second, however late somebody looks; from there it goes on as the machine's does."""
    clock, end = ProcessClock.create(tmp_path / "clock.json", START), START + timedelta(days=1)
    clock.run(1e9, end)
    until(lambda: clock() >= end)
    assert clock() - end < timedelta(minutes=1)
    clock.skip(timedelta(hours=1))
    assert timedelta(hours=1) <= clock() - end < timedelta(hours=1, minutes=1)


def test_a_clock_cannot_be_set_back(tmp_path: Path) -> None:
    """Time in a record only grows."""
    with pytest.raises(ValueError, match="cannot be set back"):
        ProcessClock.create(tmp_path / "clock.json", START).skip(timedelta(seconds=-1))


def test_simulators_that_are_started_again_go_on(world: World, tmp_path: Path) -> None:
    """The same clock, the same cells, the same numbers."""
    grown(world, 48)
    again = World(tmp_path, seed=99, start=START - timedelta(days=5))
    at = world.clock()
    assert again.culture == world.culture
    assert again.probes(at) == world.probes(at)
    assert abs(again.clock() - at) < timedelta(seconds=5)


def test_probes_are_rounded_as_displays_are(world: World) -> None:
    """37.0 °C within a tenth or two, pH with two digits, density with three figures, within usual limits."""
    grown(world, 100)
    shown = {channel: value for channel, (value, status) in world.probes(world.clock()).items() if status == "Good"}
    assert 36.5 <= shown["temperature"] <= 37.5
    assert 6.9 <= shown["pH"] <= 7.6
    assert 40 <= shown["dissolved_oxygen"] <= 100
    assert all(round(shown[channel], 2) == shown[channel] for channel in shown)
    assert float(f"{shown['viable_cell_density']:.3g}") == shown["viable_cell_density"] > 1e5


def test_the_counter_and_the_probe_see_the_same_cells(world: World) -> None:
    """Both within a few percent of the truth."""
    grown(world, 72)
    truth = world.contents("bioreactor").viable_density
    count = world.count("S-1", "bioreactor")
    probe, _ = world.probes(world.clock())["viable_cell_density"]
    assert float(count.viable) == pytest.approx(truth, rel=0.1)
    assert probe == pytest.approx(truth, rel=0.1)
    assert float(count.viability) == pytest.approx(float(count.viable) / float(count.total) * 100, abs=0.06)


@pytest.mark.parametrize(("fault", "shown"), [("nan", (math.nan, "Good")), ("bad", (None, "BadSensorFailure"))])
def test_a_fault_is_shown_until_another_is_asked_for(world: World, fault: str, shown: tuple[float | None, str]) -> None:
    """NaN with a good status, or a value with a bad one."""
    world.fault("bioreactor", fault)
    value, status = world.probes(world.clock())["pH"]
    assert status == shown[1]
    assert math.isnan(value) == (fault == "nan")
    world.fault("bioreactor", "none")
    assert world.probes(world.clock())["pH"][1] == "Good"


def test_a_stuck_probe_repeats_itself(world: World) -> None:
    """The same values hours later."""
    first = grown(world, 24).probes(world.clock())
    world.fault("bioreactor", "stuck")
    world.clock.skip(timedelta(hours=24))
    assert world.probes(world.clock()) == first


@pytest.fixture
def page(world: World) -> str:
    """The panel's address; it counts without a line."""

    def count(sample: str, vessel: str) -> dict[str, str]:
        return {"sample": world.count(sample, vessel).sample}

    server = serve(Panel(world, count), 0)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_a_person_uses_the_panel_without_script(page: str) -> None:
    """A form is sent, and the page comes again and says what was done."""
    with httpx.Client(base_url=page, follow_redirects=True, trust_env=False) as browser:
        told = browser.post("/culture/event", data={"event": "collect", "volume": "", "cells": ""})
        refused = browser.post("/counter/count", data={"sample": "<b>", "vessel": "product"})
    assert "kind collect" in told.text
    assert "there are no cells in “product”: harvest comes first" in refused.text
    assert "<script" not in told.text


def test_a_program_gets_json_and_sentences(page: str) -> None:
    """200 with what was done, 409 with why not, 404 for nothing."""
    with httpx.Client(base_url=page, trust_env=False) as program:
        done = program.post("/culture/event", json={"event": "collect", "volume": 130})
        wrong = [
            program.post("/culture/event", json={"event": "feed"}),
            program.post("/clock/skip", json={"hours": "x"}),
        ]
        nothing = program.post("/coffee", json={})
        flow = program.get("/flow", params={"vessel": "apheresis bag"}).json()
        state = program.get("/state").json()
    assert (done.status_code, done.json()["volume"]) == (200, 130)
    assert [(each.status_code, "error" in each.json()) for each in wrong] == [(409, True), (409, True)]
    assert nothing.status_code == 404
    assert flow.keys() == {"vessel", "car", "cd7", "car_cd7", "blasts", "cd3", "viability"}
    assert state["vessels"]["apheresis bag"]["volume"] == 130


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"event": 7}', b'{"event": "collect", "cells": "NaN"}', b"\xff"]
)
def test_nonsense_is_refused_with_a_sentence(page: str, body: bytes) -> None:
    """Whatever is posted, the panel answers."""
    answer = httpx.post(
        f"{page}/culture/event", content=body, headers={"Content-Type": "application/json"}, trust_env=False
    )
    assert answer.status_code == 409
    assert answer.json()["error"]


def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(page: str) -> None:
    """The sentence lists them by instrument."""
    answer = httpx.post(f"{page}/fault", json={"instrument": "bioreactor", "fault": "explode"}, trust_env=False)
    assert "bioreactor: none, drop, restart, lag, reorder, duplicate, stuck, drift, nan" in answer.json()["error"]
