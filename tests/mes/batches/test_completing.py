"""Completing, verifying, sending back, correcting."""

from __future__ import annotations

import pytest

from tests.cast import ALICE, BOB
from tests.mes.laboratory import PASSWORD
from tests.mes.played import Played
from tests.mes.tablet import Tablet

VALUES = {"value.volume": "50", "value.look": "clear", "value.remark": "all well"}


@pytest.fixture
def tablet(batch: Played) -> Tablet:
    """Alice's tablet, at a batch whose volume is to be recorded."""
    batch.finish("1.5")
    return batch.lab.tablet(ALICE)


def step(batch: Played, key: str = "1.5") -> str:
    return f"{batch.page}/steps/{key}"


@pytest.mark.requirement("RQ-043")
def test_one_records_another_verifies_on_the_same_screen(batch: Played, tablet: Tablet) -> None:
    """Alice records and completes; Bob signs on her tablet, and the page shows both."""
    tablet.press(step(batch), "/values", VALUES)
    waiting = tablet.press(step(batch), "/complete")
    assert "waits for a second person" in waiting.page.text
    answer = tablet.send(waiting.form("/verification"), user="bob", password=PASSWORD)
    assert "Performed by Alice Operator" in answer.page.text
    assert "Verified by Bob Verifier" in answer.page.text
    assert answer.page.links["primary"] == step(batch, "1.6")


@pytest.mark.requirement("RQ-108")
def test_what_is_not_recorded_is_not_completed(batch: Played, tablet: Tablet) -> None:
    """A blank field is a blank field: the sentence names it."""
    fields = tablet.open(step(batch)).form("/values").fields
    answer = tablet.post(f"{step(batch)}/complete", {"csrf_token": fields["csrf_token"]})
    assert answer.status == 409
    assert "Volume of the culture" in answer.error


def test_a_wrong_password_keeps_the_name_and_signs_nothing(batch: Played, tablet: Tablet) -> None:
    """Bob mistypes: his name stays, the password does not, and he is asked again."""
    tablet.press(step(batch), "/values", VALUES)
    form = tablet.press(step(batch), "/complete").form("/verification")
    answer = tablet.send(form, user="bob", password="wrong", comment="looks well")
    again = answer.form("/verification").fields
    assert answer.status == 409
    assert "nothing was signed" in answer.error
    assert (again["user"], again["password"], again["comment"]) == ("bob", "", "looks well")
    assert batch.batch.run("1.5").verified is None


def test_it_is_sent_back_with_the_reason(batch: Played, tablet: Tablet) -> None:
    """Bob will not sign: he says why, signs that, and the step is open again."""
    tablet.press(step(batch), "/values", VALUES)
    form = tablet.press(step(batch), "/complete").form("/verification")
    signed = {"user": "bob", "password": PASSWORD, "answer": "send back"}
    assert "say what is to be put right" in tablet.send(form, signed).error.lower()
    answer = tablet.send(form, signed | {"comment": "the volume is not what the scale shows"})
    line = batch.lab.lines(batch.book)[-1]
    assert (line["kind"], line["signed"]["meaning"]) == ("step reopened", "not verified")
    assert batch.batch.run("1.5").reopened[0][1] == "the volume is not what the scale shows"
    assert answer.page.form("/complete")


def test_what_changed_while_he_looked_is_not_verified(batch: Played, tablet: Tablet) -> None:
    """The page that Bob looks at is old: Alice has corrected since, on another tablet."""
    tablet.press(step(batch), "/values", VALUES)
    form = tablet.press(step(batch), "/complete").form("/verification")
    batch.correct("1.5", "volume", "55 mL")
    batch.complete("1.5")
    answer = tablet.send(form, user="bob", password=PASSWORD)
    assert answer.status == 409
    assert "look at it again, then sign" in answer.error
    tablet.send(answer.form("/verification"), user="bob", password=PASSWORD)
    assert batch.batch.run("1.5").verified.author == "bob"


