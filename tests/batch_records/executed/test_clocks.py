"""Hold times: at least so long, at most so long, declared once, by the clock or by the step that stops it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import seconds
from batch_records.executed.draft import Refused
from batch_records.executed.review import exceptions
from batch_records.executed.span import in_words
from tests.batch_records.child import child_at
from tests.batch_records.playing import START, B, Play, kinds
from tests.batch_records.writing import larger, small
from tests.cast import ALICE

HEAD = """
hold times:
  - {hold time: Thawed vector, from: end of 1.1, to: end of 1.3, at most: 30 min}
"""
STEPS = """
- step: 1.1 Thaw
  do: Thaw
- step: 1.2 Volume
  record: {volume: {unit: mL}}
- step: 1.3 Add
  record: {added: {unit: mL}}
  verified by: verifier
"""
CLOCK = ALICE  # whoever asks: the application's clock process


def thawed(head: str = HEAD) -> Play:
    """Return a batch whose vector was thawed just now."""
    play = Play(small(STEPS, head)).start()
    play.complete("1.1")
    play.enter("1.2", volume="5")
    play.complete("1.2")
    return play


def declare(play: Play) -> list[str]:
    """Let the clock process say what has run out."""
    return kinds(play.do(c.DeclareOverdue(B), CLOCK))


@pytest.mark.requirement("RQ-037")
def test_a_clock_runs_from_one_step_to_another() -> None:
    """Since when, until when, and which step stops it."""
    (clock,) = thawed().progress.clocks()
    assert (clock.since, clock.due, clock.step) == (START, START + timedelta(minutes=30), "1.3")
    assert thawed().step("1.3").progress.clocks() == []


def test_no_clock_runs_before_its_start() -> None:
    """The vector is still in the freezer."""
    assert Play(small(STEPS, HEAD)).start().progress.clocks() == []


@pytest.mark.requirement("RQ-037")
def test_in_time_there_is_nothing_to_declare() -> None:
    """At thirty minutes sharp it is still in time."""
    play = thawed().later(minutes=30)
    assert declare(play) == []
    assert kinds(play.enter("1.3", added="5") + play.complete("1.3")) == [
        "step started",
        "value recorded",
        "step completed",
    ]


@pytest.mark.requirement("RQ-037")
def test_the_clock_declares_it_while_it_runs() -> None:
    """Nobody has to touch the batch: at thirty-one minutes a deviation is open."""
    play = thawed().later(minutes=31)
    assert declare(play) == ["hold time exceeded", "deviation raised"]
    assert play.batch.deviations["D1"].description == "“Thawed vector” took longer than 30 min"
    assert play.batch.deviations["D1"].step == "1.3"


def test_it_is_declared_once() -> None:
    """The clock asks every minute, and the step that stops it comes later still."""
    play = thawed().later(minutes=31)
    declare(play)
    assert declare(play.later(minutes=5)) == []
    play.enter("1.3", added="5")
    assert kinds(play.complete("1.3")) == ["step completed"]


@pytest.mark.requirement("RQ-037")
def test_the_step_that_stops_it_declares_it_where_no_clock_did() -> None:
    """The clock process was down: the deviation opens with the completion."""
    play = thawed().later(minutes=31)
    play.enter("1.3", added="5")
    assert kinds(play.complete("1.3")) == ["step completed", "hold time exceeded", "deviation raised"]


def test_a_hold_time_may_hold_the_batch() -> None:
    """Where the recipe says so."""
    play = thawed(HEAD.replace("at most: 30 min", "at most: 30 min, on action: hold")).later(minutes=31)
    assert declare(play) == ["hold time exceeded", "deviation raised", "batch held"]


def test_a_clock_stopped_by_a_start_is_declared_there() -> None:
    """Processing begins too late."""
    head = HEAD.replace("to: end of 1.3", "to: start of 1.3")
    play = thawed(head).later(minutes=31)
    entries = play.enter("1.3", added="5")
    assert kinds(entries)[:3] == ["step started", "hold time exceeded", "deviation raised"]


def test_a_correction_days_later_starts_no_clock() -> None:
    """A misspelt number in the step that stopped the clock is no vector out of the freezer."""
    play = thawed().step("1.3").later(days=3)
    play.correct("1.3", "added", "6")
    assert play.progress.clocks() == []
    assert declare(play) == []
    assert kinds(play.complete("1.3")) == ["step completed"]


def test_a_correction_does_not_turn_a_clock_back() -> None:
    """Nor does one in the step that started it give the vector another half hour."""
    head = HEAD.replace("from: end of 1.1", "from: end of 1.2")
    play = thawed(head).later(minutes=20)
    play.correct("1.2", "volume", "6")
    play.complete("1.2")
    (clock,) = play.progress.clocks()
    assert clock.since == START


WAIT = """
- step: 1.1 Seed
  do: Seed
