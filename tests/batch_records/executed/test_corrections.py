"""Corrections: the old value stays, what rests on it is computed and judged again and reopened, and nothing else."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import StepState
from batch_records.executed.draft import Malformed, Refused
from batch_records.values.limit import Verdict
from tests.batch_records.child import child_at
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import larger, small
from tests.cast import ALICE, BOB, LENA

CHAIN = """
- step: 1.1 Volume
  record: {volume: {unit: mL, limit: ">= 1 mL"}, other: {unit: mL}}
  verified by: verifier
- step: 1.2 Density
  record: {density: {unit: cells/mL}}
- step: 1.3 Cells
  calculate:
    cells: {formula: density * volume, unit: cells, round: down to 1}
    twice: {formula: 2 * cells, unit: cells, round: down to 1, limit: <= 5000 cells}
  verified by: verifier
- step: 1.4 Fill
  record: {fill: {unit: mL, limit: within 10 % of volume}, beside: {unit: mL, limit: <= other}}
- step: 1.5 Look
  do: Look
"""
GIVEN = {"volume": "10", "other": "10", "density": "100", "fill": "10", "beside": "1"}


def chain() -> Play:
    """Return a batch with every step done."""
    return Play(small(CHAIN), answers=dict(GIVEN)).start().finish()


def states(play: Play) -> list[str]:
    """Return the state of each step."""
    return [play.batch.run(key).state.value for key in play.recipe.steps]


@pytest.mark.requirement("RQ-007")
@pytest.mark.requirement("RQ-075")
def test_a_correction_keeps_what_it_corrects() -> None:
    """What it was, where that stands, who corrected it, when and why."""
    play = chain()
    page = play.batch.run("1.1").values["volume"].stamp.page
    entries = play.correct("1.1", "volume", "11", "the scale was not at zero", BOB)
    assert entries[0] == e.ValueCorrected(
        "1.1", "volume", "11 mL", Verdict.WITHIN, "limit ≥ 1 mL", was="10 mL", corrects=page
    )
    value = play.batch.run("1.1").values["volume"]
    assert (value.stamp.author, value.stamp.reason) == ("bob", "the scale was not at zero")
    assert [(old.text, old.stamp.page) for old in value.history] == [("10 mL", page)]


@pytest.mark.requirement("RQ-100")
def test_what_rests_on_it_is_computed_and_judged_again_and_reopened_and_nothing_else() -> None:
    """Through two calculations and a limit; the density, what is beside, and the last step stay as they were signed."""
    play = chain()
    entries = play.correct("1.1", "volume", "20")
    assert [(e.kind(entry), getattr(entry, "step", "")) for entry in entries] == [
        ("value corrected", "1.1"),
        ("step reopened", "1.1"),
        ("value calculated", "1.3"),
        ("step reopened", "1.3"),
        ("value calculated", "1.3"),
        ("value judged", "1.4"),
        ("deviation raised", "1.4"),
        ("step reopened", "1.4"),
    ]
    assert (play.value("1.3", "cells"), play.value("1.3", "twice")) == ("2000 cells", "4000 cells")
    assert play.batch.run("1.4").values["fill"].verdict is Verdict.ACTION
    assert states(play) == ["in progress", "completed", "in progress", "in progress", "completed"]


def test_the_reopened_step_says_because_of_what() -> None:
    """Its performer reads it on the tablet."""
    play = chain()
    play.correct("1.1", "volume", "20")
    ((_, because),) = play.batch.run("1.3").reopened
    assert because == "“Volume” was corrected from 10 mL to 20 mL"


def test_a_reopened_step_is_completed_and_verified_anew() -> None:
    """The old signatures no longer count."""
    play = chain()
    play.correct("1.1", "volume", "11")
    for key in ("1.1", "1.3"):
        play.complete(key)
        play.verify(key)
    play.complete("1.4")
    assert play.batch.run("1.3").state is StepState.VERIFIED
    assert play.next() is None


def test_what_nothing_rests_on_reopens_only_its_own_step() -> None:
    """The density of a value that only one limit names judges that one again."""
    play = chain()
    assert kinds(play.correct("1.1", "other", "9")) == [
        "value corrected",
        "step reopened",
        "value judged",
        "step reopened",
    ]
    assert states(play) == ["in progress", "completed", "verified", "in progress", "completed"]


def test_a_limit_whose_words_stay_the_same_is_not_judged_again() -> None:
    """More digits of the same volume: the inputs of the calculation change, the number and the verdict do not."""
    play = chain()
    entries = play.correct("1.1", "volume", "10.0", "all digits")
    assert [(e.kind(entry), getattr(entry, "step", "")) for entry in entries] == [
        ("value corrected", "1.1"),
        ("step reopened", "1.1"),
        ("value calculated", "1.3"),
        ("step reopened", "1.3"),
        ("step reopened", "1.4"),
    ]
    inputs = play.batch.run("1.3").values["cells"].entry
    assert isinstance(inputs, e.ValueCalculated)
    assert inputs.inputs["volume"] == "10.0 mL"


def test_a_verdict_may_also_become_good() -> None:
    """The limit was wrong, not the fill; the deviation stays for quality to close."""
    play = Play(small(CHAIN), answers=GIVEN | {"volume": "20", "fill": "10"}).start().finish()
    assert list(play.batch.deviations) == ["D1"]
    entries = play.correct("1.1", "volume", "10")
    assert e.ValueJudged("1.4", "fill", "10 mL", Verdict.WITHIN, "limit 9 to 11 mL") in entries
    assert not play.batch.deviations["D1"].closed


def test_a_corrected_value_is_judged_like_any_other() -> None:
    """Out of its limit, a deviation opens."""
    assert "deviation raised" in kinds(chain().correct("1.1", "volume", "0.5"))


def test_an_observation_that_makes_a_calculation_impossible_is_still_recorded() -> None:
    """There was nothing in it: the number that stood on it is marked as wrong, and its step cannot be completed."""
    text = CHAIN.replace("formula: density * volume", "formula: 1 cell * 1 mL / volume")
    play = Play(small(text), answers=dict(GIVEN)).start().finish()
    entries = play.correct("1.1", "volume", "0")
    judged = next(entry for entry in entries if isinstance(entry, e.ValueJudged))
    assert (judged.field, judged.verdict) == ("cells", Verdict.IMPLAUSIBLE)
    assert judged.judged == "cannot be computed: division by zero"
    with pytest.raises(Refused, match="“Cells” cannot be computed: division by zero"):
        play.complete("1.3")
    play.correct("1.1", "volume", "10", "read again")
    assert play.batch.run("1.3").values["cells"].verdict is Verdict.NONE
    assert kinds(play.complete("1.3")) == ["step completed"]


@pytest.mark.parametrize(
    ("name", "value", "reason", "said"),
    [
        ("volume", "11", "", "say why the value is corrected"),
        ("volume", "11", "   ", "say why the value is corrected"),
        ("volume", "10", "why not", "“Volume” is already recorded as 10 mL"),
        ("volume", "10 mL", "why not", "“Volume” is already recorded as 10 mL"),
        ("colour", "red", "misread", "step 1.1 has recorded no such value"),
        ("density", "5", "misread", "step 1.1 has recorded no such value"),
    ],
)
@pytest.mark.requirement("RQ-062")
def test_a_correction_needs_a_value_a_change_and_a_reason(name: str, value: str, reason: str, said: str) -> None:
    """The sentence says which is missing."""
    with pytest.raises(Refused, match=said):
        chain().correct("1.1", name, value, reason)


def test_a_correction_that_cannot_be_read_is_asked_for_again() -> None:
    """As when it was first entered."""
    with pytest.raises(Malformed, match="decimal point as a point"):
        chain().correct("1.1", "volume", "1,1")


def test_what_was_not_recorded_cannot_be_corrected() -> None:
    """It is recorded."""
    with pytest.raises(Refused, match="has recorded no such value"):
        Play(small(CHAIN)).start().correct("1.1", "volume", "5")


def test_a_correction_is_for_who_performs_the_step() -> None:
    """An analyst does not correct an operator's volume."""
    with pytest.raises(Refused, match="the role “operator”"):
        chain().correct("1.1", "volume", "11", by=LENA)


