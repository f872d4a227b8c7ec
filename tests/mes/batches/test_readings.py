"""Taking readings: what the instrument shows, if it is good, fresh and of the right tube; or typed, with the reason."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from batch_records.executed import entries as e
from devices.reading import Quality
from mes.equipment.commands import AddEquipment, Calibrate
from mes.execute import HANDLERS
from tests.cast import ALICE, QUINN
from tests.mes.laboratory import Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Answer, Tablet

HOLLOW = "No reading yet"


@pytest.fixture
def counting(batch: Played) -> Played:
    """A batch whose sample waits to be counted."""
    return batch.finish("1.4")


@pytest.fixture
def tablet(counting: Played) -> Tablet:
    """Alice's tablet, at the count."""
    return counting.lab.tablet(ALICE)


def step(counting: Played) -> str:
    return f"{counting.page}/steps/1.4"


def take(counting: Played, tablet: Tablet) -> Answer:
    return tablet.press(step(counting), "/readings")


@pytest.mark.requirement("RQ-107")
def test_a_reading_is_taken_with_its_bytes(counting: Played, tablet: Tablet) -> None:
    """Alice takes 85.1 %: the entry quotes instrument, sequence, times, tube and the digest of the raw bytes."""
    assert HOLLOW in tablet.open(step(counting)).page.text
    sent = counting.lab.measured("85.1")
    assert take(counting, tablet).status == 200
    entry = counting.batch.run("1.4").values["viability"].entry
    assert isinstance(entry, e.ReadingTaken)
    assert (entry.value, entry.instrument, entry.sequence, entry.sample) == ("85.1 %", "CC-01", sent.sequence, "TUBE-1")
    assert entry.raw_digest == hashlib.sha256(sent.raw).hexdigest()


@pytest.mark.requirement("RQ-010")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"quality": Quality.BAD}, "marked bad"),
        ({"quality": Quality.UNCERTAIN}, "marked uncertain"),
        ({"sample": "TUBE-2"}, HOLLOW),
        ({"instrument": "CC-02"}, HOLLOW),
        ({"channel": "temperature"}, HOLLOW),
    ],
)
def test_what_is_not_good_enough_cannot_be_taken(
    counting: Played, tablet: Tablet, changes: dict[str, object], sentence: str
) -> None:
    """Bad, uncertain, another tube's, another instrument's: shown as such, its button closed, and refused if sent."""
    counting.lab.measured("85.1", **changes)
    page = tablet.open(step(counting))
    assert page.page.form("/readings") is None
    assert sentence in page.page.text
    answer = tablet.post(f"{step(counting)}/readings", {**page.form("/lock").fields, "field": "viability"})
    assert answer.status == 409
    assert "viability" not in counting.batch.run("1.4").values


def test_a_stale_reading_cannot_be_taken(counting: Played, tablet: Tablet) -> None:
    """After an hour the tube is counted again; the page says how old the value is."""
    counting.lab.measured("85.1")
    counting.later(minutes=61)
    page = tablet.open(step(counting))
    assert page.page.waits("/readings")
    assert "3660 s old" in page.page.text
    form = next(form for form in page.page.forms if form.action.endswith("/readings"))
    assert tablet.send(form).status == 409


def test_what_is_no_number_cannot_be_taken(counting: Played, tablet: Tablet) -> None:
    """An instrument that says “Error 7” has measured nothing; it is stored, and not taken."""
    counting.lab.measured("Error 7")
    page = tablet.open(step(counting))
    assert page.page.waits("/readings")
    form = next(form for form in page.page.forms if form.action.endswith("/readings"))
    assert "sent “Error 7”" in tablet.send(form).error


def test_a_unit_of_something_else_cannot_be_taken(counting: Played, tablet: Tablet) -> None:
    """A temperature is no viability, whatever channel it came on."""
    counting.lab.measured("85.1", unit="°C")
    form = next(form for form in tablet.open(step(counting)).page.forms if form.action.endswith("/readings"))
    assert "is asked for" in tablet.send(form).error


