"""OPC-UA over a line that fails in every way: nothing is lost that the server still holds, and nothing is doubled."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from devices import certificates
from devices.config import Node
from devices.intake import Intake
from devices.simulators.bioreactor import NAMESPACE
from devices.spool import SpoolError
from tests.devices.chaos import Line
from tests.devices.opcua_support import (
    Counting,
    assert_whole,
    more,
    numbers,
    receiving,
    told,
)
from tests.devices.support import SetClock, readings, until

pytestmark = pytest.mark.usefixtures("impatient")


def test_values_arrive_with_their_times_quality_and_bytes(either: Counting, intake: Intake) -> None:
    """Signed and encrypted, as the user that the server knows."""
    with receiving(either.settings(), either.pki, intake):
        more(intake.spool)
    reading = readings(intake.spool)[0]
    assert (reading.instrument, reading.channel, reading.unit, reading.quality.value) == ("XX-01", "pH", "pH", "good")
    assert reading.status == "0x00000000"
    assert reading.source_time is not None
    assert len(reading.raw) > 8
    assert_whole(intake.spool)


def test_broken_connections_lose_nothing(either: Counting, intake: Intake) -> None:
    """Reset twice: the session is activated again and its subscription goes on."""
    with Line(either.port) as line, receiving(either.settings(line.port), either.pki, intake):
        for _ in range(2):
            more(intake.spool)
            line.reset()
        more(intake.spool)
    assert_whole(intake.spool)


def test_a_black_hole_loses_nothing(either: Counting, intake: Intake) -> None:
    """First shorter, then longer than the silence after which the server counts as gone."""
    with Line(either.port) as line, receiving(either.settings(line.port), either.pki, intake):
        for seconds in (0.5, 1.6):
            more(intake.spool)
            line.black_hole()
            Event().wait(seconds)
            line.restore()
        more(intake.spool)
    assert_whole(intake.spool)


def test_a_connection_that_goes_silent_is_given_up_and_loses_nothing(either: Counting, intake: Intake) -> None:
    """No FIN and no RST comes: the missing keep-alive tells, and a new connection goes on."""
    with Line(either.port) as line, receiving(either.settings(line.port), either.pki, intake):
        more(intake.spool)
        line.drop()
        more(intake.spool, 60)
    assert_whole(intake.spool)


def test_a_frozen_server_loses_nothing(either: Counting, intake: Intake) -> None:
    """It stops for longer than the silence, and goes on."""
    with receiving(either.settings(), either.pki, intake):
        more(intake.spool)
        os.kill(either.pid, signal.SIGSTOP)
        until(lambda: intake._state[0] == "no connection")
        os.kill(either.pid, signal.SIGCONT)
        more(intake.spool)
    assert_whole(intake.spool)


def test_a_server_that_is_busy_elsewhere_loses_nothing(node_opcua: Counting, intake: Intake) -> None:
    """For less, and then for more than the silence after which it counts as gone; its line is open all the time."""
    with receiving(node_opcua.settings(), node_opcua.pki, intake):
        for lag in (700, 2_000):
            more(intake.spool)
            node_opcua.show(f"lag {lag}")
        more(intake.spool)
    assert_whole(intake.spool)


def test_the_next_gateway_goes_on_where_the_last_one_stopped(either: Counting, intake: Intake, clock: SetClock) -> None:
    """A gateway leaves its session standing; what the server held meanwhile is read first."""
    with receiving(either.settings(), either.pki, intake):
        more(intake.spool)
    Event().wait(0.5)
    with receiving(either.settings(), either.pki, Intake("XX-01", intake.spool, clock)):
        more(intake.spool)
    assert_whole(intake.spool)


def test_what_cannot_be_stored_is_not_acknowledged(
    asyncua: Counting, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk for a moment: the server holds the values until there is room."""
    append, full = intake.spool.append, [True] * 2

    def append_or_fail(*arguments: Any, **named: Any) -> int:  # noqa: ANN401 - passed through as they come
        if len(numbers(intake.spool)) > 10 and full:
            full.pop()
            raise SpoolError("database or disk is full")
        return append(*arguments, **named)

    monkeypatch.setattr(intake.spool, "append", append_or_fail)
    with receiving(asyncua.settings(), asyncua.pki, intake):
        until(lambda: not full)
        more(intake.spool)
    assert_whole(intake.spool)


