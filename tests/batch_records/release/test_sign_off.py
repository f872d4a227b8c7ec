"""Review, release and rejection: by whom, on what they saw, in which order, and never over an objection."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Disposition
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role, Stage
from batch_records.release.criterion import CRITERIA
from tests.batch_records.child import child_at
from tests.batch_records.playing import RUTH, B, Play, kinds
from tests.batch_records.writing import larger
from tests.cast import ADAM, ALICE, BOB, DORA, LENA, MALLORY, PETRA, QUINN

RECIPE = """
- operation: 1 Receipt
  steps:
  - step: 1.1 Code
    check: {code: {ask: Code on the bag, matches: coi}}
    verified by: verifier
- operation: 2 Results
  steps:
  - step: 2.1 Endotoxin
    result: {endotoxin: {ask: Endotoxin, unit: EU/mL, limit: <= 5 EU/mL, class: CQA}}
    method: LAL
    performed by: analyst
  - step: 2.2 Sterility
    result: {sterility: {ask: Sterility, one of: [no growth, growth], limit: no growth, class: CQA, on action: hold}}
    method: Growth
    performed by: analyst
    needed for: final release
"""
EVERY_ROLE = frozenset(role.value for role in Role)


def whole(endotoxin: str = "1") -> Play:
    """Return a batch with every result in."""
    return Play(larger(RECIPE), answers={"endotoxin": endotoxin}).start().finish()


def early() -> Play:
    """Return a batch whose sterility is still awaited."""
    return Play(larger(RECIPE), answers={"endotoxin": "1"}).start().finish(until="2.2")


def conditional() -> Play:
    """Return a batch that was released conditionally."""
    play = early()
    play.review(Stage.CONDITIONAL)
    play.release(Stage.CONDITIONAL)
    return play


def test_a_batch_with_everything_in_is_reviewed_and_released() -> None:
    """The entry names every criterion that was asked."""
    play = whole()
    assert play.review() == [e.BatchReviewed("final release", read_to=str(play.batch.last.page - 1))]
    assert play.release() == [e.BatchReleased(tuple(CRITERIA))]
    assert play.batch.disposition is Disposition.RELEASED


@pytest.mark.requirement("RQ-091")
@pytest.mark.requirement("RQ-054")
def test_a_batch_may_leave_while_results_are_awaited_and_each_is_named() -> None:
    """The conditional release is an entry of its own, with what is pending."""
    play = early()
    play.review(Stage.CONDITIONAL)
    (released,) = play.release(Stage.CONDITIONAL)
    assert released == e.BatchConditionallyReleased(("Sterility",), tuple(CRITERIA))
    assert play.batch.disposition is Disposition.CONDITIONALLY_RELEASED


@pytest.mark.requirement("RQ-091")
def test_the_late_result_comes_in_and_the_batch_is_released_finally() -> None:
    """Reported after the conditional release, reviewed again, released again."""
    play = conditional().later(days=14).finish()
    with pytest.raises(Refused, match="release is blocked: changed since its last review"):
        play.release()
    play.review()
    assert kinds(play.release()) == ["batch released"]


@pytest.mark.requirement("RQ-092")
@pytest.mark.requirement("RQ-046")
def test_a_late_result_that_fails_is_recorded_and_holds_the_batch() -> None:
    """Growth after fourteen days: recorded, held, and the only way out is rejection."""
    play = conditional().later(days=14)
    assert kinds(play.report("2.2", sterility="growth")) == [
        "step started",
        "result reported",
        "deviation raised",
        "batch held",
    ]
    play.settle()
    play.complete("2.2")
    play.review()
    with pytest.raises(Refused, match="Sterility: growth is outside the action limit"):
        play.release()
    play.do(c.RejectBatch(B, "growth after 14 days", play.batch.last.hash), PETRA)
    assert play.batch.disposition is Disposition.REJECTED


def test_a_conditional_release_is_given_once() -> None:
    """The second is told where the batch stands."""
    play = conditional()
    play.review(Stage.CONDITIONAL)
    with pytest.raises(Refused, match="the batch is conditionally released already"):
        play.release(Stage.CONDITIONAL)


def test_with_every_result_in_nothing_is_conditional() -> None:
    """The sentence says what to do instead."""
    play = whole()
    play.review(Stage.CONDITIONAL)
    with pytest.raises(Refused, match="every result is in: review and release the batch finally"):
        play.release(Stage.CONDITIONAL)


@pytest.mark.requirement("RQ-044")
@pytest.mark.requirement("RQ-046")
def test_a_release_is_refused_with_everything_that_blocks_it() -> None:
    """Deviation, specification, review and missing steps, all in one sentence."""
    play = Play(larger(RECIPE), answers={"endotoxin": "7"}).start().finish(until="2.2")
    with pytest.raises(Refused) as caught:
        play.release()
    said = str(caught.value)
    assert said.startswith("release is blocked: ")
    parts = ("deviation D1 is still open", "not reviewed yet", "Endotoxin: 7 EU/mL is", "“Sterility” is ready")
    assert all(part in said for part in parts)


@pytest.mark.requirement("RQ-046")
def test_a_closed_deviation_does_not_make_a_failing_product_good() -> None:
    """Out of specification is rejected by default, whatever was concluded."""
    play = whole("7").settle()
    play.review()
    with pytest.raises(Refused, match="Endotoxin: 7 EU/mL is outside the action limit"):
        play.release()


@pytest.mark.parametrize("person", [ALICE, BOB, LENA, DORA, QUINN, ADAM, MALLORY])
@pytest.mark.requirement("RQ-090")
@pytest.mark.requirement("RQ-123")
def test_only_a_releaser_releases_or_rejects(person: Person) -> None:
    """Neither who did the work, nor who read it, nor who runs the system."""
    play = whole()
    play.review()
    with pytest.raises(Refused, match="the role “releaser”"):
        play.release(by=person)
    with pytest.raises(Refused, match="the role “releaser”"):
        play.do(c.RejectBatch(B, "no", play.batch.last.hash), person)


@pytest.mark.parametrize("person", [ALICE, BOB, LENA, DORA, PETRA, ADAM, MALLORY])
def test_only_a_reviewer_reviews(person: Person) -> None:
    """The peer is named by role."""
    with pytest.raises(Refused, match="the role “quality reviewer”"):
        whole().review(by=person)


@pytest.mark.parametrize("worker", [ALICE, BOB, LENA])
@pytest.mark.requirement("RQ-077")
def test_who_did_or_verified_any_of_it_neither_reviews_nor_releases(worker: Person) -> None:
    """Whatever other roles they hold: one who executes, verifies and approves is no control."""
    mighty = Person(worker.id, worker.name, EVERY_ROLE)
    play = whole()
    with pytest.raises(Refused, match=f"{worker.name} did some of the work: the batch is reviewed by another person"):
        play.review(by=mighty)
    play.review()
    with pytest.raises(Refused, match="the batch is released by another person"):
        play.release(by=mighty)


def test_who_verified_a_step_that_was_reopened_since_is_still_not_another() -> None:
    """Bob's signature no longer counts, his part in the work does."""
    play = whole()
    play.write([e.StepReopened("1.1", "look again")], ALICE)
    play.complete("1.1")
    play.verify("1.1", Person("carol", "Carol", EVERY_ROLE))
    with pytest.raises(Refused, match="Bob Verifier did some of the work"):
        play.review(by=Person(BOB.id, BOB.name, EVERY_ROLE))


