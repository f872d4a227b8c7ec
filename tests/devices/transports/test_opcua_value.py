"""What one OPC-UA notification says, whatever it says."""

from __future__ import annotations

import asyncio
import math
import struct
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary
from hypothesis import given
from hypothesis import strategies as st

from devices.config import Node
from devices.intake import Intake
from devices.reading import Quality
from devices.transports.opcua_taking import Taking, ended
from devices.transports.opcua_value import measurement, text
from tests.devices.support import NOON, readings

NODE = Node("pH", "nsu=urn:x;s=pH", "pH")


def value(number: float = 7.12, status: int = 0, time: datetime | None = NOON) -> ua.DataValue:
    source = ua.DateTime.fromisoformat(time.isoformat()) if time else None
    variant = ua.Variant(number, ua.VariantType.Double)
    return ua.DataValue(Value=variant, StatusCode=ua.StatusCode(status), SourceTimestamp=source)


def message(*values: ua.DataValue, number: int = 1) -> ua.NotificationMessage:
    items = [ua.MonitoredItemNotification(ClientHandle=0, Value=each) for each in values]
    return ua.NotificationMessage(
        SequenceNumber=number, NotificationData=[ua.DataChangeNotification(MonitoredItems=items)]
    )


def take(intake: Intake, *messages: ua.NotificationMessage) -> None:
    taking = Taking((NODE,), intake)
    for each in messages:
        asyncio.run(taking.take(each, None, held=50))


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        (0x00000000, Quality.GOOD),
        (0x00000480, Quality.GOOD),  # overflow: the value is good, and a gap is before it
        (0x40900000, Quality.UNCERTAIN),  # UncertainLastUsableValue
        (0x808C0000, Quality.BAD),  # BadSensorFailure, with a value in it all the same
        (0xC0000000, Quality.BAD),
    ],
)
def test_quality_is_the_severity_of_the_status(status: int, quality: Quality) -> None:
    """Good means severity 00, not “not bad”; the code is kept beside it."""
    found = measurement(NODE, value(status=status))
    assert (found.quality, found.status, found.value) == (quality, f"0x{status:08X}", "7.12")