def test_an_unknown_server_gets_nothing(asyncua: Counting, intake: Intake, tmp_path: Path) -> None:
    """Refused, with the command that a person would accept it with; then it is trusted and connects."""
    pki = tmp_path / "pki"
    certificates.make(pki / "own", "urn:test:gateway", "localhost")
    with receiving(asyncua.settings(), pki, intake):
        until(lambda: intake._state[0] == "refused")
        assert "python -m devices trust " in intake._state[1]
        (rejected,) = (pki / "rejected").iterdir()
        certificates.Trust(pki).accept(certificates.fingerprint(rejected.read_bytes()))
        more(intake.spool)
    assert_whole(intake.spool)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "BadUserAccessDenied"),
        ({"url": "opc.tcp://127.0.0.1:1/"}, "opc.tcp://127.0.0.1:1/"),
    ],
)
def test_what_stands_in_the_way_is_named(asyncua: Counting, intake: Intake, change: dict[str, str], said: str) -> None:
    """A wrong password, nobody there."""
    with receiving(replace(asyncua.settings(), **change), asyncua.pki, intake):
        until(lambda: said in intake._state[1])
    assert intake._state[0] == "no connection"


def test_a_node_that_is_not_there_is_named_and_the_others_go_on(asyncua: Counting, intake: Intake) -> None:
    """A name that vanished, a namespace that the server does not have."""
    nodes = (
        Node("lost", f"nsu={NAMESPACE};s=Reactor.lost", "%"),
        Node("foreign", "nsu=urn:elsewhere;s=x", "%"),
        *asyncua.settings().nodes,
    )
    with receiving(replace(asyncua.settings(), nodes=nodes), asyncua.pki, intake):
        more(intake.spool)
    notices = told(intake.spool, "notice")
    assert "lost: nsu=urn:simulated:bioreactor;s=Reactor.lost cannot be had: BadNodeIdUnknown" in notices
    assert any(text.startswith("foreign: the server has no namespace urn:elsewhere; it has ") for text in notices)
    assert {reading.channel for reading in readings(intake.spool)} == {"pH"}


def test_a_deadband_is_kept_by_the_server(node_opcua: Counting, intake: Intake) -> None:
    """Each value is one more than the last: with a deadband of 2.5, every third is told."""
    coarse = replace(node_opcua.settings().nodes[0], deadband=2.5)
    with receiving(replace(node_opcua.settings(), nodes=(coarse,)), node_opcua.pki, intake):
        more(intake.spool, 8)
    received = numbers(intake.spool)
    assert {later - before for before, later in pairwise(received[1:])} == {3.0}


def test_a_filter_that_a_server_does_not_know_is_told_and_left_out(node_opcua: Counting, intake: Intake) -> None:
    """A deadband for a text: the text is read all the same."""
    product = Node("product", "nsu=http://opcfoundation.org/UA/;i=2262", "", deadband=1)
    with receiving(replace(node_opcua.settings(), nodes=(product,)), node_opcua.pki, intake):
        until(lambda: readings(intake.spool))
    assert any(text.startswith("product: the server tells changes of value") for text in told(intake.spool, "notice"))


def test_measurements_of_a_new_plan_start_anew(asyncua: Counting, intake: Intake, clock: SetClock) -> None:
    """Nodes were changed in the configuration: the old session is not gone on with."""
    with receiving(asyncua.settings(), asyncua.pki, intake):
        more(intake.spool)
    with receiving(replace(asyncua.settings(), queue=77), asyncua.pki, Intake("XX-01", intake.spool, clock)):
        more(intake.spool)
    received = numbers(intake.spool)
    assert received == sorted(set(received))
