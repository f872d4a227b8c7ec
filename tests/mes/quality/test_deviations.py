"""Deviations and holds: reported, explained, concluded, lifted."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from tests.cast import ALICE, BOB, LENA, PETRA, QUINN
from tests.mes.laboratory import INES, PASSWORD
from tests.mes.played import Played
from tests.mes.tablet import Answer, Tablet

ANSWERS = {"conclusion": "no effect", "impact": "none", "other_batches": "none, as it was this bag"}


@pytest.fixture
def deviating(batch: Played) -> Played:
    """A batch with an open deviation."""
    batch.finish("1.5").enter("1.5", volume="5 mL")
    return batch


def page(batch: Played) -> str:
    return f"{batch.page}/deviations/D1"


def close(batch: Played, tablet: Tablet, **values: str) -> Answer:
    signed = {"user": "quinn", "password": PASSWORD}
    return tablet.press(page(batch), "/closing", signed | ANSWERS | values)


@pytest.mark.requirement("RQ-032")
def test_anybody_at_work_reports_what_departed(batch: Played) -> None:
    """From the step Alice is in, in her words; quality finds it in the list of all."""
    tablet = batch.lab.tablet(ALICE)
    report = f"{batch.page}/deviations/report?step=1.1"
    answer = tablet.press(report, "/deviations", happened="the bag leaked; wiped up")
    assert answer.path == batch.page
    row = batch.lab.tablet(QUINN).open("/deviations").page.text
    assert "the bag leaked; wiped up" in row
    assert "1 open, 0 closed" in row


def test_a_report_without_words_is_none(batch: Played) -> None:
    """An empty report is given back."""
    tablet = batch.lab.tablet(ALICE)
    assert tablet.press(f"{batch.page}/deviations/report", "/deviations", happened=" ").status == 400
    assert not batch.batch.deviations


def test_the_batch_page_leads_to_the_report(batch: Played) -> None:
    """The button “Report a deviation” opens the page that asks what happened."""
    tablet = batch.lab.tablet(ALICE)
    link = tablet.open(batch.page).html.split('">Report a deviation')[0].rsplit('href="', 1)[1]
    assert tablet.open(link).status == 200


@pytest.mark.requirement("RQ-044")
def test_it_is_explained_then_closed(deviating: Played) -> None:
    """Alice explains; Quinn concludes with effect and other batches, and signs."""
    quinn = deviating.lab.tablet(QUINN)
    assert "It is explained first" in quinn.open(page(deviating)).page.text
    deviating.lab.tablet(ALICE).press(page(deviating), "/explanation", explanation="the pump stopped")
    answer = close(deviating, quinn)
    assert "the pump stopped" in answer.page.text
    assert "Impact: none" in answer.page.text
    line = deviating.lab.lines(deviating.book, "deviation closed")[-1]
    assert (line["author"], line["signed"]["meaning"]) == ("quinn", "approved")
    assert deviating.lab.verify().holds


@pytest.mark.requirement("RQ-044")
@pytest.mark.parametrize("missing", list(ANSWERS))
def test_each_question_is_answered(deviating: Played, missing: str) -> None:
    """Without conclusion, effect or other batches it stays open, and what was typed stays on the page."""
    deviating.do(c.ExplainDeviation(deviating.number, "D1", "the pump stopped"), ALICE)
    answer = close(deviating, deviating.lab.tablet(QUINN), **{missing: " "})
    assert answer.status == 400
    assert "a deviation is closed with" in answer.error.lower()
    kept = answer.form("/closing").fields
    assert {name: kept[name] for name in ANSWERS if name != missing} == {
        name: text for name, text in ANSWERS.items() if name != missing
    }
    assert not deviating.batch.deviations["D1"].closed


def test_a_wrong_password_closes_nothing(deviating: Played) -> None:
    """The sentence is on the page, with all that was typed."""
    deviating.do(c.ExplainDeviation(deviating.number, "D1", "the pump stopped"), ALICE)
    answer = close(deviating, deviating.lab.tablet(QUINN), password="wrong")
    assert answer.status == 409
    assert "nothing was signed" in answer.error
    assert answer.form("/closing").fields["conclusion"] == "no effect"


@pytest.mark.requirement("RQ-009")
@pytest.mark.parametrize("person", [ALICE, LENA, PETRA, INES])
def test_only_a_reviewer_closes(deviating: Played, person: c.Person) -> None:
    """The form is not there for others, and what they send is refused."""
    deviating.do(c.ExplainDeviation(deviating.number, "D1", "the pump stopped"), ALICE)
    tablet = deviating.lab.tablet(person)
    shown = tablet.open(page(deviating))
    assert shown.page.form("/closing") is None
    fields = {"csrf_token": shown.form("/lock").fields["csrf_token"], "seen": deviating.batch.last.hash}
    signed = {"user": person.id, "password": PASSWORD}
    assert tablet.post(f"{page(deviating)}/closing", fields | signed | ANSWERS).status in (403, 409)


def test_a_closed_deviation_stays_closed(deviating: Played) -> None:
    """It is neither explained again nor closed again."""
    deviating.settle()
    shown = deviating.lab.tablet(QUINN).open(page(deviating))
    assert shown.page.form("/explanation") is None
    assert shown.page.form("/closing") is None


def test_the_list_shows_open_ones_and_all(deviating: Played) -> None:
    """Closed ones are a tap away."""
    deviating.settle()
    tablet = deviating.lab.tablet(QUINN)
    assert "No deviation here" in tablet.open("/deviations").page.text
    assert "D1" in tablet.open("/deviations?show=all").page.text
    assert tablet.open(f"{deviating.page}/deviations/D9").status == 404


# --- holds --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-036")
def test_quality_holds_a_batch_and_lifts_the_hold(batch: Played) -> None:
    """Quinn signs why; nothing is started meanwhile; Quinn signs why it may go on."""
    tablet, signed = batch.lab.tablet(QUINN), {"user": "quinn", "password": PASSWORD}
    held = tablet.press(batch.page, "/hold", signed | {"comment": "the certificate is missing"})
    assert "Held since" in held.page.text
    assert "the certificate is missing" in held.page.text
    assert batch.lab.lines(batch.book, "batch held")[-1]["signed"]["meaning"] == "held"
    answer = batch.lab.tablet(ALICE).open(f"{batch.page}/steps/1.1")
    assert answer.page.form("/complete") is None
    free = tablet.press(batch.page, "/hold/end", signed | {"comment": "it is here"})
    assert "Held since" not in free.page.text
    assert not batch.batch.holds


@pytest.mark.parametrize("ending", ["/hold", "/hold/end"])
def test_a_hold_is_refused_where_it_was_typed(batch: Played, ending: str) -> None:
    """A wrong password, or no reason: a sentence on the batch's page, with the words that were typed."""
    tablet = batch.lab.tablet(QUINN)
    if ending == "/hold/end":
        batch.do(c.HoldBatch(batch.number, "a doubt"), QUINN)
    wrong = tablet.press(batch.page, ending, user="quinn", password="wrong", comment="in many words")
    assert wrong.status == 409
    assert "nothing was signed" in wrong.error
    assert wrong.form(ending).fields["comment"] == "in many words"
    empty = tablet.press(batch.page, ending, user="quinn", password=PASSWORD, comment=" ")
    assert empty.status == 400
    assert "say why" in empty.error.lower()


def test_a_deviation_that_holds_is_closed_before_the_hold_is_lifted(batch: Played) -> None:
    """What held the batch is concluded first."""
    batch.finish("1.8").enter("1.8", feed="99 mL")
    tablet = batch.lab.tablet(QUINN)
    answer = tablet.press(batch.page, "/hold/end", user="quinn", password=PASSWORD, comment="it will do")
    assert answer.status == 409
    assert "Deviation D1 holds the batch" in answer.error


def test_alice_cannot_lift_what_quality_holds(batch: Played) -> None:
    """The button is quality's, and so is the right."""
    batch.do(c.HoldBatch(batch.number, "a doubt"), QUINN)
    tablet = batch.lab.tablet(ALICE)
    shown = tablet.open(batch.page)
    assert shown.page.form("/hold/end") is None
    fields = {"csrf_token": shown.form("/lock").fields["csrf_token"], "seen": batch.batch.last.hash}
    signed = {"user": "bob", "password": PASSWORD, "comment": "why not"}
    assert tablet.post(f"{batch.page}/hold/end", fields | signed).status == 409
    assert batch.lab.refusals(batch.book)
    assert batch.lab.lines(batch.book)[-1]["author"] == BOB.id
