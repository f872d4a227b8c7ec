"""The cell counter's file: messages into measurements, with whatever is doubtful marked."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from devices.instrument import Measurement
from devices.instruments.cell_counter import CellCounter
from devices.reading import Quality

ZONE = ZoneInfo("Europe/Berlin")
RESULT = "R|1|^^^TOTAL|1230000|cells/mL||N||F||||20261122101500"


def told(result: str = RESULT) -> Measurement:
    message = f"H|\\^&|||counter\rP|1\rO|1|S-1||^^^COUNT\r{result}\rL|1|N\r".encode()
    (measurement,) = CellCounter().measurements(message, b"raw", ZONE)
    return measurement


def test_a_result_is_a_measurement() -> None:
    """Digits as sent, the sample from the order, the local time in the site's zone, the message's bytes."""
    found = told()
    assert (found.channel, found.value, found.unit, found.sample) == ("total_cells", "1230000", "cells/mL", "S-1")
    assert found.source_time == datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    assert (found.quality, found.status, found.raw) == (Quality.GOOD, "N F", b"raw")


@pytest.mark.parametrize(
    ("change", "quality", "status"),
    [
        (("||F|", "||C|"), Quality.GOOD, "N C"),
        (("||F|", "||P|"), Quality.UNCERTAIN, "N P"),
        (("||F|", "||X|"), Quality.BAD, "N X"),
        (("1230000", "NaN"), Quality.BAD, "N F; not a number"),
        (("1230000", ""), Quality.BAD, "N F; not a number"),
        (("cells/mL", "10^6/mL"), Quality.BAD, "N F; unit is not cells/mL"),
        (("TOTAL", "CLUMPS"), Quality.BAD, "N F; no test that this file knows"),
    ],
)
def test_what_is_doubtful_is_told_and_marked(change: tuple[str, str], quality: Quality, status: str) -> None:
    """Corrected, preliminary, impossible, in another unit, of another test: nothing is dropped."""
    found = told(RESULT.replace(*change))
    assert (found.quality, found.status) == (quality, status)


def test_a_time_that_is_missing_is_no_time() -> None:
    """Never the time when it came."""
    assert told(RESULT.replace("20261122101500", "")).source_time is None


def test_the_same_message_has_the_same_origin() -> None:
    """A message sent again is known; another count is not."""
    assert told().origin == told().origin
    assert told().origin != told(RESULT.replace("1230000", "1240000")).origin
