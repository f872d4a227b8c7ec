"""The criteria of release, found and not listed: each has a batch that meets it and one that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from batch_records.executed import commands as c
from batch_records.executed.batch import Batch
from batch_records.master.recipe import Stage
from batch_records.release import criteria
from batch_records.release.assess import assess
from batch_records.release.criterion import CRITERIA, Blocks, Pending, criterion
from tests.batch_records.executed.test_waivers import RECIPE as WAIVED
from tests.batch_records.playing import B, Play
from tests.batch_records.writing import larger
from tests.cast import ALICE

RECIPE = """
- operation: 1 Receipt
  steps:
  - step: 1.1 Code
    check: {code: {ask: Code on the bag, matches: coi}}
  - step: 1.2 Volume
    record: {volume: {unit: mL, limit: ">= 50 mL"}}
    verified by: verifier
- operation: 2 Days
  repeat: {until: gate, is: enough, at most: 3}
  steps:
  - step: 2.1 Gate
    decide: {gate: {choices: {enough: , another: }}}
- operation: 3 Results
  steps:
  - step: 3.1 Endotoxin
    result: {endotoxin: {ask: Endotoxin, unit: EU/mL, limit: <= 5 EU/mL, class: CQA}}
    method: LAL
    performed by: analyst
  - step: 3.2 Sterility
    after: []
    result: {sterility: {ask: Sterility, one of: [no growth, growth], limit: no growth, class: CQA}}
    method: Growth
    performed by: analyst
    needed for: final release
"""


def batch(**answers: str) -> Play:
    """Return a batch with everything done, and reviewed for its final release."""
    play = Play(larger(RECIPE), answers={"endotoxin": "1"} | answers).start().finish()
    play.review()
    return play


def stage_of(play: Play, sentence: str) -> tuple[str, ...]:
    """Return what a criterion finds before the final release."""
    (found,) = [each for each in assess(play.batch, Stage.FINAL) if each.criterion == sentence]
    assert found.is_met is not bool(found.blocks)
    return tuple(finding.sentence for finding in found.findings)


def open_deviation() -> Play:
    """A volume out of its limit that nobody looked at."""
    return batch(volume="5")


def mismatch() -> Play:
    """A scan of another child's code, and quality lifted the hold."""
    play = Play(larger(RECIPE)).start()
    play.scan("1.1", "code", "COI-2")
    return play.settle()


def no_scan() -> Play:
    """Nothing was scanned yet."""
    return Play(larger(RECIPE)).start()


def on_hold() -> Play:
    """Somebody saw a reason."""
    play = batch()
    play.do(c.HoldBatch(B, "alarm"), ALICE)
    return play


def not_reviewed() -> Play:
    """Everything is done and nobody has read it."""
    return Play(larger(RECIPE), answers={"endotoxin": "1"}).start().finish()


def changed_since() -> Play:
    """A remark after the review."""
    play = batch()
    play.do(c.AddComment(B, "noisy"), ALICE)
    return play


def for_another_stage() -> Play:
    """Read for the conditional release only."""
    play = not_reviewed()
    play.review(Stage.CONDITIONAL)
    return play


def out_of_specification() -> Play:
    """Endotoxin above its limit, and the deviation concluded."""
    play = Play(larger(RECIPE), answers={"endotoxin": "7"}).start().finish().settle()
    play.review()
    return play


def not_verified() -> Play:
    """The volume is recorded and completed, and nobody checked it."""
    play = Play(larger(RECIPE)).start().step("1.1").work("1.2")
    play.complete("1.2")
    return play


def still_repeating() -> Play:
    """Another round was decided on."""
    play = Play(larger(RECIPE), answers={"gate": "another"}).start().step("1.1").step("1.2")
    return play.step("2.1")


def waived_by_nobody() -> Play:
    """A gate was met when it was decided, and its value was corrected since."""
    play = Play(larger(WAIVED), answers={"blasts": "2", "endotoxin": "1"}).start().finish()
    play.correct("1.2", "blasts", "8")
    play.settle().complete("1.2")
    return play


FAILS: dict[str, list[tuple[Callable[[], Play], str]]] = {
    "Every deviation is closed": [(open_deviation, "deviation D1 is still open: Volume: 5 mL is outside")],
    "Every identity check matches": [
        (mismatch, "step 1.1: COI-2 was scanned, and it must be COI-1"),
        (no_scan, "no identity was checked in this batch"),
    ],
    "Every gate is met, or waived by two people": [
        (waived_by_nobody, "step 1.3: “collect” was decided without what it needs, and without its waiver")
    ],
    "The batch is not on hold": [(on_hold, "the batch is on hold: alarm")],
    "The record has been reviewed since its last change": [
        (not_reviewed, "not reviewed yet"),
        (changed_since, "changed since its last review"),
        (for_another_stage, "reviewed for conditional release, not for final release"),
    ],
    "Every quality attribute is within its specification": [
        (out_of_specification, "Endotoxin: 7 EU/mL is outside the action limit (limit ≤ 5 EU/mL)")
    ],
    "Every step is done and verified, every result needed is in": [
        (not_verified, "step 1.2 “Volume” is to be verified"),
        (not_verified, "step 3.1 “Endotoxin” is waiting"),
        (still_repeating, "operation 2 “Days” has not ended"),
    ],
}


