"""Balances: an answer into a measurement, with whatever is doubtful marked."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from devices.instrument import Measurement, SerialInstrument
from devices.instruments.mettler_toledo_balance import MettlerToledoBalance
from devices.instruments.sartorius_balance import SartoriusBalance
from devices.protocols import ProtocolError
from devices.reading import Quality

ZONE = ZoneInfo("Europe/Berlin")
METTLER, SARTORIUS = MettlerToledoBalance(), SartoriusBalance()
GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD


def told(balance: SerialInstrument, line: bytes, *, twice: bool = True) -> Measurement:
    (measurement,) = balance.measurements(line + b"\r\n" + line if twice else line, b"raw", ZONE)
    return measurement


@pytest.mark.parametrize(
    ("balance", "line", "value"),
    [
        (METTLER, b"S S     100.00 g", "100.00"),
        (METTLER, b"S S      -0.05 g", "-0.05"),
        (SARTORIUS, b"N     +   100.00 g  ", "100.00"),
        (SARTORIUS, b"-     0.05 g  ", "-0.05"),
    ],
)
def test_a_confirmed_stable_weight_is_good(balance: SerialInstrument, line: bytes, value: str) -> None:
    """Digits as sent, in grams, with the bytes; the balance has no clock and knows no sample."""
    found = told(balance, line)
    assert (found.channel, found.value, found.unit, found.quality) == ("mass", value, "g", GOOD)
    assert (found.raw, found.source_time, found.sample) == (b"raw", None, None)


@pytest.mark.parametrize(
    ("balance", "line", "twice", "quality", "status"),
    [
        (METTLER, b"S S     100.00 g", False, UNCERTAIN, "S S; not confirmed by a second answer"),
        (METTLER, b"S D     100.03 g", False, UNCERTAIN, "S D; not stable"),
        (METTLER, b"S S     100.00 kg", True, BAD, "S S; unit is not g"),
        (METTLER, b"S +", False, BAD, "S +; overload"),
        (METTLER, b"S -", False, BAD, "S -; underload"),
        (METTLER, b"S I", False, BAD, "S I; busy"),
        (SARTORIUS, b"N     +   100.00 g  ", False, UNCERTAIN, "N; not confirmed by a second answer"),
        (SARTORIUS, b"N     +   100.00    ", True, UNCERTAIN, "N; not stable"),
        (SARTORIUS, b"N     +   100.00 kg ", True, BAD, "N; unit is not g"),
        (SARTORIUS, b"N     + 100.0[0] g  ", True, GOOD, "N; the digit in brackets is not verified"),
        (SARTORIUS, b"Stat      High      ", False, BAD, "High"),
    ],
)
def test_what_is_doubtful_is_told_and_marked(
    balance: SerialInstrument,
    line: bytes,
    twice: bool,  # noqa: FBT001 - a case's column
    quality: Quality,
    status: str,
) -> None:
    """Once, moving, in another unit, out of range: nothing is dropped, and nothing of it is good."""
    found = told(balance, line, twice=twice)
    assert (found.quality, found.status) == (quality, status)


def test_a_balance_says_which_it_is() -> None:
    """Its serial number is a reading of its own, so that a balance that was exchanged is seen in the record."""
    (found,) = METTLER.measurements(b'I4 A "B123456789"', b"raw", ZONE)
    assert (found.channel, found.value, found.unit) == ("serial_number", "B123456789", "")


def test_one_makers_answer_is_none_of_the_others() -> None:
    """Refused, and not read as something near."""
    for balance, line in ((METTLER, b"N     +   100.00 g  "), (SARTORIUS, b"S S     100.00 g")):
        with pytest.raises(ProtocolError):
            told(balance, line)
