"""Ends without an infusion: each first class, with a reason that can be counted, whatever was before."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import supply_commands as s
from batch_records.executed.batch import Disposition
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.endings import Ending
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.release.test_sign_off import RECIPE
from tests.batch_records.writing import larger
from tests.cast import ALICE, PETRA, QUINN


def begun() -> Play:
    """Return a batch that has begun."""
    return Play(larger(RECIPE), answers={"endotoxin": "1"}).start()


def released() -> Play:
    """Return a batch that was released."""
    play = begun().finish()
    play.review()
    play.release()
    return play


def stopped() -> Play:
    """Return a batch that a gate has ended."""
    play = begun()
    play.do(c.StopBatch(B, "Gate: end the batch"), QUINN)
    return play


def rejected() -> Play:
    """Return a batch that was rejected."""
    play = begun()
    play.do(c.RejectBatch(B, "blasts in it", play.batch.last.hash), PETRA)
    return play


def end(play: Play, ending: Ending, reason: str = "", conclusion: str = "in words", by: c.Person = QUINN) -> list[str]:
    reason = reason or ending.reasons[0]
    return kinds(play.do(s.EndBatch(B, ending, reason, conclusion, play.batch.last.hash), by))


@pytest.mark.parametrize(("ending", "reason"), [(each, reason) for each in Ending for reason in each.reasons])
def test_fact_19_a_batch_ends_without_infusion_for_a_reason_that_is_counted(ending: Ending, reason: str) -> None:
    """Failed, withdrawn, never used: each by each of its reasons, fratricide and contamination among them."""
    play = begun()
    assert end(play, ending, reason) == [f"batch {ending.value}"]
    assert play.batch.disposition.value == ending.value
    assert {"fratricide", "blast contamination", "microbial contamination"} < set(Ending.FAILED.reasons)
    with pytest.raises(Refused, match="nothing can be added"):
        play.do(c.HoldBatch(B, "late"), ALICE)


def test_fact_19_what_a_gate_ended_or_quality_rejected_gets_its_reason_after() -> None:
    """The gate says that it ended; quality says of what, once."""
    for play in (stopped(), rejected()):
        end(play, Ending.FAILED, "poor growth")
        assert play.batch.disposition is Disposition.FAILED
        with pytest.raises(Refused, match="the batch is failed: it cannot become “failed”"):
            end(play, Ending.FAILED)


def test_fact_21_never_used_is_a_valid_end_of_what_was_released() -> None:
    """Banked or made, released, kept, and not needed; its review and its release stand as they were signed."""
    play = released()
    assert end(play, Ending.NEVER_USED, "therapy not needed") == ["batch never used"]
    assert play.batch.disposition is Disposition.NEVER_USED
    assert not play.batch.amended
    with pytest.raises(Refused, match="cannot become “failed”"):
        end(released(), Ending.FAILED)


def test_an_end_has_a_reason_of_its_own_list_and_words() -> None:
    """No reason of one's own, no blank, and nobody but quality."""
    with pytest.raises(Malformed, match="choose why: poor growth"):
        end(begun(), Ending.FAILED, "bad luck")
    with pytest.raises(Malformed, match="say in words"):
        end(begun(), Ending.FAILED, conclusion=" ")
    with pytest.raises(Refused, match="quality reviewer"):
        end(begun(), Ending.FAILED, by=ALICE)
    with pytest.raises(Refused, match="has changed"):
        begun().do(s.EndBatch(B, Ending.FAILED, "other", "x", "another line"), QUINN)


def test_another_batch_is_made_in_the_place_of_one_that_came_to_nothing() -> None:
    """Failed, stopped or rejected: re-manufactured, and by which; what was released is not."""
    for play in (stopped(), rejected()):
        play.do(s.NameSuccessor(B, "B2"), ALICE)
        assert play.batch.disposition is Disposition.REMANUFACTURED
    with pytest.raises(Refused, match="nothing is made again in its place"):
        released().do(s.NameSuccessor(B, "B2"), ALICE)