@pytest.mark.parametrize("sentence", CRITERIA)
@pytest.mark.requirement("RQ-042")
def test_a_sound_batch_meets_the_criterion(sentence: str) -> None:
    """Nothing stands in the way of a batch with everything done, read and in order."""
    assert stage_of(batch(), sentence) == ()


@pytest.mark.parametrize(
    ("sentence", "make", "said"), [(sentence, *case) for sentence, cases in FAILS.items() for case in cases]
)
@pytest.mark.requirement("RQ-044")
@pytest.mark.requirement("RQ-046")
@pytest.mark.requirement("RQ-054")
def test_a_batch_that_does_not_meet_it_is_told_why(sentence: str, make: Callable[[], Play], said: str) -> None:
    """Each criterion has a batch that fails it, and a sentence that a person can act on."""
    assert any(said in found for found in stage_of(make(), sentence))


def test_every_criterion_has_a_batch_that_fails_it() -> None:
    """Who adds a criterion adds a batch that it stops."""
    assert set(FAILS) == set(CRITERIA)


def test_each_file_of_the_folder_is_a_criterion() -> None:
    """Adding a file adds a criterion; nothing else has to be told."""
    files = {path.stem for path in Path(criteria.__file__).parent.glob("*.py")} - {"__init__"}
    assert {ask.__module__.rpartition(".")[2] for ask in CRITERIA.values()} == files


@pytest.mark.parametrize("sentence", CRITERIA)
def test_a_criterion_is_a_sentence_and_its_file_says_what_it_is_for(sentence: str) -> None:
    """The certificate prints the sentence; the file opens with its reason."""
    assert sentence[0].isupper()
    assert CRITERIA[sentence].__doc__


def test_two_criteria_cannot_say_the_same() -> None:
    """The application does not start with a criterion that hides another."""
    with pytest.raises(ValueError, match="two criteria say “The batch is not on hold”"):
        criterion("The batch is not on hold")(lambda _batch, _stage: iter(()))


def test_a_finding_names_the_step_where_it_is_put_right() -> None:
    """One tap from the reason to the place."""
    (found,) = [each for each in assess(not_verified().batch, Stage.FINAL) if "Every step" in each.criterion]
    assert [finding.step for finding in found.findings][:2] == ["1.2", "2.1"]


@pytest.mark.requirement("RQ-091")
@pytest.mark.requirement("RQ-054")
def test_a_result_that_only_the_final_release_needs_is_pending_before() -> None:
    """It does not stand in the way of the conditional release, and is named."""
    play = Play(larger(RECIPE), answers={"endotoxin": "1"}).start().finish(until="3.2")
    (found,) = [each for each in assess(play.batch, Stage.CONDITIONAL) if "Every step" in each.criterion]
    assert found.findings == (Pending("Sterility", "“Sterility” is awaited", "3.2"),)
    assert found.is_met
    (found,) = [each for each in assess(play.batch, Stage.FINAL) if "Every step" in each.criterion]
    assert found.findings == (Blocks("step 3.2 “Sterility” is ready", "3.2"),)


def test_a_late_result_that_is_out_stops_the_conditional_release_too() -> None:
    """Growth found before the release is not awaited, it is there."""
    play = Play(larger(RECIPE), answers={"endotoxin": "1"}).start().finish(until="3.2")
    play.report("3.2", sterility="growth")
    blocks = [finding for each in assess(play.batch, Stage.CONDITIONAL) for finding in each.blocks]
    assert any("Sterility: growth is outside the action limit" in finding.sentence for finding in blocks)


def test_a_closed_deviation_stands_in_no_way() -> None:
    """The volume was low, quality concluded, and the product is within its specification."""
    play = Play(larger(RECIPE), answers={"endotoxin": "1", "volume": "5"}).start().finish().settle()
    play.review()
    assert all(assessed.is_met for assessed in assess(play.batch, Stage.FINAL))


def test_assessing_changes_nothing() -> None:
    """Asking whether a batch may leave releases nothing."""
    before: Batch = batch().batch
    shown = repr(before)
    assess(before, Stage.FINAL)
    assert repr(before) == shown