@pytest.mark.parametrize(
    "command",
    [
        lambda seen: c.ReviewBatch(B, Stage.FINAL, seen),
        lambda seen: c.ReleaseBatch(B, Stage.FINAL, seen),
        lambda seen: c.RejectBatch(B, "no", seen),
    ],
)
@pytest.mark.requirement("RQ-017")
def test_only_the_record_that_was_seen_is_signed(command: object) -> None:
    """Something was written while the page was open: read it again, then sign."""
    assert callable(command)
    play = whole()
    play.review()
    seen = play.batch.last.hash
    play.do(c.AddComment(B, "wait"), ALICE)
    with pytest.raises(Refused, match="the record has changed since it was shown"):
        play.do(command(seen), Person("x", "X", EVERY_ROLE))


@pytest.mark.parametrize("change", ["a value", "a remark", "a deviation", "a hold", "a verification undone"])
@pytest.mark.requirement("RQ-100")
def test_a_review_is_out_of_date_after_any_change(change: str) -> None:
    """Whatever was written since has not been read."""
    play = early()
    play.review(Stage.CONDITIONAL)
    assert play.batch.review
    happens = {
        "a value": lambda: play.correct("2.1", "endotoxin", "2"),
        "a remark": lambda: play.do(c.AddComment(B, "x"), ALICE),
        "a deviation": lambda: play.do(c.RaiseDeviation(B, "x"), ALICE),
        "a hold": lambda: play.do(c.HoldBatch(B, "x"), ALICE),
        "a verification undone": lambda: play.write([e.StepReopened("1.1", "x")], BOB),
    }
    happens[change]()
    assert play.batch.review is None
    assert len(play.batch.reviews) == 1


