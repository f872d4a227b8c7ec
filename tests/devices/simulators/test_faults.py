"""Faults on request, over the real wires: what the gateway keeps of each, and that nothing is lost or taken twice."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest

from devices.backoff import Backoff
from devices.config import FileSettings, SerialSettings
from devices.instrument import DateOrder, Serial
from devices.instruments.cell_counter import CellCounter as CellCounterFile
from devices.instruments.vicell_blu_export import ViCellBluExport
from devices.intake import Intake
from devices.protocols import astm
from devices.simulators import bioreactor, cell_counter
from devices.simulators.cell_counter import CellCounter
from devices.simulators.faults import DRIFT, FAULTS, JUMP, LAG, Order
from devices.simulators.file_counter import FileCounter
from devices.simulators.world import Values, World
from devices.spool import Spool
from devices.transports.file_drop import FileDrop
from devices.transports.serial_port import SerialLine
from tests.devices.support import readings, until

pytestmark = pytest.mark.filterwarnings("ignore:The `dateutil.zoneinfo` module:DeprecationWarning")

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
COUNTERS = ("cell counter", "file counter")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "world", start=START)
    world.tell("collect")
    return world


@pytest.fixture
def heard(world: World, spool: Spool) -> Intake:
    return Intake("XX-01", spool, world.clock)


@contextmanager
def counting(name: str, world: World, intake: Intake, folder: Path) -> Iterator[CellCounter | FileCounter]:
    """Run a counter, and what listens to it."""
    counter: CellCounter | FileCounter
    if name == "cell counter":
        counter = CellCounter(folder / "line", world)
        listener = SerialLine(
            CellCounterFile(), SerialSettings(str(folder / "line"), Serial()), ZoneInfo("UTC"), intake
        ).run
    else:
        counter = FileCounter(folder / "exports", world)
        settings = FileSettings(folder / "exports", poll=0.02, settle=0.1, dates=DateOrder.MONTH_FIRST)
        exports = ViCellBluExport()
        listener = FileDrop(exports, settings, ZoneInfo("UTC"), intake, lambda _kind, *told: exports.convert(*told)).run
    stop = Event()
    thread = Thread(target=listener, args=(stop,))
    thread.start()
    counter.start()
    yield counter
    stop.set()
    thread.join()
    counter.stop()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("SENDER_WAITS", 0.3), ("AFTER_NAK", 0.3), ("RECEIVER_WAITS", 0.6)):
        monkeypatch.setattr(astm, name, seconds)
    monkeypatch.setattr(cell_counter, "AGAIN", 0.05)
    monkeypatch.setattr("devices.transports.serial_port.Backoff", lambda: Backoff(0.01, 0.05))


def samples(intake: Intake) -> list[str | None]:
    return [reading.sample for reading in readings(intake.spool)]


def notes(intake: Intake, kind: str) -> int:
    query = "select count(*) from note where kind = ?"
    return int(intake.spool._connection.execute(query, (kind,)).fetchone()[0])


@pytest.mark.parametrize(
    ("counter", "fault"),
    [(counter, fault) for counter in COUNTERS for fault in FAULTS[counter] if fault not in ("lag", "reorder", "nan")],
)
def test_a_result_arrives_once_whatever_happens(
    world: World, heard: Intake, tmp_path: Path, counter: str, fault: str
) -> None:
    """Three values of the sample, be its frame or file cut, spoiled or told twice, its clock wrong or its values."""
    world.fault(counter, fault)
    with counting(counter, world, heard, tmp_path) as told:
        told.count("S-1", "apheresis bag")
        world.clock.skip(timedelta(hours=2))
        until(lambda: len(samples(heard)) >= 3)
        world.fault(counter, "none")
        told.count("S-2", "apheresis bag")
        until(lambda: len(samples(heard)) >= 6)
    assert samples(heard) == ["S-1"] * 3 + ["S-2"] * 3
    spoiled = {"drop", "restart", "garble", "wrong_checksum"}
    if counter == "file counter":
        spoiled.remove("restart")  # an unfinished file that a program left behind is nobody's result
    assert bool(notes(heard, "garbled")) == (fault in spoiled)


@pytest.mark.parametrize("counter", COUNTERS)
def test_the_newer_may_come_before_the_older(world: World, heard: Intake, tmp_path: Path, counter: str) -> None:
    """Both are there, each with its own time."""
    world.fault(counter, "reorder")
    with counting(counter, world, heard, tmp_path) as told:
        for sample in ("S-1", "S-2"):
            told.count(sample, "apheresis bag")
            world.clock.skip(timedelta(minutes=5))
        until(lambda: len(samples(heard)) == 6)
    first, second = readings(heard.spool)[0], readings(heard.spool)[3]
    assert sorted(samples(heard), key=str) == ["S-1"] * 3 + ["S-2"] * 3
    if counter == "cell counter":  # a folder's files are read in the order of their names
        assert (first.sample, second.sample) == ("S-2", "S-1")
    assert first.source_time != second.source_time


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_late_result_keeps_the_time_when_it_was_measured(
    world: World, heard: Intake, tmp_path: Path, counter: str
) -> None:
    """Half a minute of process time later it is there."""
    world.fault(counter, "lag")
    with counting(counter, world, heard, tmp_path) as told:
        told.count("S-1", "apheresis bag")
        world.clock.skip(LAG)
        until(lambda: len(samples(heard)) == 3)
    reading = readings(heard.spool)[0]
    assert reading.source_time
    assert reading.received_time - reading.source_time >= LAG


@pytest.mark.parametrize("counter", COUNTERS)
def test_what_is_no_number_is_no_good_reading(world: World, heard: Intake, tmp_path: Path, counter: str) -> None:
    """The counter's three values are bad; of the file, the one is missing with a notice."""
    world.fault(counter, "nan")
    with counting(counter, world, heard, tmp_path) as told:
        told.count("S-1", "apheresis bag")
        until(lambda: len(samples(heard)) == (3 if counter == "cell counter" else 2))
    good = {reading.channel for reading in readings(heard.spool) if reading.quality.value == "good"}
    assert good == (set() if counter == "cell counter" else {"total_cells", "viability"})
    assert notes(heard, "notice") == (0 if counter == "cell counter" else 1)