def test_a_calculated_value_is_corrected_through_what_it_is_computed_from() -> None:
    """A calculation is recomputed, never edited."""
    with pytest.raises(Refused, match="“Cells” is not corrected by typing: correct what it is computed from"):
        chain().correct("1.3", "cells", "5 cells")


def test_a_scan_is_made_again() -> None:
    """The code of a lot or a tube is not typed over."""
    play = Play(small("- step: 1.1 Medium\n  add: {medium: {material: m}}\n")).start().step("1.1")
    with pytest.raises(Refused, match="“Medium” is not corrected by typing: scan it again, with the reason"):
        play.correct("1.1", "medium", "M-2")


def test_a_value_may_be_corrected_again_and_again() -> None:
    """Each stands in the history, oldest first."""
    play = chain()
    for text in ("11", "12", "10"):
        play.correct("1.1", "volume", text)
    assert [old.text for old in play.batch.run("1.1").values["volume"].history] == ["10 mL", "11 mL", "12 mL"]


def test_recording_again_in_a_step_in_progress_ripples_like_a_correction() -> None:
    """A value recorded again with its reason before the step was completed changes what was computed meanwhile."""
    text = "- step: 1.1 A\n  record: {volume: {unit: mL}, fill: {unit: mL, limit: <= volume}}\n"
    play = Play(small(text)).start()
    play.enter("1.1", volume="10")
    play.enter("1.1", fill="8")
    assert kinds(play.enter("1.1", reason="read again", volume="5")) == [
        "value recorded",
        "value judged",
        "deviation raised",
    ]


ROUNDS = """
- operation: 1 Days
  repeat: {until: more, is: enough, at most: 9}
  steps:
  - step: 1.1 Count
    record: {cells: {unit: cells}}
  - step: 1.2 Growth
    calculate:
      twice: {formula: 2 * cells, unit: cells, round: down to 1}
      whole: {formula: cells / first(cells), unit: fold, round: down to 0.01}
  - step: 1.3 More
    decide: {more: {choices: {enough: {needs: twice > 1 cell}, another: }}}
"""