def test_a_refused_attempt_does_not_undo_a_review() -> None:
    """Otherwise anybody could keep a child's cells from leaving by trying something silly."""
    play = whole()
    play.review()
    play.write([e.AttemptRefused("ReleaseBatch", "the role “releaser” is needed")], ALICE)
    assert play.batch.review
    assert kinds(play.release()) == ["batch released"]


@pytest.mark.requirement("RQ-062")
@pytest.mark.requirement("RQ-102")
def test_the_review_keeps_the_exceptions_that_were_read() -> None:
    """The signature stands under the list."""
    play = whole()
    play.do(c.AddComment(B, "fed early"), ALICE)
    (reviewed,) = play.review()
    assert reviewed == e.BatchReviewed("final release", ("remark: fed early",), str(play.batch.last.page - 1))


def test_a_rejection_says_why() -> None:
    """The conclusion is asked for."""
    play = whole()
    with pytest.raises(Malformed, match="say why the batch is rejected"):
        play.do(c.RejectBatch(B, "  ", play.batch.last.hash), PETRA)


@pytest.mark.parametrize("end", ["released", "rejected"])
def test_after_the_end_nothing_is_signed(end: str) -> None:
    """No second release, no rejection of what has left by this way."""
    play = whole()
    play.review()
    if end == "released":
        play.release()
    else:
        play.do(c.RejectBatch(B, "no", play.batch.last.hash), PETRA)
    for act in (play.review, play.release):
        with pytest.raises(Refused, match=f"batch B1 is {end}: nothing can be added"):
            act()


def test_the_childs_batch_is_released_in_two_stages() -> None:
    """The shipped recipe, from the order to the final release, with four results arriving late."""
    play = child_at("15.1")
    play.review(Stage.CONDITIONAL)
    (released,) = play.release(Stage.CONDITIONAL)
    assert isinstance(released, e.BatchConditionallyReleased)
    assert released.pending == (
        "Sterility, 14 days",
        "Vector copies",
        "Vector copies in each transduced cell",
        "Replication-competent lentivirus",
        "Clonotype",
    )
    play.later(days=28).finish()
    play.review(by=RUTH)
    play.release()
    assert play.batch.disposition is Disposition.RELEASED


def test_who_decided_at_a_gate_does_not_review_the_shipped_recipes_batch() -> None:
    """Quinn decided on the bag and on the harvest; a laboratory needs a second reviewer."""
    play = child_at("")
    with pytest.raises(Refused, match="Quinn Reviewer did some of the work"):
        play.review(by=QUINN)