@dataclass
class Shown:
    """A bioreactor's face that remembers what it was shown."""

    values: list[tuple[datetime, Values]] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)

    async def write(self, time: datetime, values: Values) -> None:
        """Remember values."""
        self.values.append((time, values))

    async def drop(self) -> None:
        """Remember that connections were lost."""
        self.happened.append("drop")

    async def restart(self) -> None:
        """Remember a restart."""
        self.happened.append("restart")


def shown(world: World, fault: str) -> Shown:
    """Let an hour pass with a fault and ten minutes without, and return what the face was shown."""

    async def live() -> Shown:
        face = Shown()
        showing = asyncio.create_task(bioreactor.show(world, face))
        for asked in (*[fault] * 6, "none"):
            world.fault("bioreactor", asked)
            world.clock.skip(bioreactor.STEP)
            at = world.clock()
            await asyncio.to_thread(until, lambda at=at: read(world, at))
        held = len(face.values)
        await asyncio.to_thread(until, lambda: len(face.values) > held)
        showing.cancel()
        return face

    return asyncio.run(live())


def read(world: World, at: datetime) -> bool:
    """Whether the probes were read up to a time, and what happens once has happened."""
    return world._probes_until > at - bioreactor.STEP and world.asked("bioreactor") not in ("drop", "restart")


def steps(face: Shown) -> list[timedelta]:
    times = [time for time, _ in face.values]
    return [later - earlier for earlier, later in pairwise(times)]


def test_probes_come_late_and_all_of_them(world: World) -> None:
    """In order, each once, when the fault is over at the latest."""
    face = shown(world, "lag")
    assert len(face.values) >= 7
    assert all(step > timedelta(0) for step in steps(face))


def test_probes_come_out_of_order(world: World) -> None:
    """Some before the one that was measured earlier; each once."""
    face = shown(world, "reorder")
    times = [time for time, _ in face.values]
    assert any(step < timedelta(0) for step in steps(face))
    assert len(times) == len(set(times)) >= 7


def test_probes_come_twice(world: World) -> None:
    """The same value with the same time."""
    face = shown(world, "duplicate")
    assert steps(face).count(timedelta(0)) >= 6
    assert face.values[0] == face.values[1]


def test_a_server_whose_clock_jumped_says_wrong_times(world: World) -> None:
    """An hour ahead, and back when it is over."""
    face = shown(world, "clock_jump")
    assert any(step > JUMP for step in steps(face)) or face.values[0][0] - START >= JUMP
    assert min(steps(face)) < timedelta(0)


def test_a_probe_drifts_from_the_truth(world: World) -> None:
    """Two percent an hour, in process time."""
    world.fault("bioreactor", "drift")
    world.clock.skip(timedelta(hours=24))
    value, status = world.probes(world.clock())["temperature"]
    assert (value, status) == (pytest.approx(37 * (1 + 24 * DRIFT), abs=0.5), "Good")


@pytest.mark.parametrize("fault", ["drop", "restart"])
def test_a_server_that_goes_away_does_so_once(world: World, fault: str) -> None:
    """Each time that it is asked to."""
    assert set(shown(world, fault).happened) == {fault}


def test_every_fault_of_a_value_is_known_to_every_instrument() -> None:
    """What is asked of one can be asked of the others."""
    for faults in FAULTS.values():
        assert {"lag", "reorder", "duplicate", "stuck", "drift", "nan", "bad", "clock_jump", "restart"} <= set(faults)


def test_the_same_story_goes_wrong_in_the_same_way(tmp_path: Path) -> None:
    """The seed and the process time decide, and nothing else."""
    at, told = START + timedelta(hours=30), []
    for again in ("a", "b"):
        world = World(tmp_path / again, start=START, seed=5)
        world.faults.ask("bioreactor", "drift", START)
        told.append(world.probes(at))
    assert told[0] == told[1]
    assert not math.isclose(told[0]["temperature"][0], 37, rel_tol=0.1)


def test_a_thing_on_its_way_is_never_forgotten() -> None:
    """Whatever was asked for meanwhile, everything arrives, in its order."""
    order: Order[int] = Order()
    order.take("lag", START, 1)
    assert order.give("lag", START) == []
    order.take("reorder", START, 2)
    assert order.give("reorder", START) == [2, 1]
    order.take("reorder", START, 3)
    assert order.give("reorder", START) == []
    assert order.give("none", START) == [3]
