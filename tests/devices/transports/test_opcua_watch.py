"""What changes the meaning of values while they go on arriving: each is named, and none is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua

from devices.clock import machine_clock
from devices.config import Node, OpcUaSettings
from devices.intake import Intake
from devices.reading import Quality
from devices.simulators.bioreactor import NAMESPACE
from devices.transports.opcua_units import agrees, unit_of
from tests.devices.opcua_support import Changing, certified, changing, receiving, settings, told
from tests.devices.support import readings, until

pytestmark = pytest.mark.usefixtures("impatient")

TEMPERATURE = Node("temperature", f"nsu={NAMESPACE};s=Reactor.temperature", "°C")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changing]:
    folder = tmp_path_factory.mktemp("watched")
    certified(folder)
    with changing(folder) as serves:
        yield serves


def watching(server: Changing, every: float = 0.1) -> OpcUaSettings:
    return replace(settings(server.port), nodes=(TEMPERATURE,), watch=every)


def said(intake: Intake, sentence: str) -> bool:
    return any(sentence in text for text in told(intake.spool, "notice"))


def last(intake: Intake) -> tuple[str, str, Quality]:
    until(lambda: readings(intake.spool))
    reading = readings(intake.spool)[-1]
    return reading.value, reading.status, reading.quality


def measured(server: Changing, intake: Intake, value: float) -> tuple[str, str, Quality]:
    """Measure a value, and return how it was received."""
    server.order("show", "temperature", value, 0)
    until(lambda: last(intake)[0] == str(value))
    return last(intake)


def test_a_changed_unit_makes_bad_readings_until_it_is_put_right(server: Changing, intake: Intake) -> None:
    """37 is no fever in °C and frost in °F: the number is kept, and cannot be taken."""
    with receiving(watching(server), server.pki, intake):
        until(lambda: readings(intake.spool))
        assert measured(server, intake, 37.1) == ("37.1", "0x00000000", Quality.GOOD)
        server.order("unit", "temperature", "°F")
        until(lambda: intake._state[1])
        assert intake._state == ("connected", "temperature: the server says °F, the configuration °C")
        assert measured(server, intake, 98.8) == ("98.8", "0x00000000 in °F", Quality.BAD)
        server.order("unit", "temperature", "°C")
        until(lambda: not intake._state[1])
        assert measured(server, intake, 37.2) == ("37.2", "0x00000000", Quality.GOOD)
    assert said(intake, "temperature: the server's unit was °C and is °F")


def test_a_value_that_says_its_meaning_has_changed_is_looked_at_before_it_is_stored(
    server: Changing, intake: Intake
) -> None:
    """The SemanticsChanged bit comes with the first value in the new unit, long before the next look."""
    with receiving(watching(server, every=3_600), server.pki, intake):
        until(lambda: readings(intake.spool))
        server.order("unit", "temperature", "K")
        server.order("show", "temperature", 310.2, 0x4000)
        until(lambda: last(intake)[0] == "310.2")
        server.order("unit", "temperature", "°C")
    assert last(intake) == ("310.2", "0x00004000 in K", Quality.BAD)


def test_a_spelling_that_nobody_knows_is_asked_about(server: Changing, intake: Intake) -> None:
    """It may be the configured unit: the notice says how a person confirms that."""
    server.order("unit", "temperature", "Grad")
    with receiving(watching(server), server.pki, intake):
        until(lambda: said(intake, 'temperature: the server says “Grad”; if that is °C, write server_unit = "Grad"'))
        assert measured(server, intake, 36.9)[2] is Quality.GOOD
    server.order("unit", "temperature", "°C")


@pytest.mark.parametrize(
    ("said", "unit", "server_unit", "same"),
    [
        ("°C", "°C", "", True),
        ("", "°C", "", True),  # it does not say
        ("°F", "°C", "", False),
        ("% sat", "%", "", None),
        ("% sat", "%", "% sat", True),
        ("% air", "%", "% sat", False),
        ("%", "%", "% sat", True),
        ("°F", "°C", "°F", False),  # nobody can confirm that
        ("mL/min", "mL/h", "", False),
    ],
)
def test_units_are_compared_as_far_as_they_are_known(
    said: str,
    unit: str,
    server_unit: str,
    same: bool | None,  # noqa: FBT001 - a case
) -> None:
    """What the site has confirmed holds to the letter."""
    assert agrees(said, unit, server_unit) is same


@pytest.mark.parametrize(
    ("number", "text", "unit"),
    [
        (4408652, "whatever", "°C"),
        (20529, "", "%"),
        (-1, "RPM", "rev/min"),
        (0, " degC ", "°C"),
        (0, "fathom", "fathom"),
    ],
)
def test_a_servers_number_for_a_unit_is_believed_first(number: int, text: str, unit: str) -> None:
    """4408652 is CEL in UNECE Recommendation 20, as OPC-UA writes it."""
    assert unit_of(ua.EUInformation(UnitId=number, DisplayName=ua.LocalizedText(text))) == unit


def test_a_node_that_vanished_is_named_and_found_again(server: Changing, intake: Intake) -> None:
    """A probe was unplugged, and its variable with it; then it is back."""
    with receiving(watching(server), server.pki, intake):
        until(lambda: readings(intake.spool))
        server.order("delete", "temperature")
        until(lambda: "temperature: the server has no node" in intake._state[1])
        server.order("add", "temperature")
        until(lambda: not intake._state[1])
        assert measured(server, intake, 37.3)[2] is Quality.GOOD


def test_a_namespace_that_moves_while_all_is_connected_ends_the_session(server: Changing, intake: Intake) -> None:
    """The index that the nodes were subscribed by is another's now."""
    with receiving(watching(server), server.pki, intake):
        until(lambda: readings(intake.spool))
        server.order("index", 3)
        until(lambda: said(intake, f"the namespace {NAMESPACE} has moved from index 2 to 3"))
        until(lambda: "the server has no node" in intake._state[1])
        server.order("index", 2)
        until(lambda: said(intake, f"the namespace {NAMESPACE} has moved from index 3 to 2"))
        assert measured(server, intake, 37.4)[2] is Quality.GOOD


