"""The register of instruments, its catalogue, and what every instrument's file shares."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from batch_records.values.unit import Unit
from devices.catalogue import catalogue
from devices.discover import kinds
from devices.instrument import (
    BOUNDS,
    LARGEST_RAW,
    Instrument,
    Measurement,
    SerialInstrument,
    at_site,
    instrument,
    is_number,
    within_bounds,
)
from devices.protocols import Garbled, Message, ProtocolError, Send
from devices.reading import Quality
from mes.api.models import ReadingIn

BERLIN = ZoneInfo("Europe/Berlin")
MEASURED = Measurement(
    "viability", "96.9", "%", b"raw", status="F", sample="S-1", source_time=datetime(2026, 1, 1, tzinfo=UTC)
)
GARBAGE = [b"", b"\r\n", b"\x05\x02\x03", b"\xff" * 300, b"H|\\^&|||x\rL|1|N\r", bytes(range(256))]


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_instrument_says_what_it_is(kind: str) -> None:
    """Channels in units that recipes know, and a description in words."""
    entry = catalogue()[kind]
    assert entry.channels
    assert all(Unit.parse(unit) for unit in entry.channels.values())
    assert entry.description.endswith(".")


@pytest.mark.parametrize("kind", sorted(kind for kind, found in kinds().items() if issubclass(found, SerialInstrument)))
@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_on_a_line_is_never_a_reading(kind: str, garbage: bytes) -> None:
    """Every serial instrument's link takes it without raising, and its file refuses it or finds nothing."""
    serial = kinds()[kind]()
    assert isinstance(serial, SerialInstrument)
    for event in serial.link().feed(garbage, 0):
        assert isinstance(event, Garbled | Send | Message)
    try:
        found = list(serial.measurements(garbage, garbage, BERLIN))
    except ProtocolError:
        found = []
    assert found == []


def test_two_files_cannot_declare_the_same_instrument() -> None:
    """The second stops the program, and both are named."""
    with pytest.raises(ValueError, match=r"“bioreactor”.*devices\.instruments\.bioreactor"):
        instrument("bioreactor", verified=None)(Instrument)


def test_the_catalogue_is_light() -> None:
    """The web application reads it, and gets no transport and no converter with it."""
    heavy = "{'asyncua', 'serial', 'allotropy', 'pandas', 'sqlite3', 'httpx', 'cryptography'}"
    program = f"import sys, devices.catalogue as c; c.catalogue(); print({heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_time_without_a_zone_gets_the_sites() -> None:
    """Summer and winter."""
    assert at_site(datetime(2026, 7, 1, 12), BERLIN) == datetime(2026, 7, 1, 10, tzinfo=UTC)  # noqa: DTZ001 - its point
    assert at_site(datetime(2026, 12, 1, 12), BERLIN) == datetime(2026, 12, 1, 11, tzinfo=UTC)  # noqa: DTZ001 - its point


@pytest.mark.parametrize("hour", [datetime(2026, 10, 25, 2, 30), datetime(2026, 3, 29, 2, 30)])  # noqa: DTZ001 - its point
def test_a_time_that_the_clocks_change_makes_unclear_is_no_time(hour: datetime) -> None:
    """It was half past two twice, or never: no guess is made."""
    assert at_site(hour, BERLIN) is None
    assert at_site(None, BERLIN) is None


@pytest.mark.parametrize("text", ["5.5", "0", "-1.2E+06", "1e6", ".5", "5."])
def test_numbers_as_instruments_write_them(text: str) -> None:
    """Decimal, with or without exponent."""
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "NaN", "inf", "1e999x", "1,5", "１", "--", "ERROR", "5.5 ", "1e", "."])  # noqa: RUF001 - full-width
def test_what_is_no_number(text: str) -> None:
    """Words, commas, other scripts' digits, halves of numbers."""
    assert not is_number(text)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"value": "x" * 5_000}, "too long: value; F"),
        ({"channel": "x" * 61}, "too long: channel; F"),
        ({"sample": "S-1" * 30}, "too long: sample; F"),
        ({"status": "x" * 300}, "too long: status; " + "x" * 182),
        ({"raw": b"x" * 80_000}, "too long: raw; F"),
        ({"source_time": datetime(1904, 1, 1, tzinfo=UTC)}, "measured in the year 1904; F"),
    ],
)
def test_what_the_mes_would_refuse_is_cut_and_marked(change: dict[str, Any], status: str) -> None:
    """One value out of bounds must not hold up all that come after it; a sample's code is whole or none."""
    found = within_bounds(replace(MEASURED, **change))
    assert (found.quality, found.status) == (Quality.BAD, status)
    assert (found.sample, found.source_time) == (
        None if "sample" in change else "S-1",
        None if "source_time" in change else MEASURED.source_time,
    )


def test_what_is_within_bounds_is_left_alone() -> None:
    """It is the same measurement."""
    assert within_bounds(MEASURED) is MEASURED


def test_the_bounds_are_the_mess() -> None:
    """They are written twice, for the gateway knows nothing of the MES: here they are compared."""
    theirs = {
        name: next(each.max_length for each in ReadingIn.model_fields[name].metadata if hasattr(each, "max_length"))
        for name in (*BOUNDS, "raw")
    }
    assert theirs == BOUNDS | {"raw": LARGEST_RAW * 4 // 3}
