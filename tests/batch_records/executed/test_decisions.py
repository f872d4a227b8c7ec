"""Decisions: what each way needs, which ways end the batch, and rounds that repeat until one is taken."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Disposition
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.progress import Progress
from tests.batch_records.child import child
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import larger, small
from tests.cast import QUINN

GATE = """
- step: 1.1 Blasts
  record: {blasts: {unit: "%"}, all_cells: {unit: cells}}
- step: 1.2 Gate
  decide:
    gate:
      choices:
        proceed: {needs: blasts <= 5 %}
        recount: {needs: 100 cells / all_cells > 1}
        end the batch: {ends the batch: "yes"}
- step: 1.3 Look
  do: Look
"""


def gate(blasts: str = "2", cells: str = "50") -> Play:
    """Return a batch before its gate."""
    return Play(small(GATE), answers={"blasts": blasts, "all_cells": cells}).start().step("1.1")


def test_a_decision_is_recorded_and_completes_its_step() -> None:
    """One signature for the way chosen."""
    assert kinds(gate().choose("1.2", "gate", "proceed")) == ["step started", "decided", "step completed"]


@pytest.mark.requirement("RQ-036")
def test_a_way_whose_needs_are_not_met_is_refused_with_what_is_recorded() -> None:
    """Nobody proceeds with 7 % blasts, whoever wishes it."""
    with pytest.raises(Refused, match="“proceed” needs that blasts <= 5 %; recorded: blasts 7 %"):
        gate("7").choose("1.2", "gate", "proceed")


def test_a_need_that_gives_no_number_is_not_met() -> None:
    """Divided by no cells, there is nothing to say yes to."""
    with pytest.raises(Refused, match="which gives no number: division by zero"):
        gate(cells="0").choose("1.2", "gate", "recount")


def test_a_need_that_is_not_recorded_yet_is_named() -> None:
    """The decision waits for its evidence."""
    text = GATE.replace("- step: 1.2 Gate\n", "- step: 1.2 Gate\n  after: []\n")
    with pytest.raises(Refused, match=r"“proceed” needs “Blasts” \(step 1.1\) first"):
        Play(small(text)).start().choose("1.2", "gate", "proceed")


def test_only_the_ways_of_the_recipe_can_be_chosen() -> None:
    """There is no third way that nobody approved."""
    with pytest.raises(Malformed, match="choose one of: proceed, recount, end the batch"):
        gate().choose("1.2", "gate", "improvise")


def test_a_way_may_end_the_batch() -> None:
    """The batch is stopped, for what was decided and why."""
    play = gate("7")
    entries = play.choose("1.2", "gate", "end the batch", reason="no response to treatment")
    assert kinds(entries)[-2:] == ["step completed", "batch stopped"]
    assert entries[-1] == e.BatchStopped("Gate: end the batch (no response to treatment)")
    assert play.batch.disposition is Disposition.STOPPED


def test_a_decision_can_be_changed_with_a_reason() -> None:
    """What was decided in haste is decided again, in sight of everybody."""
    play = gate()
    play.choose("1.2", "gate", "proceed")
    with pytest.raises(Refused, match="to change what is in it, say why"):
        play.choose("1.2", "gate", "recount")
    assert kinds(play.choose("1.2", "gate", "recount", reason="the tube was another's")) == [
        "step reopened",
        "decided",
        "step completed",
    ]
    assert [old.text for old in play.batch.run("1.2").values["gate"].history] == ["proceed"]


def test_a_correction_reopens_the_decision_that_rested_on_it() -> None:
    """With 7 % the way chosen is no longer open, and completing the step does not slip past that."""
    play = gate()
    play.choose("1.2", "gate", "proceed")
    entries = play.correct("1.1", "blasts", "7")
    assert kinds(entries) == ["value corrected", "step reopened", "step reopened"]
    play.complete("1.1")
    with pytest.raises(Refused, match="“proceed” needs that blasts <= 5 %; recorded: blasts 7 %"):
        play.complete("1.2")
    with pytest.raises(Refused, match="is recorded as proceed; to change it, correct it with a reason"):
        play.choose("1.2", "gate", "end the batch")
    play.choose("1.2", "gate", "end the batch", reason="7 % blasts")
    assert play.batch.disposition is Disposition.STOPPED


def test_a_decision_that_still_holds_is_confirmed() -> None:
    """3 % instead of 2 %: the same way, taken again."""
    play = gate()
    play.choose("1.2", "gate", "proceed")
    play.correct("1.1", "blasts", "3")
    play.complete("1.1")
    assert kinds(play.choose("1.2", "gate", "proceed")) == ["step completed"]


def test_a_decision_is_not_corrected_by_typing() -> None:
    """The sentence says what to do instead."""
    play = gate()
    play.choose("1.2", "gate", "proceed")
    with pytest.raises(Refused, match="“Gate” is not corrected by typing: decide again, with the reason"):
        play.correct("1.2", "gate", "recount")


DAYS = """
- operation: 1 Days
  repeat: {until: go_on, is: enough, at most: 3}
  steps:
  - step: 1.1 Count
    record: {cells: {unit: cells}}
  - step: 1.2 Growth
    calculate:
      growth: {formula: "if count(cells) > 1 then cells / previous(cells) else 1", unit: fold, round: down to 0.1}
      whole: {formula: cells / first(cells), unit: fold, round: down to 0.1}
  - step: 1.3 Feed
    when: cells < 100 cells
    do: Feed
  - step: 1.4 Go on
    decide: {go_on: {choices: {enough: {needs: cells > 200 cells}, another day: , stop: {ends the batch: yes}}}}