@pytest.mark.parametrize(("ours", "sentence"), [(7, "s behind ours"), (-7, "s ahead of ours")])
def test_a_clock_that_is_off_is_told(server: Changing, intake: Intake, ours: int, sentence: str) -> None:
    """By how much, for as long as it is so; readings keep the times that the server gave them."""
    wrong = [timedelta(seconds=ours)]
    with receiving(watching(server), server.pki, intake, lambda: machine_clock() + wrong[0]):
        until(lambda: said(intake, sentence))
        until(lambda: intake._state[1].startswith("the server's clock is "))
        wrong[0] = timedelta(0)
        until(lambda: not intake._state[1])
    assert len([text for text in told(intake.spool, "notice") if "clock" in text]) == 1


def test_a_clock_within_its_limit_is_not_worth_a_word(server: Changing, intake: Intake) -> None:
    """Asyncua shows its time once a second."""
    with receiving(watching(server), server.pki, intake):
        until(lambda: readings(intake.spool))
    assert not told(intake.spool, "notice") or not said(intake, "clock")


@pytest.mark.parametrize(("days", "sentence"), [(3_640, "certificate expires on "), (3_660, "certificate expired on ")])
def test_a_certificate_is_told_before_it_expires(server: Changing, intake: Intake, days: int, sentence: str) -> None:
    """Thirty days before, and after: a batch in that reactor goes on."""
    later = datetime.now(UTC) + timedelta(days=days)
    with receiving(watching(server), server.pki, intake, lambda: later):
        until(lambda: readings(intake.spool))
    assert said(intake, f"the server's {sentence}")