- step: 1.2 Rest
  wait: {since: end of 1.1, at least: 18 h, at most: 30 h}
"""


@pytest.mark.requirement("RQ-037")
def test_a_wait_ends_no_sooner_than_it_may() -> None:
    """The sentence says how long is to go."""
    play = Play(small(WAIT)).start().step("1.1").later(hours=17, minutes=58)
    with pytest.raises(Refused, match="“Rest” lasts at least 18 h: 2 min to go"):
        play.complete("1.2")
    assert kinds(play.later(minutes=2).complete("1.2")) == ["step started", "step completed"]


def test_a_wait_that_ends_too_late_is_a_deviation() -> None:
    """Thirty hours and a second."""
    play = Play(small(WAIT)).start().step("1.1").later(hours=30, seconds=1)
    assert kinds(play.complete("1.2")) == ["step started", "step completed", "hold time exceeded", "deviation raised"]


def test_a_step_that_does_not_apply_stops_no_clock_and_none_runs_out() -> None:
    """Nothing is fed, so nothing is fed too late."""
    steps = STEPS.replace("- step: 1.3 Add\n", "- step: 1.3 Add\n  when: volume > 10 mL\n")
    play = Play(small(steps, HEAD), answers={"volume": "5"}).start().step("1.1").step("1.2").later(hours=9)
    assert play.progress.clocks() == []
    assert declare(play) == []


ROUNDS = """
- operation: 1 Days
  repeat: {until: more, is: enough, at most: 9}
  steps:
  - step: 1.1 Take out
    record: {cells: {unit: cells}}
  - step: 1.2 Put back
    when: cells > 10 cells
    do: Put back
  - step: 1.3 More
    decide: {more: {choices: {enough: , another: }}}
"""
OUT = "hold times:\n  - {hold time: Out, from: end of 1.1, to: end of 1.2, at most: 1 h}\n"


def rounds(*cells: str) -> Play:
    """Return a batch after several rounds, and the last count of another."""
    play = Play(larger(ROUNDS, OUT)).start()
    for number, count in enumerate(cells, 1):
        key = "" if number == 1 else f":{number}"
        play.answers |= {f"1.1{key} cells": count, f"1.3{key} more": "another"}
        play.finish(until=f"1.2{key}" if number == len(cells) else f"1.1:{number + 1}")
    return play


def test_each_round_has_its_own_clock() -> None:
    """The second day's begins with the second day."""
    play = rounds("50", "50").later(minutes=61)
    (clock,) = play.progress.clocks()
    assert clock.step == "1.2:2"
    assert declare(play) == ["hold time exceeded", "deviation raised"]
    assert [finding.step for finding in exceptions(play.batch) if finding.check == "hold times kept"] == ["1.2"]


def test_a_round_that_puts_nothing_back_has_no_clock() -> None:
    """The first day's putting back does not count for it either."""
    assert rounds("50", "5").later(hours=2).progress.clocks() == []


def test_every_time_it_ran_out_is_an_exception() -> None:
    """Two rounds too late are two lines for the reviewer."""
    play = rounds("50").later(hours=2)
    play.complete("1.2")
    play.choose("1.3", "more", "another")
    play.enter("1.1:2", cells="50")
    play.complete("1.1:2")
    play.later(hours=2).complete("1.2:2")
    found = [finding for finding in exceptions(play.batch) if finding.check == "hold times kept"]
    assert [finding.sentence for finding in found] == ["“Out” ran past 1 h"] * 2


@pytest.mark.requirement("RQ-037")
def test_the_shipped_recipe_keeps_its_hold_times() -> None:
    """Vector half an hour out of the freezer, DMSO three quarters of an hour: each too late is a deviation."""
    play = child_at("6.8").later(minutes=45)
    assert declare(play) == ["hold time exceeded", "deviation raised"]
    play = child_at("12.2").later(minutes=60)
    assert "“DMSO until freezing” took longer than 45 min" in str(play.do(c.DeclareOverdue(B), CLOCK))


def test_clocks_are_listed_by_what_is_due_first() -> None:
    """The board shows the most urgent at its head."""
    head = HEAD + "  - {hold time: Sooner, from: end of 1.1, to: end of 1.3, at most: 10 min}\n"
    assert [clock.hold_time.name for clock in thawed(head).progress.clocks()] == ["Sooner", "Thawed vector"]


