"""Supply out of specification and who is told, through the pages: signed one after the other, printed, and counted."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.batch import Disposition
from batch_records.master.recipe import Stage
from mes.clock import Tick
from mes.reports.render import render_supply
from mes.seals.commands import Seal
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, DORA, PETRA, QUINN
from tests.mes.laboratory import CLOCK, PASSWORD
from tests.mes.played import Played
from tests.mes.reports.pdf_text import read
from tests.mes.tablet import Answer

REQUEST = {"hazard": "relapse within weeks", "alternatives": "none in time", "need": "no other product"}


@pytest.fixture
def impure(batch: Played) -> Played:
    """A batch that is done but for sterility, whose purity is out of specification."""
    batch.answers["purity"] = "75"
    batch.finish("3.1")
    return batch.settle()


def sign(batch: Played, person: c.Person, act: str, page: str = "supply", **entered: str) -> Answer:
    signed = {"user": person.id, "password": PASSWORD}
    return batch.lab.tablet(person).press(f"{batch.page}/{page}", act, signed | entered)


def supplied(batch: Played) -> Played:
    """Have a batch asked for, evaluated, accepted, reviewed and released so."""
    sign(batch, DORA, "/supply/request", **REQUEST)
    sign(batch, QUINN, "/supply/evaluation", evaluation="fewer T cells than usual; the dose is met")
    sign(batch, DORA, "/supply/acceptance", told="the parents know it and agree")
    batch.review(Stage.CONDITIONAL)
    sign(batch, PETRA, "/supply/release")
    return batch


@pytest.mark.requirement("RQ-094")
@pytest.mark.requirement("RQ-095")
@pytest.mark.requirement("RQ-096")
@pytest.mark.requirement("RQ-097")
def test_fact_18_a_product_out_of_specification_goes_to_its_patient_record_by_record(impure: Played) -> None:
    """Dora asks, Quinn evaluates, Dora accepts, Ruth reviews, Petra releases, the sponsor is told: concluded."""
    release = impure.lab.tablet(PETRA).open(f"{impure.page}/release")
    assert release.page.form("/release/conditional") is None
    assert "Supply out of specification" in release.page.text
    early = impure.lab.tablet(PETRA).open(f"{impure.page}/supply")
    assert early.page.form("/supply/release") is None
    assert "by a person with the role “physician”" in early.page.text
    supplied(impure)
    assert impure.batch.disposition is Disposition.RELEASED_OUT_OF_SPECIFICATION
    board = impure.lab.tablet(ALICE).open("/batches/")
    assert "released out of specification" in board.page.text
    sign(impure, QUINN, "/N1", "notifications", told="the sponsor's duty desk", how="by telephone, call 3")
    impure.finish()
    impure.review(Stage.FINAL)
    sign(impure, PETRA, "/supply/conclusion")
    assert impure.batch.disposition is Disposition.CONCLUDED_OUT_OF_SPECIFICATION
    meanings = [line["signed"]["meaning"] for line in impure.lab.lines(impure.book) if "signed" in line]
    written = ["requested", "evaluated", "accepted", "reviewed", "released out of specification", "told", "concluded"]
    assert set(written) <= set(meanings)
    assert impure.lab.verify().holds


@pytest.mark.requirement("RQ-097")
def test_the_document_of_the_supply_is_no_certificate(impure: Played) -> None:
    """Its own title, every answer and signature, what is still awaited; and asked for with the release."""
    supplied(impure)
    impure.lab.do(Seal(all_of_it=True), CLOCK)
    with impure.lab.app.app_context(), impure.lab.app.test_request_context():
        pdf = read(render_supply(impure.number).content)
    for words in (
        *("Supply of a product out of specification", "This is no certificate of release"),
        *("Purity: 75 %", "relapse within weeks", "none in time", "fewer T cells than usual", "the parents know it"),
        *("Dora Physician", "Quinn Reviewer", "Ruth Reviewer", "Petra Releaser", "Sterility", "Sponsor"),
    ):
        assert pdf.has(words), words
    asked = [line for line in impure.lab.lines(f"documents:{impure.number}") if "supply" in str(line["body"])]
    assert asked


def test_a_refused_answer_is_told_beside_its_form_and_nothing_typed_is_lost(impure: Played) -> None:
    """Dora leaves the alternatives out: the sentence says so, and the hazard stands as she typed it."""
    answer = sign(impure, DORA, "/supply/request", **REQUEST | {"alternatives": " "})
    assert answer.status == 400
    assert "which alternatives were considered" in answer.error
    assert "relapse within weeks" in answer.html


@pytest.mark.requirement("RQ-092")
def test_fact_17_growth_after_the_release_is_told_to_the_physician_in_time_and_acknowledged(batch: Played) -> None:
    """Sterility fails on day 14: Dora is told within four hours, and says how the child is followed up."""
    batch.finish("3.1").review(Stage.CONDITIONAL)
    batch.release(Stage.CONDITIONAL)
    batch.later(days=14).report("3.1", sterility="growth")
    assert batch.batch.disposition is Disposition.CONDITIONALLY_RELEASED
    page = batch.lab.tablet(RUTH).open(f"{batch.page}/notifications")
    assert "Treating physician" in page.page.text
    assert "to be told" in page.page.text
    empty = sign(batch, RUTH, "/N1", "notifications", told="Dora Physician", how=" ")
    assert (empty.status, "say whom you told" in empty.error.lower()) == (400, True)
    sign(batch, RUTH, "/N1", "notifications", told="Dora Physician", how="by telephone")
    sign(batch, DORA, "/N1/acknowledgement", "notifications", follow_up="blood cultures taken, antibiotics begun")
    shown = batch.lab.tablet(RUTH).open(f"{batch.page}/notifications")
    assert "antibiotics begun" in shown.page.text
    assert batch.lab.verify().holds


@pytest.mark.requirement("RQ-092")
def test_fact_17_a_result_after_the_end_is_reported_and_a_clock_that_runs_out_is_an_exception(batch: Played) -> None:
    """The batch is released and closed; a culture grows later. Nobody tells the physician: the clock says so itself."""
    batch.finish().review()
    batch.release()
    sign(batch, RUTH, "/notifications", "notifications", what="Mycoplasma culture, 28 days", found="growth")
    assert batch.batch.disposition is Disposition.RELEASED
    batch.lab.time.later(hours=5)
    batch.lab.do(Tick(), CLOCK)
    assert batch.kinds()[-1] == "notification overdue"
    review = batch.lab.tablet(RUTH).open(f"{batch.page}/review")
    assert "N1 to Treating physician (Mycoplasma culture, 28 days: growth) was not made by" in review.page.text
    shown = batch.lab.tablet(RUTH).open(f"{batch.page}/notifications")
    assert "too late, nobody told" in shown.page.text
    batch.lab.do(Tick(), CLOCK)
    assert batch.kinds().count("notification overdue") == 1
