"""Review by exception, release in stages, rejection."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.batch import Disposition
from batch_records.master.recipe import Stage
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, PETRA, QUINN
from tests.mes.laboratory import PASSWORD
from tests.mes.played import Played
from tests.mes.tablet import Answer


@pytest.fixture
def gating(batch: Played) -> Played:
    """A batch with everything done but the result that arrives later."""
    return batch.finish("3.1")


def review(batch: Played, person: c.Person = RUTH, **values: str) -> Answer:
    signed = {"user": person.id, "password": PASSWORD}
    return batch.lab.tablet(person).press(f"{batch.page}/review", "/review", signed | values)


def release(batch: Played, stage: str, person: c.Person = PETRA, **values: str) -> Answer:
    signed = {"user": person.id, "password": PASSWORD}
    return batch.lab.tablet(person).press(f"{batch.page}/release", f"/release/{stage}", signed | values)


@pytest.mark.requirement("RQ-091")
@pytest.mark.requirement("RQ-054")
def test_a_batch_is_released_in_two_stages(gating: Played) -> None:
    """Reviewed and released while sterility is awaited, then, with the result, finally."""
    assert review(gating).path == f"{gating.page}/release"
    answer = release(gating, "conditional")
    assert gating.batch.disposition is Disposition.CONDITIONALLY_RELEASED
    assert "conditionally released, awaiting" in answer.page.text
    gating.finish()
    review(gating)
    release(gating, "final")
    assert gating.batch.disposition is Disposition.RELEASED
    meanings = [line["signed"]["meaning"] for line in gating.lab.lines(gating.book) if "signed" in line][-4:]
    assert meanings == ["verified", "verified", "reviewed", "released"] or meanings[-2:] == ["reviewed", "released"]
    assert gating.lab.verify().holds


@pytest.mark.requirement("RQ-102")
def test_the_review_lists_exceptions_and_counts_what_passed(batch: Played) -> None:
    """A value out of limits, a correction and a typed value are listed, each a tap from its step."""
    batch.finish("1.5").enter("1.5", volume="5 mL")
    batch.correct("1.5", "volume", "6 mL")
    answer = batch.lab.tablet(RUTH).open(f"{batch.page}/review")
    assert "6 mL" in answer.page.text
    assert f'href="{batch.page}/steps/1.5"' in answer.html
    assert "checks passed" in answer.page.text


def test_the_review_says_what_keeps_it_from_being_signed(batch: Played) -> None:
    """While something would block release, signing the review is of no use, and it says what."""
    batch.finish("1.5").enter("1.5", volume="5 mL")
    answer = batch.lab.tablet(RUTH).open(f"{batch.page}/review")
    assert "Before it can be signed" in answer.page.text
    assert "eviation D1 is still open" in answer.page.text
    assert answer.page.form("/review") is None


@pytest.mark.requirement("RQ-077")
def test_who_did_some_of_the_work_does_not_review_it(gating: Played) -> None:
    """Quinn decided on the harvest; another person of quality reviews."""
    answer = review(gating, QUINN)
    assert answer.status == 409
    assert "did some of the work" in answer.error


@pytest.mark.requirement("RQ-077")
def test_a_review_that_is_out_of_date_does_not_count(gating: Played) -> None:
    """Corrected after the review: it is reviewed again before anything is released."""
    review(gating)
    gating.correct("1.5", "remark", "all was well")
    gating.complete("1.5")
    gating.verify("1.5")
    shown = gating.lab.tablet(PETRA).open(f"{gating.page}/release")
    assert shown.page.form("/release/conditional") is None
    with pytest.raises(Exception, match="release is blocked"):
        gating.release(Stage.CONDITIONAL)


@pytest.mark.requirement("RQ-044")
def test_release_is_refused_while_a_deviation_is_open(gating: Played) -> None:
    """The page says what blocks and has no button; what is sent all the same is refused."""
    gating.do(c.RaiseDeviation(gating.number, "the lamp flickered"), ALICE)
    tablet = gating.lab.tablet(PETRA)
    shown = tablet.open(f"{gating.page}/release")
    assert "Deviation D1 is still open" in shown.page.text
    assert shown.page.form("/release/conditional") is None
    fields = {"csrf_token": shown.form("/lock").fields["csrf_token"], "seen": gating.batch.last.hash}
    signed = {"user": "petra", "password": PASSWORD}
    answer = tablet.post(f"{gating.page}/release/conditional", fields | signed)
    assert answer.status == 409
    assert "Release is blocked" in answer.page.text
    assert gating.batch.disposition is Disposition.IN_PROCESS
    assert "release is blocked" in gating.lab.refusals(gating.book)[-1]


def test_the_final_release_waits_for_the_last_result(gating: Played) -> None:
    """Before sterility is in there is only the conditional release."""
    review(gating)
    tablet = gating.lab.tablet(PETRA)
    shown = tablet.open(f"{gating.page}/release")
    assert shown.page.form("/release/final") is None
    signed = shown.form("/release/conditional").fields | {"user": "petra", "password": PASSWORD}
    answer = tablet.post(f"{gating.page}/release/final", signed)
    assert answer.status == 409


@pytest.mark.requirement("RQ-090")
@pytest.mark.requirement("RQ-066")
@pytest.mark.parametrize("person", [QUINN, ALICE])
def test_only_a_releaser_releases(gating: Played, person: c.Person) -> None:
    """The signature that lets a batch go is one person's."""
    review(gating)
    tablet = gating.lab.tablet(person)
    shown = tablet.open(f"{gating.page}/release")
    assert shown.page.form("/release/conditional") is None
    fields = {"csrf_token": shown.form("/lock").fields["csrf_token"], "seen": gating.batch.last.hash}
    signed = {"user": person.id, "password": PASSWORD}
    assert tablet.post(f"{gating.page}/release/conditional", fields | signed).status == 409


