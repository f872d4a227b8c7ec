"""What a session lost is read from the server's history; what the server has not is a gap."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary

from devices.intake import Intake
from devices.simulators.bioreactor import NAMESPACE
from devices.spool import Spool
from devices.transports import opcua_history
from devices.transports.opcua_history import History
from tests.devices.chaos import Line
from tests.devices.opcua_support import Counting, certified, counting, more, numbers, receiving, settings, told
from tests.devices.support import SetClock, free_port, readings, until

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certified(tmp_path)
    return tmp_path


def recorded(history: Path) -> list[float]:
    """Return what a server's own file says that it measured."""
    lines = (json.loads(line) for line in history.read_text().splitlines() if line.endswith("]"))
    values = (struct_from_binary(ua.DataValue, Buffer(base64.b64decode(binary))) for _, binary in lines)
    return [value.Value.Value for value in values]


def counted(spool: Spool) -> list[float]:
    """What was counted, without the zero that a server shows before it has measured."""
    return [number for number in numbers(spool) if number]


def assert_counted(spool: Spool) -> None:
    """Every number from the first to the last, once, in order."""
    received = counted(spool)
    assert received == [received[0] + place for place in range(len(received))]


def test_what_ran_over_in_the_servers_queue_is_read_from_its_history(
    each: Counting, intake: Intake, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over pages, whether the server says that there is another one or not; each value once, in order, and marked."""
    monkeypatch.setattr(opcua_history, "PAGE", 25)
    with Line(each.port) as line:
        small = replace(settings(line.port), queue=20)
        with receiving(small, each.pki, intake):
            more(intake.spool)
            line.black_hole()
            until(lambda: intake._state[0] == "no connection")
            line.restore()
            until(lambda: any("from the server's history" in text for text in told(intake.spool, "notice")))
            more(intake.spool)
        # Another plan ends that session: node-opcua falls when so small a queue runs over with a bad value in it.
        with receiving(settings(line.port), each.pki, Intake("XX-01", intake.spool, clock)):
            more(intake.spool)
    assert_counted(intake.spool)
    assert not told(intake.spool, "gap")
    replayed = [reading for reading in readings(intake.spool) if reading.status == "0x00000000 history"]
    assert len(replayed) > 25
    assert {reading.quality.value for reading in replayed} == {"good"}


def test_a_server_that_was_killed_tells_what_it_had_measured(folder: Path, intake: Intake) -> None:
    """The line was dead, then the server; its sessions are gone, its namespaces have moved, its history is on disk."""
    port, history = free_port(), folder / "history"
    with Line(port) as line, receiving(settings(line.port), folder / "pki", intake):
        with counting(folder, "asyncua", port, "--history", str(history)):
            more(intake.spool)
            line.black_hole()
            already = len(recorded(history))
            until(lambda: len(recorded(history)) > already + 30)
        line.reset()
        line.restore()
        last = recorded(history)[-1]
        options = ("--history", str(history), "--first", str(int(last) + 1), "--namespaces", "3")
        with counting(folder, "asyncua", port, *options):
            until(lambda: max(numbers(intake.spool)) > last + 20)
    assert_counted(intake.spool)
    assert not told(intake.spool, "gap")
    notices = told(intake.spool, "notice")
    assert any(text.startswith("the server was restarted at ") for text in notices)
    assert f"the namespace {NAMESPACE} has moved from index 2 to 5" in notices
    assert {reading.quality.value for reading in readings(intake.spool)} == {"good"}


def test_what_the_server_cannot_give_is_a_gap(folder: Path, intake: Intake) -> None:
    """It was killed, and its history was in memory: from when to when nothing came, and why."""
    port = free_port()
    with receiving(settings(port), folder / "pki", intake):
        with counting(folder, "opcua", port):
            more(intake.spool)
        last = max(reading.source_time for reading in readings(intake.spool) if reading.source_time)
        before = len(numbers(intake.spool))
        with counting(folder, "opcua", port):
            until(lambda: len(numbers(intake.spool)) > before + 10)
    (gap,) = told(intake.spool, "gap")
    first = readings(intake.spool)[before].source_time
    assert first
    since, until_ = (f"{time:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC" for time in (last, first))
    assert gap == f"pH: no values between {since} and {until_}: the server was restarted; its history has no more"


def test_a_line_that_breaks_while_history_is_read_doubles_nothing(
    asyncua: Counting, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages that were stored are not asked for again, and those that were not are."""
    monkeypatch.setattr(opcua_history, "PAGE", 10)
    with Line(asyncua.port) as line:
        page, pages = History._page, [0]

        async def page_or_break(*arguments: Any) -> Any:  # noqa: ANN401 - passed through as they come
            pages[0] += 1
            if pages[0] in (2, 4):
                line.reset()
            return await page(*arguments)

        monkeypatch.setattr(History, "_page", page_or_break)
        with receiving(replace(settings(line.port), queue=20), asyncua.pki, intake):
            more(intake.spool)
            line.black_hole()
            until(lambda: intake._state[0] == "no connection")
            line.restore()
            until(lambda: pages[0] > 5)
            more(intake.spool)
    assert_counted(intake.spool)
    assert not told(intake.spool, "gap")


def test_a_gateway_that_was_away_for_longer_than_its_session_reads_the_history(
    each: Counting, intake: Intake, clock: SetClock
) -> None:
    """As after a night: there is nothing to take up, and the server has gone on measuring."""
    with receiving(each.settings(), each.pki, intake):
        more(intake.spool)
    intake.spool.keep_session("XX-01", None, cursor=0)
    with receiving(each.settings(), each.pki, Intake("XX-01", intake.spool, clock)):
        more(intake.spool)
    assert_counted(intake.spool)
    assert not told(intake.spool, "gap")