- operation: 2 Harvest
  steps:
  - step: 2.1 Harvest
    do: Harvest
"""


def days(*counts: str) -> Play:
    """Return a batch after rounds with these counts, each but the last continued."""
    play = Play(larger(DAYS)).start()
    for number, cells in enumerate(counts, 1):
        key = "" if number == 1 else f":{number}"
        play.answers |= {f"1.1{key} cells": cells, f"1.4{key} go_on": "another day"}
        play.finish(until=f"1.4{key}" if number == len(counts) else f"1.1:{number + 1}")
    return play


def keys(play: Play) -> list[str]:
    """Return the keys of every doing of every step."""
    return list(Progress(play.batch).keys())


def test_another_round_begins_when_the_decision_says_so() -> None:
    """The steps are there again, each round with its own keys, and nothing after the operation is ready."""
    play = days("50", "60")
    assert keys(play) == ["1.1", "1.2", "1.3", "1.4", "1.1:2", "1.2:2", "1.3:2", "1.4:2", "2.1"]
    with pytest.raises(Refused, match="operation 1 “Days” is not finished"):
        play.complete("2.1")


def test_there_is_no_round_before_its_time() -> None:
    """The second day is not begun on the first."""
    with pytest.raises(Refused, match=r"this batch has no step 1\.1:2"):
        days("50").enter("1.1:2", cells="60")


def test_each_round_sees_its_own_values_and_those_before() -> None:
    """Growth is against the day before, and against the first."""
    play = days("50", "100", "300")
    assert [play.value(f"1.2{key}", "growth") for key in ("", ":2", ":3")] == ["1.0 fold", "2.0 fold", "3.0 fold"]
    assert [play.value(f"1.2{key}", "whole") for key in ("", ":2", ":3")] == ["1.0 fold", "2.0 fold", "6.0 fold"]


@pytest.mark.requirement("RQ-045")
def test_a_calculation_keeps_each_round_that_it_used() -> None:
    """The record shows both counts that a growth was computed from, not the newest alone."""
    entry = days("50", "100").batch.run("1.2:2").values["growth"].entry
    assert isinstance(entry, e.ValueCalculated)
    assert entry.inputs == {"count(cells)": "2", "cells": "100 cells", "previous(cells)": "50 cells"}


SUMS = """
- operation: 1 Days
  repeat: {until: go_on, is: enough, at most: 3}
  steps:
  - step: 1.1 Count
    record: {cells: {unit: cells}}
  - step: 1.2 Go on
    decide: {go_on: {choices: {enough: , another day: }}}
- operation: 2 Sums
  steps:
  - step: 2.1 Sums
    calculate:
      middle: {formula: mean(cells), unit: cells, round: down to 1}
      passed: {formula: time(cells) - previous_time(cells), unit: min, round: down to 1}