@pytest.mark.requirement("RQ-036")
def test_a_reading_out_of_limits_is_taken_and_judged(counting: Played, tablet: Tablet) -> None:
    """The button says that a deviation will open; it opens."""
    counting.lab.measured("42")
    assert "out of limits: a deviation will open" in tablet.open(step(counting)).page.text
    take(counting, tablet)
    assert [each.step for each in counting.batch.deviations.values()] == ["1.4"]


def test_what_was_on_the_screen_is_what_is_taken(counting: Played, tablet: Tablet) -> None:
    """The tube was counted again while Alice looked: she sees the new value before she takes anything."""
    counting.lab.measured("85.1")
    form = tablet.open(step(counting)).form("/readings")
    counting.lab.measured("62.0")
    answer = tablet.send(form)
    assert answer.status == 409
    assert "CC-01 has measured TUBE-1 again" in answer.error
    assert "62.0" in answer.page.text
    tablet.send(answer.form("/readings"))
    assert counting.value("1.4", "viability") == "62.0 %"


def test_a_live_value_refreshes_itself(counting: Played, tablet: Tablet) -> None:
    """The part of the page that the instrument fills can be asked for alone."""
    live = f"{step(counting)}/live/viability"
    assert HOLLOW in tablet.open(live).page.text
    counting.lab.measured("85.1")
    assert "85.1 %" in tablet.open(live).page.text
    assert tablet.open(f"{step(counting)}/live/nothing").status == 404


@pytest.mark.requirement("RQ-069")
def test_typing_instead_asks_a_reason(counting: Played, tablet: Tablet) -> None:
    """Without the instrument Alice types 85, says why, and the reviewer will see it."""
    page = f"{step(counting)}?type=viability"
    refused = tablet.press(page, "/values", {"value.viability": "85"})
    assert refused.status == 409
    assert "say why it is typed instead" in refused.error
    assert refused.form("/values").fields["value.viability"] == "85"
    tablet.press(page, "/values", {"value.viability": "85", "reason": "instrument not connected"})
    entry = counting.batch.run("1.4").values["viability"].entry
    assert (entry.value, entry.instead_of) == ("85 %", "cell counter")
    assert counting.lab.lines(counting.book)[-1]["reason"] == "instrument not connected"
    assert "typed" in counting.lab.tablet(QUINN).open(f"{counting.page}/review").page.text


def test_without_an_instrument_nothing_is_taken(lab: Laboratory) -> None:
    """A command that comes from elsewhere than the page is refused alike."""
    assert any(command.__name__ == "TakeReading" for command in HANDLERS)
    batch = Played(lab).start("COI-26-0001-A").finish("1.2")
    tablet = lab.tablet(ALICE)
    fields = tablet.open(batch.page).form("/lock").fields
    assert tablet.post(f"{batch.page}/steps/1.4/readings", {**fields, "field": "viability"}).status == 409


@pytest.mark.requirement("RQ-028")
def test_an_instrument_out_of_calibration_gives_nothing(counting: Played, tablet: Tablet) -> None:
    """Its calibration ended after it was scanned: it is calibrated and scanned again, then it counts."""
    counting.lab.measured("85.1")
    form = tablet.open(step(counting)).form("/readings")
    counting.later(days=200)
    counting.lab.measured("85.1")
    assert tablet.send(form).status == 409
    counting.lab.do(Calibrate("CC-01", counting.at + timedelta(days=90), "certificate 7"), QUINN)
    assert counting.lab.lines("equipment:CC-01", "calibrated")[-1]["reason"] == "certificate 7"


def test_another_instrument_can_take_over(counting: Played, tablet: Tablet) -> None:
    """The counter fails in the middle: another is assigned on the step's page, and what it shows is taken."""
    until = counting.at + timedelta(days=90)
    counting.lab.do(AddEquipment("CC-02", "Another counter", "cell counter", until), QUINN)
    fields = tablet.open(step(counting)).form("/lock").fields
    asked = {**fields, "equipment_class": "cell counter", "code": "CC-02"}
    assert tablet.post(f"{step(counting)}/instrument", asked).status == 200
    counting.lab.measured("85.1", instrument="CC-02")
    take(counting, tablet)
    assert counting.batch.run("1.4").values["viability"].entry.instrument == "CC-02"