@pytest.mark.parametrize(("number", "said"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_what_is_no_number_is_bad_whatever_its_status_says(number: float, said: str) -> None:
    """NaN arrives as Good."""
    found = measurement(NODE, value(number))
    assert (found.value, found.quality) == (said, Quality.BAD)


def test_no_value_is_bad_and_no_time_is_none() -> None:
    """A server that says nothing is recorded as having said nothing."""
    found = measurement(NODE, ua.DataValue())
    assert (found.value, found.quality, found.source_time) == ("", Quality.BAD, None)


def test_a_time_without_a_zone_is_utc() -> None:
    """OPC-UA has no other."""
    naive = value()
    naive.SourceTimestamp = ua.DateTime(2026, 11, 22, 10, 15)
    assert measurement(NODE, naive).source_time == NOON


def test_the_raw_bytes_give_the_notification_back() -> None:
    """Value, status and time, in OPC-UA's own binary."""
    again = struct_from_binary(ua.DataValue, ua.utils.Buffer(measurement(NODE, value(status=0x40900000)).raw))
    assert (again.Value.Value, again.StatusCode.value) == (7.12, 0x40900000)
    assert again.SourceTimestamp.replace(tzinfo=UTC) == NOON


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_the_shortest_text_that_gives_it_back(number: float) -> None:
    """37.1, and not 37.10000000000000142."""
    assert float(text(number)) == number


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_is_the_shortest_text_of_its_32_bits(number: float) -> None:
    """37.1, and not 37.099998474121094."""
    assert struct.pack("<f", float(text(number, single=True))) == struct.pack("<f", number)


@pytest.mark.parametrize(
    ("said", "written"), [(True, "true"), (7, "7"), ("running", "running"), ("\ud800", "\\ud800"), (None, "")]
)
def test_other_values_are_their_text(said: object, written: str) -> None:
    """Booleans, whole numbers, words, even broken ones."""
    assert text(said) == written


def gaps(intake: Intake) -> list[str]:
    return [text for (text,) in intake.spool._connection.execute("select text from note where kind = 'gap'")]


def at(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def test_an_overflow_is_a_gap_and_its_value_a_reading(intake: Intake) -> None:
    """The first value after the hole tells of it; where the hole begins, the value before it."""
    take(intake, message(value(status=0x480)), message(value(time=at(1)), value(status=0x480, time=at(9)), number=2))
    assert gaps(intake) == [
        "pH: the server's queue was full before 2026-11-22 10:15:00.000 UTC",
        (
            "pH: no values between 2026-11-22 10:15:01.000 UTC and 2026-11-22 10:15:09.000 UTC:"
            " the server's queue was full; its history has no more"
        ),
    ]
    assert len(readings(intake.spool)) == 3


def test_a_queue_that_came_full_may_have_lost_values_unsaid(intake: Intake) -> None:
    """Not every server marks the first value after it dropped some."""
    take(intake, message(value()), message(*(value(time=at(10 + place)) for place in range(50)), number=2))
    (gap,) = gaps(intake)
    assert gap.startswith(
        "pH: no values between 2026-11-22 10:15:00.000 UTC and 2026-11-22 10:15:10.000 UTC: the server"
    )
    assert len(readings(intake.spool)) == 51


def test_doubt_waits_for_a_value_that_is_later(intake: Intake) -> None:
    """An equal one shows that nothing was measured meanwhile; an older one shows nothing."""
    taking = Taking((NODE,), intake)
    asyncio.run(taking.take(message(value()), None, held=50))
    taking.doubt_all("the line broke")
    asyncio.run(taking.take(message(value(time=at(-5)), number=2), None, held=50))
    assert taking.doubt == {"pH": "the line broke"}
    asyncio.run(taking.take(message(value(), number=3), None, held=50))
    assert not taking.doubt
    assert not gaps(intake)


def test_a_measurement_that_is_told_again_is_one_reading(intake: Intake) -> None:
    """NaN equals nothing, so servers tell it again and again with the same time."""
    take(intake, message(value(math.nan), value(math.nan)), message(value(math.nan), number=2))
    assert [reading.value for reading in readings(intake.spool)] == ["NaN"]


def test_a_storm_without_times_is_one_reading_until_it_is_over(intake: Intake) -> None:
    """What is no number and has no time says nothing new; a number does, and the next storm too."""
    storm = [value(math.nan, time=None)] * 30
    take(intake, message(*storm), message(*storm, value(7.1, time=None), *storm, number=2))
    assert [reading.value for reading in readings(intake.spool)] == ["NaN", "7.1", "NaN"]


def test_an_equal_value_at_another_time_is_another_reading(intake: Intake) -> None:
    """“No change” is not “no news”; and values without a time are all kept."""
    later = NOON.replace(hour=11)
    take(intake, message(value(), value(time=later), value(time=None), value(time=None)))
    assert len(readings(intake.spool)) == 4


def test_a_value_that_nobody_asked_for_is_a_gap(intake: Intake) -> None:
    """A server that confuses its handles is recorded, and the others of its values are taken."""
    confused = message(value(), value(time=NOON.replace(hour=11)))
    confused.NotificationData[0].MonitoredItems[0].ClientHandle = 7
    take(intake, confused)
    assert gaps(intake) == ["the server sent a value for node 7, which was not asked for"]
    assert len(readings(intake.spool)) == 1


def test_the_end_of_a_subscription_is_heard() -> None:
    """A server that ends it says so in a message of its own."""
    change = ua.StatusChangeNotification(Status=ua.StatusCode(0x800A0000))
    assert ended(ua.NotificationMessage(NotificationData=[change]))
    assert not ended(message(value()))
