"""Counting several times on a tablet: each count taken or typed, the average shown with its counts, counted again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batch_records.executed.count_entries import ValueAveraged
from mes.equipment.commands import Qualify, SetStatus
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, DORA, QUINN
from tests.mes.furnishing import COUNTER, SHORT
from tests.mes.laboratory import SVEN, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Answer, Tablet

COI = "COI-26-0003-C"
REPEATED = """            class: IPC
            repeats: 3
            average: mean
            round: half up to 0.1
            cv: <= 15 %
            outliers: measured again
"""


@pytest.fixture
def counting(lab: Laboratory) -> Played:
    """A batch of a recipe that has the viability counted three times, at the count."""
    text = SHORT.replace("code: short", "code: thrice").replace("            class: IPC\n", REPEATED)
    lab.do(DraftRecipe("thrice", text), SVEN)
    lab.do(ApproveRecipe("thrice", 1), QUINN)
    lab.do(PlaceOrder(COI, "thrice", "synthetic"), DORA)
    return Played(lab).start(COI).finish("1.4")


@pytest.fixture
def tablet(counting: Played) -> Tablet:
    """Alice's tablet, at the count."""
    return counting.lab.tablet(ALICE)


def step(counting: Played) -> str:
    return f"{counting.page}/steps/1.4"


def count(counting: Played, tablet: Tablet, *values: str) -> Answer:
    """Have the counter send values, and take each as it comes."""
    for value in values:
        counting.lab.measured(value)
        answer = tablet.press(step(counting), "/readings")
    return answer


def average(counting: Played) -> ValueAveraged:
    entry = counting.batch.run("1.4").values["viability"].entry
    assert isinstance(entry, ValueAveraged)
    return entry


def test_three_counts_are_taken_one_by_one(counting: Played, tablet: Tablet) -> None:
    """The button says which count it is; what is counted stands beside it, and the mean comes with the third."""
    page = count(counting, tablet, "84.0", "85.0").page
    assert "take count 3 of 3" in page.text
    assert "84.0 %" in page.text
    assert page.waits("/readings")
    assert "This reading is counted" in page.text
    page = count(counting, tablet, "86.9").page
    assert "mean of 3: 84.0 %, 85.0 %, 86.9 %" in page.text
    assert (average(counting).value, average(counting).cv) == ("85.3 %", "1.7 %")
    assert counting.lab.verify().holds


def test_counts_far_apart_are_counted_again(counting: Played, tablet: Tablet) -> None:
    """The page says what was counted before and waits for three more; the step is not complete before."""
    page = count(counting, tablet, "60.0", "85.0", "97.0").page
    assert "It is counted again" in page.text
    assert "take count 1 of 3" in page.text
    count(counting, tablet, "84.0", "85.0", "86.0")
    assert average(counting).set == 2
    counting.complete("1.4")
    review = counting.lab.tablet(RUTH).open(f"{counting.page}/review").page.text
    assert "CV 23.4 % of 60.0 %, 85.0 %, 97.0 %" in review


def test_whoever_doubts_the_counts_has_them_counted_again(counting: Played, tablet: Tablet) -> None:
    """With a reason, which the reviewer reads; without one, nothing happens."""
    count(counting, tablet, "84.0", "85.0", "86.0")
    page = f"{step(counting)}?again=viability"
    assert "Say why it is counted again" in tablet.press(page, "/counts").error
    answer = tablet.press(page, "/counts", reason="measured again", why="a bubble in the chamber")
    assert "take count 1 of 3" in answer.page.text
    count(counting, tablet, "80.0", "81.0", "82.0")
    assert average(counting).value == "81.0 %"
    review = counting.lab.tablet(RUTH).open(f"{counting.page}/review").page.text
    assert "counted again: measured again: a bubble in the chamber" in review


def test_a_count_can_be_typed(counting: Played, tablet: Tablet) -> None:
    """With its reason; it is one of the three, and marked as typed."""
    count(counting, tablet, "84.0", "85.0")
    typed = {"value.viability": "86.0", "reason": "instrument not connected"}
    answer = tablet.press(f"{step(counting)}?type=viability", "/values", typed)
    assert "mean of 3" in answer.page.text
    review = counting.lab.tablet(RUTH).open(f"{counting.page}/review").page.text
    assert "count 3: 86.0 % was typed" in review


# --- fit for use when it measures ---------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-010")
@pytest.mark.requirement("RQ-028")
def test_an_instrument_is_fit_for_use_when_it_measures(counting: Played, tablet: Tablet) -> None:
    """Ready and qualified when it was scanned; out of service since, or no longer qualified, it gives nothing."""
    counting.lab.measured("85.0")
    form = tablet.open(step(counting)).form("/readings")
    counting.lab.do(SetStatus(COUNTER, "out of service", "the pump leaks"), ALICE)
    page = tablet.open(step(counting)).page
    assert page.waits("/readings")
    assert "CC-01 is out of service" in page.text
    assert "CC-01 is out of service" in tablet.send(form).error
    counting.lab.do(SetStatus(COUNTER, "ready", "repaired"), ALICE)
    counting.lab.do(Qualify(COUNTER, counting.at - timedelta(days=1), "report 12"), QUINN)
    assert "the qualification of CC-01 ended" in tablet.open(step(counting)).page.text
    counting.lab.do(Qualify(COUNTER, counting.at + timedelta(days=300), "report 13"), QUINN)
    assert not tablet.open(step(counting)).page.waits("/readings")


def test_a_qualification_is_recorded_by_quality(lab: Laboratory) -> None:
    """Until when, with the report; equipment whose qualification is over is not scanned into a batch."""
    answer = lab.tablet(QUINN).press(
        f"/equipment/?item={COUNTER}", "/qualification", until="2026-03-01", why="report 12"
    )
    assert "2026-03-01" in answer.page.text
    assert lab.lines(f"equipment:{COUNTER}", "qualified")[-1]["reason"] == "report 12"
    batch = Played(lab).start("COI-26-0001-A").finish("1.2")
    values = {"value.counter": COUNTER, "value.incubator": "INC-05"}
    answer = lab.tablet(ALICE).press(f"{batch.page}/steps/1.2", "/values", values)
    assert "The qualification of CC-01 ended on 2026-02-28" in answer.error