@pytest.mark.requirement("RQ-017")
def test_a_release_binds_to_the_record_that_was_seen(gating: Played) -> None:
    """Somebody remarks while Petra reads: she reads it again before she signs."""
    review(gating)
    tablet = gating.lab.tablet(PETRA)
    form = tablet.open(f"{gating.page}/release").form("/release/conditional")
    gating.send(c.HoldBatch(gating.number, "a doubt"), RUTH)
    answer = tablet.send(form, user="petra", password=PASSWORD)
    assert answer.status == 409
    assert gating.batch.disposition is Disposition.IN_PROCESS


@pytest.mark.requirement("RQ-046")
def test_a_batch_is_rejected_with_the_reason(gating: Played) -> None:
    """Petra rejects: for good, with why; nothing is recorded after it."""
    tablet, signed = gating.lab.tablet(PETRA), {"user": "petra", "password": PASSWORD}
    empty = tablet.press(f"{gating.page}/release", "/rejection", signed | {"comment": " "})
    assert empty.status == 400
    assert "say why the batch is rejected" in empty.error.lower()
    tablet.press(f"{gating.page}/release", "/rejection", signed | {"comment": "sterility in doubt"})
    assert gating.batch.disposition is Disposition.REJECTED
    assert gating.lab.lines(gating.book)[-1]["signed"]["meaning"] == "rejected"
    with pytest.raises(Exception, match="nothing can be added"):
        gating.report("3.1", sterility="no growth")


def test_after_the_end_only_remarks_are_possible(batch: Played) -> None:
    """A released batch is closed; a remark still stands in its record."""
    batch.finish().review()
    batch.release()
    batch.do(c.AddComment(batch.number, "arrived well"), ALICE)
    tablet = batch.lab.tablet(PETRA)
    shown = tablet.open(f"{batch.page}/release")
    assert shown.page.form("/release/final") is None
    assert shown.page.form("/rejection") is None
    assert batch.lab.verify().holds


def test_a_stage_that_is_none_is_given_back(gating: Played) -> None:
    """What is no stage of release is not understood, and nothing fails."""
    form = gating.lab.tablet(RUTH).open(f"{gating.page}/review").form("/review")
    tablet = gating.lab.tablet(RUTH)
    fields = form.fields | {"csrf_token": tablet.open("/batches/").form("/lock").fields["csrf_token"]}
    answer = tablet.post(form.action, fields | {"stage": "tomorrow", "user": "ruth", "password": PASSWORD})
    assert answer.status == 400
