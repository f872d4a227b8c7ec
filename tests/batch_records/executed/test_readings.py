"""Readings: taken from the instrument that is the batch's own, good, fresh, and of the right sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.decisions.values import unusable
from batch_records.executed.draft import Refused
from batch_records.executed.review import exceptions
from batch_records.values.limit import Verdict
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small

COUNT = """
- step: 1.1 Scan
  use: {counter: {equipment: cell counter}}
- step: 1.2 Sample
  sample: {tube: {ask: Tube}}
- step: 1.3 Count
  measure:
    viable: {ask: Viable cells, channel: viable_cells, unit: cells/mL, plausible: 1e4 to 1e8 cells/mL}
    viability: {unit: "%", plausible: 0 to 100 %, limit: ">= 70 %"}
  from: cell counter
  sample: tube
  fresh for: 10 min
- step: 1.4 Twice
  calculate: {twice: {formula: 2 * viable, unit: cells/mL, round: down to 1}}
"""


def counting() -> Play:
    """Return a batch that is about to be counted, by counter CC-1 in tube T-1."""
    return Play(small(COUNT), answers={"counter": "CC-1", "tube": "T-1"}).start().step("1.1").step("1.2")


@pytest.mark.requirement("RQ-107")
@pytest.mark.requirement("RQ-106")
def test_a_reading_is_quoted_with_its_source() -> None:
    """Instrument, sequence, channel, quality, sample, both times and the digest of the raw bytes."""
    play = counting()
    entries = play.take("1.3", "viable", "1.50e6 cells/mL", sequence=77)
    assert entries[1] == e.ReadingTaken(
        "1.3",
        "viable",
        "1.50e6 cells/mL",
        Verdict.NONE,
        "plausible 10000 to 1 × 10⁸ cells/mL",
        instrument="CC-1",
        sequence=77,
        channel="viable_cells",
        quality="good",
        sample="T-1",
        source_time=play.at.isoformat(),
        received_time=play.at.isoformat(),
        raw_digest="ab" * 32,
    )


@pytest.mark.requirement("RQ-036")
def test_a_reading_is_taken_and_judged_whatever_it_says() -> None:
    """A viability of 60 % opens a deviation; a reading is not asked for again until it pleases."""
    entries = counting().take("1.3", "viability", "60 %")
    assert kinds(entries) == ["step started", "reading taken", "deviation raised"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quality": "bad"}, "the value of CC-1 is marked bad: it cannot be taken"),
        ({"quality": "uncertain"}, "is marked uncertain"),
        ({"quality": ""}, "cannot be taken"),
        ({"sample": "T-9"}, "CC-1 measured sample T-9, and this step's is T-1"),
        ({"sample": ""}, "CC-1 measured sample without a code"),
        ({"instrument": "CC-2"}, "CC-1 has given no value of viable_cells"),
        ({"channel": "total_cells"}, "CC-1 has given no value of viable_cells"),
        ({"value": "nan"}, "CC-1 sent “nan”"),
        ({"value": "inf"}, "CC-1 sent “inf”"),
        ({"value": ""}, "CC-1 sent “”"),
        ({"value": "1,5e6"}, "decimal point as a point"),
        ({"value": "1e999"}, "is not a number"),
        ({"unit": "g"}, "CC-1 gives viable_cells in g, and cells/mL is asked for"),
        ({"unit": "cells per mL"}, "no unit this system knows"),
        ({"unit": ""}, "no unit this system knows"),
    ],
)
@pytest.mark.requirement("RQ-010")
@pytest.mark.requirement("RQ-103")
def test_a_reading_that_is_not_right_is_refused(changes: dict[str, Any], said: str) -> None:
    """Bad, of another tube, of another instrument, or no number: it is shown as such and cannot be taken."""
    with pytest.raises(Refused, match=said):
        counting().take("1.3", "viable", "1.5e6 cells/mL", **changes)


@pytest.mark.parametrize(
    ("source", "received", "taken"),
    [
        (timedelta(minutes=10), timedelta(minutes=10), True),
        (timedelta(minutes=10, seconds=1), timedelta(0), False),
        (timedelta(0), timedelta(minutes=10, seconds=1), False),
        (timedelta(days=-1), timedelta(minutes=11), False),
        (timedelta(days=-1), timedelta(minutes=9), True),
        (None, timedelta(minutes=9), True),
        (None, timedelta(minutes=11), False),
    ],
)
def test_a_reading_counts_for_so_long(source: timedelta | None, received: timedelta, taken: bool) -> None:  # noqa: FBT001 - what is expected
    """By its own clock or by when it came, whichever is older: a clock that runs ahead makes nothing fresher."""
    play = counting()
    times = {"source_time": play.at - source if source is not None else None, "received_time": play.at - received}
    if taken:
        assert "reading taken" in kinds(play.take("1.3", "viable", "1.5e6 cells/mL", **times))
    else:
        with pytest.raises(Refused, match="old; it counts for 10 min"):
            play.take("1.3", "viable", "1.5e6 cells/mL", **times)


def test_without_an_instrument_of_its_own_nothing_is_taken() -> None:
    """The batch has to know whose number it is."""
    text = COUNT.replace("- step: 1.3 Count\n", "- step: 1.3 Count\n  after: []\n")
    with pytest.raises(Refused, match="no cell counter is assigned to this batch: scan one first"):
        Play(small(text)).start().do(c.TakeReading(B, "1.3", "viable"))


def test_an_instrument_that_has_sent_nothing_is_named() -> None:
    """The operator looks at the right device."""
    with pytest.raises(Refused, match="CC-1 has given no value of viable_cells"):
        counting().do(c.TakeReading(B, "1.3", "viable"))


@pytest.mark.requirement("RQ-028")
def test_a_calibration_that_ran_out_since_the_scan_stops_the_readings() -> None:
    """Ninety days later the counter is overdue; calibrated and scanned again, it counts."""
    play = counting().later(days=91)
    with pytest.raises(
        Refused, match="the calibration of CC-1 ended on 2026-05-31: have it calibrated and scan it again"
    ):
        play.take("1.3", "viable", "1.5e6 cells/mL")
    play.use("1.1", "counter", "CC-1", reason="calibrated today")
    play.complete("1.1")
    assert "reading taken" in kinds(play.take("1.3", "viable", "1.5e6 cells/mL"))


def test_a_reading_of_a_tube_waits_for_the_tube() -> None:
    """Otherwise any tube would do."""
    text = COUNT.replace("- step: 1.3 Count\n", "- step: 1.3 Count\n  after: [1.1]\n")
    play = Play(small(text), answers={"counter": "CC-1"}).start().step("1.1")
    with pytest.raises(Refused, match=r"“Viable cells” is measured in “Tube” \(step 1.2\), which is not taken yet"):
        play.take("1.3", "viable", "1.5e6 cells/mL")


def test_another_unit_of_the_same_kind_is_computed_with() -> None:
    """The counter speaks of millions; the record keeps what it said."""
    play = counting()
    play.take("1.3", "viable", "1.5 10^6 cells/mL")
    play.step("1.3").step("1.4")
    assert play.value("1.3", "viable") == "1.5 10^6 cells/mL"
    assert play.value("1.4", "twice") == "3000000 cells/mL"


@pytest.mark.requirement("RQ-069")
def test_typing_instead_of_measuring_asks_why_and_is_an_exception() -> None:
    """The line is down; the number is typed, and the reviewer sees that and why."""
    play = counting()
    with pytest.raises(Refused, match="“Viable cells” comes from the cell counter: say why it is typed instead"):
        play.enter("1.3", viable="1.5e6")
    play.enter("1.3", reason="the line is down", viable="1.5e6")
    (finding,) = [found for found in exceptions(play.batch) if "measured" in found.check]
    assert (
        finding.sentence == "Viable cells: 1.5e6 cells/mL was typed, not taken from the cell counter: the line is down"
    )


def test_what_was_typed_first_stays_an_exception() -> None:
    """Measuring or correcting it later does not take it from the reviewer's list."""
    play = counting()
    play.enter("1.3", reason="the line is down", viable="1.5e6")
    play.take("1.3", "viable", "1.6e6 cells/mL", reason="the line is up")
    play.correct("1.3", "viable", "1.7e6", "a hair in the chamber")
    found = [finding.sentence for finding in exceptions(play.batch)]
    assert any("was typed, not taken" in sentence for sentence in found)
    assert any("became 1.7e6 cells/mL: a hair in the chamber" in sentence for sentence in found)