def test_times_are_exact() -> None:
    """A day is 86,400 seconds to the microsecond, whatever a float would make of it."""
    first = datetime(2026, 3, 2, 8, 0, 0, 123457, tzinfo=UTC)
    assert seconds(first + timedelta(days=1)) - seconds(first) == 86_400
    assert seconds(first + timedelta(microseconds=1)) - seconds(first) == Fraction(1, 1_000_000)


def test_a_formula_counts_hours_exactly() -> None:
    """From one count to the next exactly 24 h passed, and not 23.99 rounded down to 23."""
    steps = """
    - step: 1.1 Count
      record: {cells: {unit: cells}}
    - step: 1.2 Again
      record: {later_cells: {unit: cells}}
    - step: 1.3 Hours
      calculate: {passed: {formula: time(later_cells) - time(cells), unit: h, round: down to 1}}
    """
    play = Play(small(steps), at=START + timedelta(microseconds=123_457)).start()
    play.enter("1.1", cells="5")
    play.complete("1.1")
    play.later(hours=24).enter("1.2", later_cells="6")
    play.complete("1.2")
    play.step("1.3")
    assert play.value("1.3", "passed") == "24 h"


def test_a_formula_computes_with_times_that_were_entered() -> None:
    """Across time zones: the collection took two hours."""
    steps = """
    - step: 1.1 Times
      record: {began: {kind: time}, over: {kind: time}}
    - step: 1.2 Took
      calculate: {took: {formula: over - began, unit: h, round: half up to 0.1}}
    """
    play = Play(small(steps)).start()
    play.enter("1.1", began="2026-03-02T10:00+08:00", over="2026-03-02T04:00Z")
    play.complete("1.1")
    play.step("1.2")
    assert play.value("1.2", "took") == "2.0 h"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=5, seconds=59), "5 min"),
        (timedelta(hours=1, minutes=5), "1 h 05 min"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
        (timedelta(0), "0 s"),
    ],
)
def test_a_span_is_said_in_words(span: timedelta, words: str) -> None:
    """As long as matters."""
    assert in_words(span) == words


def test_what_was_declared_keeps_since_when() -> None:
    """The entry can be told from that of another round."""
    play = thawed().later(minutes=31)
    entry = play.do(c.DeclareOverdue(B), CLOCK)[0]
    assert entry == e.HoldTimeExceeded(f"Thawed vector, since {START.isoformat()}", "30 min", START.isoformat())


COLLECTED = """
hold times:
  - {hold time: Collected cells, from: collected, to: start of 1.2, at most: 24 h}
"""
RECEIVED = """
- step: 1.1 Receive
  record: {collected: {ask: Collection ended, kind: time}}
- step: 1.2 Process
  record: {volume: {unit: mL}}
- step: 1.3 Look
  do: Look
"""


def received(hours_ago: float) -> Play:
    """Return a batch whose bag arrived just now, so long after its collection ended."""
    play = Play(small(RECEIVED, COLLECTED)).start()
    play.enter("1.1", collected=(START - timedelta(hours=hours_ago)).isoformat())
    return play


@pytest.mark.requirement("RQ-037")
def test_a_clock_may_run_from_a_time_that_was_written_down() -> None:
    """The cells have aged on the road: what counts is when the collection ended, not when somebody wrote it."""
    play = received(hours_ago=20)
    play.complete("1.1")
    (clock,) = play.progress.clocks()
    assert (clock.since, clock.due) == (START - timedelta(hours=20), START + timedelta(hours=4))
    assert declare(play.later(hours=3)) == []
    assert declare(play.later(hours=2)) == ["hold time exceeded", "deviation raised"]


@pytest.mark.requirement("RQ-037")
def test_a_corrected_start_tells_what_was_too_long_after_all() -> None:
    """Processing began within the day, so it seemed, until the hour of collection was corrected."""
    play = received(hours_ago=20)
    play.complete("1.1")
    play.do(c.StartStep(B, "1.2"))
    assert not play.batch.overdue
    play.correct("1.1", "collected", (START - timedelta(hours=30)).isoformat())
    assert [each.description for each in play.batch.deviations.values()] == ["“Collected cells” took longer than 24 h"]
    assert play.progress.clocks() == []
    play.correct("1.1", "collected", (START - timedelta(hours=1)).isoformat())
    assert len(play.batch.deviations) == 1


def test_the_first_writing_of_a_time_starts_its_clock_once() -> None:
    """A correction later in the record does not make a clock run again that was stopped."""
    play = received(hours_ago=20)
    play.complete("1.1")
    play.do(c.StartStep(B, "1.2"))
    play.correct("1.1", "collected", (START - timedelta(hours=10)).isoformat())
    assert play.progress.clocks() == []
    assert not play.batch.deviations