def test_a_step_that_somebody_completed_says_who(batch: Played, tablet: Tablet) -> None:
    """Two tablets at one step: the second is told who was first, and nothing it typed is lost."""
    other = batch.lab.tablet(BOB)
    form = other.open(step(batch)).form("/values")
    tablet.press(step(batch), "/values", VALUES)
    tablet.press(step(batch), "/complete")
    answer = other.send(form, VALUES | {"value.volume": "60"})
    assert answer.status == 409
    assert "was completed by Alice Operator" in answer.error


@pytest.mark.requirement("RQ-021")
def test_a_signed_step_asks_who_performs_it(batch: Played, tablet: Tablet) -> None:
    """The feed is signed by who did it, with name and password, then by the second person."""
    batch.finish("1.8")
    answer = tablet.press(step(batch, "1.8"), "/values", {"value.feed": "50"})
    form = answer.form("/complete")
    assert "password" in form.asks
    assert tablet.send(form, user="alice", password="wrong").status == 409
    assert tablet.post(f"{step(batch, '1.8')}/complete", {**form.fields, "tap": ""}).status == 409
    tablet.send(form, user="alice", password=PASSWORD)
    assert batch.batch.run("1.8").completed.signature.meaning == "performed"


@pytest.mark.requirement("RQ-007")
@pytest.mark.requirement("RQ-061")
def test_a_correction_strikes_through(batch: Played, tablet: Tablet) -> None:
    """50 becomes 55: the old value stays on the page, with who struck it and why."""
    tablet.press(step(batch), "/values", VALUES)
    answer = tablet.press(
        f"{step(batch)}?correct=volume",
        "/correction",
        {"value.volume": "55", "reason": "typing mistake", "why": "glove"},
    )
    assert batch.value("1.5", "volume") == "55 mL"
    assert "<del>" in answer.html
    assert "typing mistake: glove" in answer.page.text
    line = batch.lab.lines(batch.book, "value corrected")[-1]
    assert (line["body"]["was"], line["body"]["value"], line["reason"]) == ("50 mL", "55 mL", "typing mistake: glove")


@pytest.mark.requirement("RQ-075")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Say why the value is corrected"),
        ({"value.volume": "50"}, "is already recorded as 50 mL"),
        ({"value.volume": "much"}, "not a number"),
    ],
)
def test_a_correction_is_something_new_with_a_reason(
    batch: Played, tablet: Tablet, changes: dict[str, str], sentence: str
) -> None:
    """Refused without a reason, for the same value, or for no value; what was entered stays."""
    tablet.press(step(batch), "/values", VALUES)
    entered = {"value.volume": "55", "reason": "typing mistake"} | changes
    answer = tablet.press(f"{step(batch)}?correct=volume", "/correction", entered)
    assert answer.status in (400, 409)
    assert sentence in answer.error
    assert answer.form("/correction").fields["value.volume"] == entered["value.volume"]
    assert batch.value("1.5", "volume") == "50 mL"


@pytest.mark.requirement("RQ-100")
def test_a_correction_takes_the_signatures_back(batch: Played, tablet: Tablet) -> None:
    """A completed and verified step counts as unsigned until both have signed again."""
    batch.step("1.5")
    answer = tablet.press(
        f"{step(batch)}?correct=volume", "/correction", {"value.volume": "60", "reason": "typing mistake"}
    )
    assert "Verified by" not in answer.page.text
    assert batch.batch.run("1.5").verified is None
    assert batch.kinds()[-1] == "step reopened"


def test_a_value_of_a_reading_can_be_corrected(batch: Played, tablet: Tablet) -> None:
    """What an instrument gave is corrected like any other, and keeps the reading in its history."""
    assert batch.value("1.4", "viability")
    page = f"{step(batch, '1.4')}?correct=viability"
    tablet.press(page, "/correction", {"value.viability": "88", "reason": "measured again"})
    value = batch.batch.run("1.4").values["viability"]
    assert (value.text, len(value.history)) == ("88 %", 1)


def test_the_step_after_the_last_of_an_operation_is_offered(batch: Played, tablet: Tablet) -> None:
    """When a step is over, the big button leads to the next, wherever it is."""
    batch.finish("2.1")
    page = tablet.open(step(batch, "1.10")).page
    assert page.links["primary"] == step(batch, "2.1")