def test_the_same_number_taken_twice_is_nothing_new() -> None:
    """The counter shows the same, and the operator taps again."""
    play = counting()
    play.take("1.3", "viable", "1.5e6 cells/mL")
    assert play.take("1.3", "viable", "1.5e6 cells/mL", sequence=2) == []


def test_measuring_again_needs_a_reason_and_computes_again() -> None:
    """A second count after the first was used."""
    play = counting().step("1.3").step("1.4")
    entries = play.take("1.3", "viable", "2e6 cells/mL", reason="a clot in the first count")
    assert kinds(entries) == ["step reopened", "reading taken", "value calculated", "step reopened"]
    assert play.value("1.4", "twice") == "4000000 cells/mL"


def test_the_tablet_can_ask_beforehand_what_speaks_against_a_reading() -> None:
    """The button is not offered for what the server would refuse."""
    play = counting()
    field = play.field("1.3", "viable")
    reading = play.reading("1.3", field, "1.5e6 cells/mL")
    assert unusable(field, reading, "T-1", play.at) == ""
    assert unusable(field, reading, "T-2", play.at)


@pytest.mark.requirement("RQ-010")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "to be cleaned"}, "CC-1 is to be cleaned"),
        ({"calibrated_until": timedelta(days=-1)}, "the calibration of CC-1 ended"),
        ({"qualified_until": timedelta(days=-1)}, "the qualification of CC-1 ended"),
        ({"batch": "B-2"}, "CC-1 is in use for batch B-2"),
        ({"exclusive": True, "batch": ""}, "CC-1 was made ready since, and belongs to no batch: scan it again"),
    ],
)
def test_what_is_unfit_when_it_measures_gives_nothing(changes: dict[str, Any], sentence: str) -> None:
    """It was fit when it was scanned; what counts is how it is when its value is taken."""
    play = counting()
    dated = {name: play.at + each if isinstance(each, timedelta) else each for name, each in changes.items()}
    found = replace(play.equipment(play.field("1.1", "counter"), "CC-1"), **{"batch": B, **dated})
    reading = play.reading("1.3", play.field("1.3", "viable"), "1.5e6 cells/mL")
    with pytest.raises(Refused, match=sentence):
        play.do(c.TakeReading(B, "1.3", "viable", reading, equipment=found))
    fit = replace(play.equipment(play.field("1.1", "counter"), "CC-1"), batch=B)
    assert kinds(play.do(c.TakeReading(B, "1.3", "viable", reading, equipment=fit)))[-1] == "reading taken"
