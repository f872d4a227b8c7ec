"""A Vi-CELL BLU over its own OPC-UA surface: each result once, whatever became of the event that told it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.config import OpcUaSettings
from devices.instruments.vicell_blu import ViCellBlu
from devices.intake import Intake
from devices.spool import Spool
from devices.transports.opcua_results import ResultServer
from tests.devices.chaos import Line
from tests.devices.support import NOON, SetClock, free_port, readings, until
from tests.devices.told import Told, notes, running, told, trusting

NEVER, SOON = 3600.0, 0.1  # seconds between two questions
WAY = "ViCellBlu/Server"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trusting(tmp_path_factory.mktemp("vicell"))


@pytest.fixture(scope="module")
def counter(folder: Path) -> Iterator[Told]:
    """A server whose namespaces others have moved up by three."""
    with told("vicell_server", folder, "3") as server:
        yield server


@pytest.fixture
def sample(request: pytest.FixtureRequest) -> str:
    """A sample's name that no other test has."""
    return str(request.node.name)[:50]


def result(sample: str, **other: object) -> dict[str, object]:
    """What a sample was found to be: of the gateway's user, whom the server tells."""
    number = f"7c9d6a3e-52c5-4c56-9a11-{sum(sample.encode()):012x}"
    found = {"uuid": number, "sample": sample, "by": "gateway", "at": NOON.isoformat()}
    return {**found, "total": 1.25e6, "viable": 1.0e6, "viability": 80.0, "diameter": 11.25, **other}


def receiver(settings: OpcUaSettings, counter: Told, intake: Intake, pause: float = NEVER) -> ResultServer:
    return ResultServer(ViCellBlu(), settings, counter.pki, intake, pause)


def of(spool: Spool, sample: str, channel: str = "viable_cells") -> list[tuple[str, str, str]]:
    """Return the value, quality and status of each reading of a sample."""
    found = [each for each in readings(spool) if (each.sample, each.channel) == (sample, channel)]
    return [(each.value, each.quality.value, each.status) for each in found]


def ready(intake: Intake) -> None:
    """Wait until the last variable has told its first value."""
    until(lambda: any(each.channel == "firmware_version" for each in readings(intake.spool)))


def test_a_finished_sample_is_told_at_once(counter: Told, intake: Intake, sample: str) -> None:
    """An event brings every value with its unit, sample, time in UTC and bytes; it is dated when no question asks."""
    with running(receiver(counter.settings(way=WAY), counter, intake).run):
        ready(intake)
        counter.do(count=result(sample, at="2026-11-25T11:15:00+01:00"))
        until(lambda: of(intake.spool, sample))
    made = {each.channel: each for each in readings(intake.spool) if each.sample == sample}
    assert {channel: (each.value, each.unit) for channel, each in made.items()} == {
        "total_cells": ("1250000.0", "cells/mL"),
        "viable_cells": ("1000000.0", "cells/mL"),
        "viability": ("80.0", "%"),
        "average_diameter": ("11.25", "um"),
        "average_viable_diameter": ("11.25", "um"),
        "cell_count": ("2000", "cells"),
        "viable_cell_count": ("1600", "cells"),
    }
    assert {each.source_time for each in made.values()} == {NOON + timedelta(days=3)}
    assert all(sample.encode() in each.raw for each in made.values())
    assert {each.quality.value for each in made.values()} == {"good"}


def test_what_the_event_did_not_tell_is_asked_for(counter: Told, intake: Intake, sample: str) -> None:
    """A count at the instrument's own screen is another user's, whom alone the server tells of it."""
    with running(receiver(counter.settings(way=WAY), counter, intake, SOON).run):
        ready(intake)
        counter.do(count=result(sample, by="anna"))
        until(lambda: of(intake.spool, sample))
    assert len(of(intake.spool, sample)) == 1


def test_an_event_that_was_lost_with_the_line_is_fetched_once(
    counter: Told, intake: Intake, clock: SetClock, sample: str
) -> None:
    """Counted while no gateway ran and its session was gone: fetched after the next connection, and not again."""
    with Line(counter.port) as line:
        settings = counter.settings(line.port, WAY)
        with running(receiver(settings, counter, intake).run):
            ready(intake)
        intake.spool.keep_session("XX-01", None, cursor=0)
        counter.do(count=result(sample))
        with running(receiver(settings, counter, Intake("XX-01", intake.spool, clock)).run):
            until(lambda: of(intake.spool, sample))
            already = len(readings(intake.spool))
            line.reset()
            counter.do(count=result(f"{sample} after"))
            until(lambda: of(intake.spool, f"{sample} after"))
    assert len(of(intake.spool, sample)) == 1
    assert len([each for each in readings(intake.spool)[already:] if each.sample]) == 7


