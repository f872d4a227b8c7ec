"""An approval binds to a version of the record: a correction meanwhile makes it stale, and it is refused.

``MES_STALE=200`` in the environment plays that many rounds instead of a few.
"""

from __future__ import annotations

import os

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from tests.batch_records.playing import RUTH
from tests.cast import ALICE
from tests.mes.laboratory import PASSWORD
from tests.mes.played import Played
from tests.mes.test_concurrency import at_once, refusals

ROUNDS = int(os.environ.get("MES_STALE", "20"))


@pytest.mark.requirement("RQ-017")
@pytest.mark.requirement("RQ-077")
def test_a_review_is_of_the_record_that_was_seen_or_is_not_given(batch: Played) -> None:
    """Ruth signs while Alice corrects, again and again: each review that stands names the very line before it."""
    batch.finish()
    for number in range(ROUNDS):
        seen = batch.batch.last.hash
        review = c.ReviewBatch(batch.number, Stage.FINAL, seen)
        correction = c.CorrectValue(batch.number, "1.5", "remark", f"seen {number} times", "misread")
        answers = at_once(
            lambda review=review, seen=seen: batch.lab.do(review, RUTH, seen=seen),
            lambda correction=correction: batch.lab.do(correction, ALICE),
        )
        assert all("changed since it was shown" in sentence for sentence in refusals(answers))
        assert batch.batch.review is None  # the correction came after it, or instead of it
    hashes = {stamp.page: stamp.hash for stamp, _ in batch.entries()}
    for stamp, _ in batch.batch.reviews:
        assert stamp.signature
        assert stamp.signature.seen == hashes[stamp.page - 1]
        assert stamp.page in batch.batch.amended
    assert batch.lab.verify().holds


@pytest.mark.requirement("RQ-077")
def test_a_stale_page_is_answered_with_a_sentence(batch: Played) -> None:
    """Ruth's page is from before the correction: 409, what to do, and nothing is signed."""
    batch.finish()
    tablet = batch.lab.tablet(RUTH)
    form = tablet.open(f"{batch.page}/review").form("/review")
    batch.correct("1.5", "remark", "all was well", "misread")
    answer = tablet.send(form, user="ruth", password=PASSWORD)
    assert answer.status == 409
    assert "read it again, then sign" in answer.error or "does not verify" not in answer.error
    assert not batch.batch.reviews


@pytest.mark.requirement("RQ-062")
@pytest.mark.requirement("RQ-100")
def test_a_review_that_was_overtaken_appears_unsigned(batch: Played) -> None:
    """It stays readable, struck through, with the time of the change since which it counts no more."""
    batch.finish().review()
    batch.lab.time.later(minutes=7)
    batch.correct("1.5", "remark", "all was well", "misread")
    page = batch.lab.tablet(RUTH).open(f"{batch.page}/review")
    assert "<del>reviewed for final release</del>" in page.html
    assert "unsigned until signed again" in page.page.text
    with pytest.raises(Refused, match="release is blocked"):
        batch.release()


@pytest.mark.requirement("RQ-077")
def test_the_reviews_signature_says_up_to_which_line_the_trail_was_read(batch: Played) -> None:
    """The page shows the line before she signs; the entry keeps it, and the signature its hash."""
    batch.finish()
    last = batch.batch.last
    assert f"up to line {last.page}" in batch.lab.tablet(RUTH).open(f"{batch.page}/review").page.text
    batch.review()
    line = batch.lab.lines(batch.book, "batch reviewed")[-1]
    assert (line["body"]["read_to"], line["signed"]["seen"]) == (str(last.page), last.hash)
