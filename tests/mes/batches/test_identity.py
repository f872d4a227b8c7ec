"""Checking identity: a wrong scan stops everything, is recorded, and is not cleared by scanning again."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from tests.cast import ALICE, BOB, QUINN
from tests.mes.laboratory import COI, OTHER_COI, PASSWORD
from tests.mes.played import Played
from tests.mes.tablet import Answer, Tablet


@pytest.fixture
def tablet(batch: Played) -> Tablet:
    """Alice's tablet."""
    return batch.lab.tablet(ALICE)


def step(batch: Played) -> str:
    return f"{batch.page}/steps/1.1"


def scan(batch: Played, tablet: Tablet, code: str) -> Answer:
    return tablet.press(step(batch), "/values", {"value.bag": code, "how.bag": "scanned"})


@pytest.mark.requirement("RQ-113")
def test_the_right_code_goes_on(batch: Played, tablet: Tablet) -> None:
    """What belongs here is recorded with what was expected, and the step can be completed."""
    answer = scan(batch, tablet, COI)
    entry = batch.batch.run("1.1").values["bag"].entry
    assert (entry.value, entry.expected) == (COI, COI)
    assert answer.page.form("/complete")


@pytest.mark.requirement("RQ-088")
@pytest.mark.requirement("RQ-113")
def test_a_wrong_bag_stops_everything(batch: Played, tablet: Tablet) -> None:
    """Both codes side by side, what to do now, the batch held; the scan is in the record."""
    answer = scan(batch, tablet, OTHER_COI)
    assert "Stop. This is not the right code on the bag." in answer.page.text
    assert "COI-26-000" in answer.page.text
    assert "the batch is held" in answer.page.text
    assert batch.kinds()[-3:] == ["identity checked", "deviation raised", "batch held"]
    assert batch.value("1.1", "bag") == OTHER_COI


def test_the_stop_stays_wherever_the_step_is_opened(batch: Played, tablet: Tablet) -> None:
    """Another tablet, another person, later: the stop comes before the step."""
    scan(batch, tablet, OTHER_COI)
    for person in (ALICE, BOB, QUINN):
        assert "Stop." in batch.lab.tablet(person).open(step(batch)).page.text


@pytest.mark.parametrize("code", [OTHER_COI, COI])
def test_scanning_again_does_not_clear_it(batch: Played, tablet: Tablet, code: str) -> None:
    """Neither the same code nor suddenly the right one: first somebody else looks."""
    form = tablet.open(step(batch)).form("/values")
    scan(batch, tablet, OTHER_COI)
    answer = tablet.send(form, {"value.bag": code, "tap": ""})
    assert answer.status in (200, 409)
    assert batch.batch.holds
    assert "Stop." in tablet.open(step(batch)).page.text


def test_who_scanned_does_not_clear_it(batch: Played, tablet: Tablet) -> None:
    """A second person answers; Alice's own signature is refused, on this page and on the deviation's."""
    stop = scan(batch, tablet, OTHER_COI)
    form = stop.form("/stop/D1")
    answer = tablet.send(form, user="alice", password=PASSWORD, comment="a slip")
    assert answer.status == 409
    assert "a second person says what happened" in answer.error
    assert answer.form("/stop/D1").fields["comment"] == "a slip"
    assert tablet.open(f"{batch.page}/deviations/D1").page.form("/explanation") is None
    explained = tablet.post(
        f"{batch.page}/deviations/D1/explanation", {**form.fields, "explanation": "a slip", "tap": ""}
    )
    assert explained.status == 409
    assert "Stop." in tablet.open(step(batch)).page.text


@pytest.mark.requirement("RQ-113")
def test_a_wrong_scan_is_not_explained_without_a_signature(batch: Played, tablet: Tablet) -> None:
    """Bob, in his own session, by the deviation's form: a name that nobody proved clears nothing."""
    scan(batch, tablet, OTHER_COI)
    bob = batch.lab.tablet(BOB)
    fields = bob.open(step(batch)).form("/stop/D1").fields
    answer = bob.post(f"{batch.page}/deviations/D1/explanation", {**fields, "explanation": "looked", "tap": ""})
    assert "this needs a signature" in answer.error.lower()
    assert "Stop." in bob.open(step(batch)).page.text


def test_a_second_person_answers_on_the_same_screen(batch: Played, tablet: Tablet) -> None:
    """Bob signs what happened; the stop is answered, and the batch still held until quality is done with it."""
    form = scan(batch, tablet, OTHER_COI).form("/stop/D1")
    assert "nothing was signed" in tablet.send(form, user="bob", password="wrong", comment="looked").error
    answer = tablet.send(form, user="bob", password=PASSWORD, comment="the neighbour's bag; put back", tap="")
    line = batch.lab.lines(batch.book, "deviation explained")[-1]
    assert (line["author"], line["session"], line["signed"]["meaning"]) == ("bob", "alice", "explained")
    assert "Stop." not in answer.page.text
    assert "Held since" in answer.page.text
    assert answer.page.form("/complete") is None


def test_quality_lets_it_go_on(batch: Played, tablet: Tablet) -> None:
    """Closed and lifted, the right bag is scanned and the step completed; both scans stay in the record."""
    form = scan(batch, tablet, OTHER_COI).form("/stop/D1")
    tablet.send(form, user="bob", password=PASSWORD, comment="put back")
    batch.do(c.CloseDeviation(batch.number, "D1", "no effect", "none", "the other batch: checked"), QUINN)
    batch.do(c.LiftHold(batch.number, "the right bag is here"), QUINN)
    scan(batch, tablet, COI)
    tablet.press(step(batch), "/complete")
    value = batch.batch.run("1.1").values["bag"]
    assert [version.text for version in (*value.history, value)] == [OTHER_COI, COI]


def test_a_step_with_a_wrong_scan_is_not_verified(batch: Played, tablet: Tablet) -> None:
    """Even with everything else in order, the wrong bag cannot be signed away."""
    scan(batch, tablet, OTHER_COI)
    fields = tablet.open(step(batch)).form("/stop/D1").fields
    for ending in ("complete", "verification"):
        signed = {**fields, "user": "bob", "password": PASSWORD, "tap": ""}
        assert tablet.post(f"{step(batch)}/{ending}", signed).status == 409