def test_an_event_and_an_answer_are_one_reading(counter: Told, intake: Intake, sample: str) -> None:
    """Told and asked for, over and over: each value is stored once."""
    with running(receiver(counter.settings(way=WAY), counter, intake, SOON).run):
        ready(intake)
        counter.do(count=result(sample))
        until(lambda: of(intake.spool, sample))
        counter.do(count=result(f"{sample} next", by="anna"))
        until(lambda: of(intake.spool, f"{sample} next"))
    assert len(of(intake.spool, sample)) == len(of(intake.spool, f"{sample} next")) == 1


def test_a_sample_that_is_analysed_again_is_another_reading(counter: Told, intake: Intake, sample: str) -> None:
    """The new result stands beside the old, with the time of the re-analysis; the old one is not touched."""
    with running(receiver(counter.settings(way=WAY), counter, intake, SOON).run):
        ready(intake)
        counter.do(count=result(sample))
        until(lambda: of(intake.spool, sample))
        (before,) = of(intake.spool, sample)
        again = (NOON + timedelta(hours=2)).isoformat()
        counter.do(reanalyse=result(sample, viable=0.9e6, viability=72.0, reanalysed=again))
        until(lambda: len(of(intake.spool, sample)) == 2)
    old, new = of(intake.spool, sample)
    assert old == before
    assert new[0] == "900000.0"
    assert new[2] == f"{old[2]}; reanalysed 2026-11-22T12:15:00.000000Z"


@pytest.mark.parametrize(
    ("found", "marked", "said"),
    [
        ({"viable": float("nan")}, ("NaN", "bad"), "Completed"),
        ({"status": 8}, ("1000000.0", "bad"), "SkipError"),
        ({"viable": 2e6}, ("2000000.0", "uncertain"), "viable above total"),
    ],
)
def test_what_is_doubtful_is_marked(
    counter: Told, intake: Intake, sample: str, found: dict[str, float], marked: tuple[str, str], said: str
) -> None:
    """No number, a sample that was not completed, more living cells than cells: kept as told, and not good."""
    with running(receiver(counter.settings(way=WAY), counter, intake).run):
        ready(intake)
        counter.do(count=result(sample, **found))
        until(lambda: of(intake.spool, sample))
    ((was, mark, status),) = of(intake.spool, sample)
    assert (was, mark) == marked
    assert said in status


def test_a_server_that_gives_no_results_is_asked_again(counter: Told, intake: Intake, sample: str) -> None:
    """Its reason is kept, once; what it would not give is there when it does."""
    counter.do(refuse="the instrument is busy")
    counter.do(count=result(sample, by="anna"))
    with running(receiver(counter.settings(way=WAY), counter, intake, SOON).run):
        until(lambda: notes(intake.spool, "garbled"))
        counter.do(refuse="")
        until(lambda: of(intake.spool, sample))
    assert notes(intake.spool, "garbled") == ["GetSampleResults failed: the instrument is busy"]


def test_a_server_that_starts_again_has_kept_its_results(folder: Path, intake: Intake, sample: str) -> None:
    """Its sessions are gone, its namespaces and with them its types have moved; what was counted is fetched once.

    It is an older one now, which tells its structures by a dictionary: they are read to the last digit all the same.
    """
    port = free_port()
    with (
        told("vicell_server", folder, "0", port=port) as before,
        running(receiver(before.settings(way=WAY), before, intake).run),
    ):
        ready(intake)
        before.do(count=result(sample))
        until(lambda: of(intake.spool, sample))
        before.process.kill()
        before.process.wait()
        with told("vicell_server", folder, "4", "older", port=port) as after:
            after.do(count=result(f"{sample} after", by="anna"))
            until(lambda: of(intake.spool, f"{sample} after"))
    assert of(intake.spool, f"{sample} after", "viable_cell_count")[0][0] == "1600"
    assert not notes(intake.spool, "garbled")
    assert len(of(intake.spool, sample)) == 1


def test_a_result_of_tomorrow_is_taken_and_told(counter: Told, intake: Intake, sample: str) -> None:
    """The instrument's clock or zone is wrong: its result must not be missed, and somebody is told."""
    counter.do(count=result(sample, by="anna", at=(NOON + timedelta(hours=5)).isoformat()))
    with running(receiver(counter.settings(way=WAY), counter, intake).run):
        until(lambda: [each for each in notes(intake.spool, "notice") if "ahead of this gateway" in each])
    assert len(of(intake.spool, sample)) == 1