"""


def test_a_calculation_keeps_all_rounds_and_the_times_that_it_used() -> None:
    """Each value of a mean, and when the last two were recorded."""
    play = (
        Play(larger(SUMS), answers={"1.1 cells": "50", "1.1:2 cells": "100", "1.2 go_on": "another day"})
        .start()
        .finish()
    )
    middle, passed = (play.batch.run("2.1").values[name].entry for name in ("middle", "passed"))
    assert isinstance(middle, e.ValueCalculated)
    assert isinstance(passed, e.ValueCalculated)
    assert (middle.value, middle.inputs) == ("75 cells", {"mean(cells)": "50 cells; 100 cells"})
    assert passed.value == "4 min"
    assert passed.inputs == {
        "time(cells)": "2026-03-02 08:06:00+00:00",
        "previous_time(cells)": "2026-03-02 08:02:00+00:00",
    }


def test_another_round_added_late_changes_what_was_computed_from_all() -> None:
    """The decision that the culture was enough is taken back; the third count changes the mean, which is reopened."""
    play = (
        Play(larger(SUMS), answers={"1.1 cells": "50", "1.1:2 cells": "100", "1.2 go_on": "another day"})
        .start()
        .finish()
    )
    play.choose("1.2:2", "go_on", "another day", reason="too few after all")
    assert kinds(play.enter("1.1:3", cells="600")) == [
        "step started",
        "value recorded",
        "value calculated",
        "step reopened",
        "value calculated",
    ]
    assert play.value("2.1", "middle") == "250 cells"


def test_a_condition_is_of_its_own_round() -> None:
    """On the first day there was something to feed; on the second that is open until the count is there."""
    play = days("50", "150")
    assert play.progress.standing("1.3").value == "done"
    assert play.progress.standing("1.3:2").value == "not applicable"
    play.choose("1.4:2", "go_on", "another day")
    assert play.progress.standing("1.3:3").value == "waiting"


def test_the_decision_ends_the_repetition() -> None:
    """What comes after is ready, and there is no further round."""
    play = days("50", "300")
    play.choose("1.4:2", "go_on", "enough")
    assert keys(play)[-1] == "2.1"
    assert "1.1:3" not in keys(play)
    assert kinds(play.complete("2.1")) == ["step started", "step completed"]


def test_a_reopened_decision_is_none_until_it_is_taken_again() -> None:
    """The count that it rested on was corrected: the harvest waits again."""
    play = days("50", "300")
    play.choose("1.4:2", "go_on", "enough")
    play.correct("1.1:2", "cells", "310")
    assert play.progress.standing("2.1").value == "waiting"
    for key in ("1.1:2", "1.2:2", "1.4:2"):
        play.complete(key)
    assert play.progress.standing("2.1").value == "ready"


def test_the_last_round_is_the_last() -> None:
    """After the third day the culture is enough, or the batch ends."""
    play = days("50", "60", "70")
    with pytest.raises(Refused, match="this is round 3 of at most 3: “another day” cannot be chosen"):
        play.choose("1.4:3", "go_on", "another day")
    with pytest.raises(Refused, match="“enough” needs that cells > 200 cells; recorded: cells 70 cells"):
        play.choose("1.4:3", "go_on", "enough")
    play.choose("1.4:3", "go_on", "stop")
    assert play.batch.disposition is Disposition.STOPPED


def test_a_batch_that_was_ended_has_no_further_round() -> None:
    """Ending is not going on."""
    play = days("50")
    play.choose("1.4", "go_on", "stop")
    assert keys(play) == ["1.1", "1.2", "1.3", "1.4", "2.1"]


def test_the_shipped_recipe_repeats_its_daily_control() -> None:
    """Two days of culture, each with its own tube, count and feed; then the harvest decision."""
    play = child(**{"8.3 culture_density": "1.0e6 cells/mL", "8.8 culture_decision": "continue the culture"})
    play.answers["feed_added"] = "900"
    play.finish("10.1")
    assert play.value("8.5", "culture_cells") == "100.0 10^6 cells"
    assert play.value("8.5:2", "culture_cells") == "1350.0 10^6 cells"
    assert play.value("8.2", "culture_sample") != play.value("8.2:2", "culture_sample")
    assert play.progress.standing("8.7").value == "not applicable"
    assert play.progress.standing("8.7:2").value == "done"


def test_a_stop_by_decision_is_only_of_a_batch_that_was_not_released() -> None:
    """After a conditional release the way out is rejection, and the sentence says so."""
    late = "  - step: 1.2 Late\n    decide: {late: {choices: {fine: , stop: {ends the batch: yes}}}}\n"
    text = (
        "- operation: 1 Work\n  steps:\n  - step: 1.1 Code\n    check: {code: {matches: coi}}\n"
        f"{late}    needed for: final release\n"
    )
    play = Play(larger(text)).start().step("1.1")
    play.write([e.BatchConditionallyReleased(("Late",))], QUINN)
    with pytest.raises(Refused, match="batch B1 is conditionally released: it can be rejected, not ended"):
        play.choose("1.2", "late", "stop")
    with pytest.raises(Refused, match="it can be rejected, not ended"):
        play.do(c.StopBatch(B, "withdrawn"), QUINN)
