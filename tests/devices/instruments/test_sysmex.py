"""Haematology analysers: counts into channels, judgements told, whatever is doubtful marked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devices.analyser import AstmAnalyser
from devices.instrument import LARGEST_RAW, Measurement
from devices.instruments.sysmex_xn import SysmexXn
from devices.instruments.sysmex_xp import SysmexXp
from devices.protocols import Message, astm
from devices.reading import Quality

ZONE = ZoneInfo("Europe/Berlin")
DATA = Path(__file__).parents[2] / "data" / "instruments"
GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD


def sent(analyser: AstmAnalyser, stream: bytes) -> list[Measurement]:
    """What a transmission becomes."""
    receiver = astm.Receiver()
    events = receiver.feed(astm.ENQ + stream, 0) + receiver.tick(astm.PAUSE)
    (message,) = [event for event in events if isinstance(event, Message)]
    return list(analyser.measurements(message.text, message.raw, ZONE))


def told(result: str, order: str = "O|1||^^            S-1^A||||||||||||||||||||||F") -> Measurement:
    """What one result becomes."""
    text = f"H|\\^&|||XN\r{order}\r{result}\rL|1|N\r".encode()
    (measurement,) = SysmexXn().measurements(text, b"raw", ZONE)
    return measurement


def by_channel(found: list[Measurement]) -> dict[str, tuple[str, str, Quality]]:
    return {each.channel: (each.value, each.unit, each.quality) for each in found}


def test_what_an_xp_100_sent(captures: Path) -> None:
    """Twenty results: digits as sent, units as recipes spell them, the padded sample, the site's zone."""
    found = sent(SysmexXp(), (captures / "astm" / "sysmex_xp100.txt").read_bytes())
    read = by_channel(found)
    assert len(found) == 20
    assert read["leukocytes"] == ("5.5", "10^3 cells/uL", GOOD)
    assert read["erythrocytes"] == ("2.87", "10^6 cells/uL", GOOD)
    assert read["haematocrit"] == ("24.2", "%", GOOD)
    assert read["platelets"] == ("170", "10^3 cells/uL", GOOD)
    assert read["lymphocytes"] == ("1.5", "10^3 cells/uL", GOOD)
    assert read["haemoglobin"] == ("10.1", "g/dL", GOOD)
    assert read["mean_cell_volume"] == ("84.3", "fL", GOOD)
    assert read["mean_cell_haemoglobin_concentration"] == ("41.7", "g/dL", GOOD)
    assert read["RDW-SD"] == ("38.5", "fL", BAD)
    assert {(each.sample, each.source_time) for each in found} == {
        ("113", datetime(2024, 7, 23, 15, 24, 52, tzinfo=UTC))
    }


@pytest.mark.parametrize(("name", "analyser"), [("sysmex_xp", SysmexXp()), ("sysmex_xn", SysmexXn())])
def test_the_samples_of_our_own(name: str, analyser: AstmAnalyser) -> None:
    """A message in each analyser's manner, made by our own sender."""
    read = by_channel(sent(analyser, (DATA / f"{name}.astm").read_bytes()))
    assert read["leukocytes"] == ("6.21", "10^3 cells/uL", GOOD)
    assert read["lymphocyte_fraction"] == ("31.4", "%", GOOD)
    assert set(read) >= set(analyser.channels)


def test_a_judgement_is_told_and_is_no_measurement() -> None:
    """Blasts suspected: under its own name, with its flag."""
    found = told("R|27|^^^^Blasts/Abn_Lympho?|40|||A||F||||20240627135407")
    assert (found.channel, found.value, found.unit, found.quality) == ("Blasts/Abn_Lympho?", "40", "", BAD)
    assert found.status == "A F; no test that this file knows"


@pytest.mark.parametrize(
    ("flag", "status", "quality"),
    [
        ("N", "F", GOOD),
        ("L", "F", GOOD),
        ("H", "C", GOOD),
        ("N", "P", UNCERTAIN),
        ("W", "F", UNCERTAIN),
        (">", "F", UNCERTAIN),
        ("N", "X", BAD),
        ("W", "X", BAD),
        ("N", "", GOOD),
    ],
)
def test_a_count_is_as_reliable_as_its_flag_and_status_say(flag: str, status: str, quality: Quality) -> None:
    """A flag that questions the count, a preliminary one, one that failed; without a status the order's stands."""
    assert told(f"R|1|^^^^WBC^1|5.5|10*3/uL||{flag}||{status}").quality is quality


def test_without_any_status_a_count_is_not_good() -> None:
    """Neither the result nor its order says that it is final."""
    assert told("R|1|^^^^WBC^1|5.5|10*3/uL||N", order="O|1||^^S-1^A").quality is BAD


@pytest.mark.parametrize(
    ("value", "unit", "why"),
    [("5.5", "10*9/L", "unit is not 10*3/uL"), ("-----", "10*3/uL", "not a number"), ("", "10*3/uL", "not a number")],
)
def test_a_doubtful_count_is_marked(value: str, unit: str, why: str) -> None:
    """Another unit, dashes, nothing: as sent, and bad."""
    found = told(f"R|1|^^^^WBC^1|{value}|{unit}||N||F")
    assert (found.value, found.quality, found.status) == (value, BAD, f"N F; {why}")


def test_a_correction_stands_beside_what_it_corrects() -> None:
    """Another message with another origin: both are kept, and the second says what it is."""
    first, second = (
        told(f"R|1|^^^^WBC^1|{value}|10*3/uL||N||{status}") for value, status in (("5.5", "F"), ("5.6", "C"))
    )
    assert first.origin != second.origin
    assert (second.value, second.status, second.quality) == ("5.6", "N C", GOOD)


def test_a_value_of_a_very_long_message_keeps_its_own_record() -> None:
    """The whole message would be too long for a reading."""
    record = "R|1|^^^^WBC^1|5.5|10*3/uL||N||F"
    text = f"H|\\^&|||XN\r{record}\rL|1|N\r".encode()
    (found,) = SysmexXn().measurements(text, b"x" * (LARGEST_RAW + 1), ZONE)
    assert found.raw == record.encode()