def three_days() -> Play:
    """Return a batch after three rounds of 10, 20 and 30 cells."""
    play = Play(larger(ROUNDS)).start()
    for key, cells, choice in (("", "10", "another"), (":2", "20", "another"), (":3", "30", "enough")):
        play.answers |= {f"1.1{key} cells": cells, f"1.3{key} more": choice}
    return play.finish()


def touched(entries: list[e.Entry]) -> list[tuple[str, str]]:
    """Return what happened to which step."""
    return [(e.kind(entry), getattr(entry, "step", "")) for entry in entries]


def test_a_correction_of_one_day_does_not_touch_the_days_after() -> None:
    """The second day's count is the second day's; the third day's decision did not see it."""
    assert touched(three_days().correct("1.1:2", "cells", "22")) == [
        ("value corrected", "1.1:2"),
        ("step reopened", "1.1:2"),
        ("value calculated", "1.2:2"),
        ("step reopened", "1.2:2"),
        ("value calculated", "1.2:2"),
        ("step reopened", "1.3:2"),
    ]


def test_a_correction_of_the_first_day_touches_what_counts_from_it() -> None:
    """The expansion of each day is against the first, and is computed again on each."""
    entries = three_days().correct("1.1", "cells", "20")
    calculated = [(entry.step, entry.field, entry.value) for entry in entries if isinstance(entry, e.ValueCalculated)]
    assert calculated == [
        ("1.2", "twice", "40 cells"),
        ("1.2", "whole", "1.00 fold"),
        ("1.2:2", "whole", "1.00 fold"),
        ("1.2:3", "whole", "1.50 fold"),
    ]
    assert ("step reopened", "1.3:2") not in touched(entries)


def test_a_decision_that_rests_on_the_first_day_is_open_again_on_the_last() -> None:
    """The third day's choice needed a first count above one: corrected, that day is decided anew."""
    needs = "twice > 1 cell and first(cells) > 1 cell"
    play = Play(larger(ROUNDS.replace("twice > 1 cell", needs))).start()
    for key, cells, choice in (("", "10", "another"), (":2", "20", "another"), (":3", "30", "enough")):
        play.answers |= {f"1.1{key} cells": cells, f"1.3{key} more": choice}
    assert ("step reopened", "1.3:3") in touched(play.finish().correct("1.1", "cells", "20"))


def test_a_calculation_repeated_for_the_second_day_does_not_see_the_third() -> None:
    """What is computed again on day three for day two uses the count of day two."""
    play = three_days()
    play.correct("1.1:2", "cells", "22")
    assert play.value("1.2:2", "twice") == "44 cells"
    assert play.value("1.2:3", "twice") == "60 cells"


def test_in_the_shipped_recipe_a_corrected_count_changes_the_volume_of_vector() -> None:
    """The vector already added is judged by the new volume: 1.25 mL where 1.38 mL belonged, and the batch is held."""
    play = child_at("6.9")
    entries = play.correct("6.4", "activated_volume", "110", "the bag was weighed with its clamp", ALICE)
    assert play.value("6.6", "vector_volume") == "1.38 mL"
    assert play.batch.run("6.8").values["vector_added"].verdict is Verdict.ACTION
    assert "batch held" in kinds(entries)
    reopened = [entry.step for entry in entries if isinstance(entry, e.StepReopened)]
    assert reopened == ["6.4", "6.6", "6.8"]


def test_in_the_shipped_recipe_a_late_correction_reaches_the_dose_and_nothing_before() -> None:
    """The count before formulation was misread: dose, fill, label and the dose in the bag are all touched."""
    play = child_at("")
    entries = play.correct("11.5", "product_density", "3.6e7", "a digit swapped")
    reopened = [entry.step for entry in entries if isinstance(entry, e.StepReopened)]
    assert reopened == ["11.5", "11.6", "11.8", "14.9"]
    assert play.value("11.6", "dose_volume") == "2.64 mL"
    assert play.batch.run("11.8").values["bag_fill"].verdict is Verdict.ACTION


def test_a_correction_may_make_a_step_apply_that_did_not() -> None:
    """The feed that was left out is now to be done, and the record is not whole before."""
    text = (
        "- step: 1.1 Volume\n  record: {volume: {unit: mL}}\n"
        "- step: 1.2 Feed\n  when: volume < 10 mL\n  do: Feed\n- step: 1.3 Look\n  do: Look\n"
    )
    play = Play(small(text), answers={"volume": "50"}).start().finish()
    play.correct("1.1", "volume", "5")
    play.complete("1.1")
    assert play.next() == "1.2"


def test_nothing_is_corrected_in_what_is_not_there() -> None:
    """A step that does not exist."""
    with pytest.raises(Refused, match=r"this batch has no step 9\.9"):
        chain().do(c.CorrectValue(B, "9.9", "volume", "5", "x"), ALICE)
