"""Values that are measured several times: every count on the record, averaged, judged, counted again where needed."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import StepState
from batch_records.executed.count_entries import CountsRepeated, CountTaken, ValueAveraged
from batch_records.executed.draft import Refused
from batch_records.executed.review import exceptions
from batch_records.values.limit import Verdict
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small

COUNTS = """
- step: 1.1 Scan
  use: {{counter: {{equipment: cell counter}}}}
- step: 1.2 Count
  measure:
    density:
      unit: cells/mL
      limit: ">= 1e6 cells/mL"
      repeats: 3
      average: {average}
      round: half up to 1000
      cv: <= 15 %
      cv alert: <= 10 %
      outliers: {outliers}
  from: cell counter
  verified by: verifier
- step: 1.3 In all
  calculate: {{all: {{formula: density * 2 mL, unit: cells, round: down to 1}}}}
"""
KEY = "1.2"


def counting(average: str = "mean", outliers: str = "kept") -> Play:
    """Return a batch that is about to be counted."""
    play = Play(small(COUNTS.format(average=average, outliers=outliers)), answers={"counter": "CC-1"})
    return play.start().step("1.1")


def count(play: Play, *values: str) -> list[e.Entry]:
    """Take counts of the density, and return what the last one led to."""
    entries: list[e.Entry] = []
    for value in values:
        entries = play.take(KEY, "density", f"{value} cells/mL")
    return entries


def average(play: Play) -> ValueAveraged:
    """Return the average as it stands."""
    entry = play.batch.run(KEY).values["density"].entry
    assert isinstance(entry, ValueAveraged)
    return entry


@pytest.mark.requirement("RQ-107")
def test_every_count_stays_on_the_record() -> None:
    """Each of three is an entry with its source and digest; with the third comes the mean, rounded as stated."""
    play = counting()
    assert kinds(count(play, "1.20e6")) == ["step started", "count taken"]
    assert kinds(count(play, "1.30e6", "1.255e6")) == ["count taken", "value averaged"]
    taken = [each for _, each in play.lines if isinstance(each, CountTaken)]
    assert [(each.set, each.number, each.value) for each in taken] == [
        (1, 1, "1.20e6 cells/mL"),
        (1, 2, "1.30e6 cells/mL"),
        (1, 3, "1.255e6 cells/mL"),
    ]
    assert all(each.instrument == "CC-1" and each.raw_digest == "ab" * 32 for each in taken)
    entry = average(play)
    assert (entry.value, entry.average, entry.cv) == ("1252000 cells/mL", "mean of 3", "4.0 %")
    assert entry.counts == tuple(each.value for each in taken)
    assert (entry.verdict, entry.cv_verdict) == (Verdict.WITHIN, "within limits")


def test_a_median_is_the_one_in_the_middle() -> None:
    """One count far off does not move it; its CV tells all the same."""
    play = counting("median")
    count(play, "1.2e6", "9e6", "1.3e6")
    assert (average(play).value, average(play).average) == ("1300000 cells/mL", "median of 3")
    assert average(play).cv_verdict == "outside the action limit"


def test_a_step_is_not_complete_with_two_of_three() -> None:
    """The number is not there until the set is full, nor can anything be computed from it."""
    play = counting()
    count(play, "1.2e6", "1.3e6")
    assert "density" not in play.batch.run(KEY).values
    with pytest.raises(Refused, match="“Density” not recorded"):
        play.complete(KEY)


def test_the_same_reading_does_not_count_twice() -> None:
    """A second tap on what is still on the screen is no second count."""
    play = counting()
    play.take(KEY, "density", "1.2e6 cells/mL", sequence=7)
    with pytest.raises(Refused, match="reading 7 of CC-1 is counted already"):
        play.take(KEY, "density", "1.2e6 cells/mL", sequence=7)


def test_an_average_out_of_limits_opens_a_deviation() -> None:
    """The limit judges the average, not the single counts."""
    play = counting()
    entries = count(play, "0.90e6", "0.92e6", "0.94e6")
    assert kinds(entries) == ["count taken", "value averaged", "deviation raised"]
    assert average(play).verdict is Verdict.ACTION


@pytest.mark.parametrize(
    ("counts", "cv", "verdict", "deviations"),
    [
        (("1.20e6", "1.25e6", "1.30e6"), "4.0 %", "within limits", 0),
        (("1.10e6", "1.25e6", "1.40e6"), "12.0 %", "outside the alert limit", 0),
        (("1.00e6", "1.25e6", "1.50e6"), "20.0 %", "outside the action limit", 1),
    ],
)
def test_counts_far_apart_are_judged(counts: tuple[str, ...], cv: str, verdict: str, deviations: int) -> None:
    """Kept, whatever they say; past the alert limit flagged, past the action limit a deviation."""
    play = counting()
    count(play, *counts)
    assert (average(play).cv, average(play).cv_verdict) == (cv, verdict)
    assert len(play.batch.deviations) == deviations
    assert bool([each for each in exceptions(play.batch) if each.check == "repeated counts that agree"]) == (
        verdict != "within limits"
    )


def test_counts_far_apart_are_measured_again_where_the_recipe_says_so() -> None:
    """The first average is recorded and not judged, and the step waits for another set, whose word is final."""
    play = counting(outliers="measured again")
    entries = count(play, "0.5e6", "1.25e6", "1.50e6")
    assert kinds(entries) == ["count taken", "value averaged"]
    assert average(play).verdict is Verdict.NONE
    assert "measured again" in average(play).judged
    with pytest.raises(Refused, match="not recorded"):
        play.complete(KEY)
    count(play, "1.20e6", "1.25e6", "1.30e6")
    assert (average(play).set, average(play).verdict) == (2, Verdict.WITHIN)
    play.complete(KEY)
    assert len(play.batch.run(KEY).counts["density"]) == 6
    assert [each.check for each in exceptions(play.batch)] == ["repeated counts that agree", "values as first recorded"]


def test_a_second_set_far_apart_is_a_deviation() -> None:
    """There is no third by itself: quality says what it means."""
    play = counting(outliers="measured again")
    count(play, *["1.00e6", "1.25e6", "1.50e6"] * 2)
    assert [each.description for each in play.batch.deviations.values()] == [
        "Density: the CV of its counts, 20.0 %, is outside the action limit (limit ≤ 15 %, alert ≤ 10 %)"
    ]
    with pytest.raises(Refused, match="to count again, say why"):
        count(play, "1.2e6")


def test_a_count_that_is_typed_is_among_the_exceptions() -> None:
    """With its reason, as every value that an instrument should have given."""
    play = counting()
    count(play, "1.20e6", "1.25e6")
    with pytest.raises(Refused, match="say why it is typed"):
        play.enter(KEY, density="1.3e6")
    play.enter(KEY, reason="cable broken", density="1.3e6")
    assert average(play).counts[-1] == "1.3e6 cells/mL"
    sentence = "Density, count 3: 1.3e6 cells/mL was typed, not taken from the cell counter: cable broken"
    assert sentence in [each.sentence for each in exceptions(play.batch)]


def test_an_average_is_not_corrected_by_typing() -> None:
    """It is what was counted; who doubts it counts again, and both sets stay."""
    play = counting()
    count(play, "1.20e6", "1.25e6", "1.30e6")
    with pytest.raises(Refused, match="counted again, with the reason"):
        play.correct(KEY, "density", "1.4e6")
    with pytest.raises(Refused, match="say why"):
        play.do(c.CountAgain(B, KEY, "density", " "))
    play.do(c.CountAgain(B, KEY, "density", "a bubble in the chamber"))
    assert isinstance(play.lines[-1][1], CountsRepeated)
    count(play, "1.30e6", "1.35e6", "1.40e6")
    assert (average(play).set, average(play).value) == (2, "1350000 cells/mL")
    found = [each.sentence for each in exceptions(play.batch) if each.check == "repeated counts that agree"]
    assert found == ["Density was counted again: a bubble in the chamber"]
    assert "Density: 1250000 cells/mL became 1350000 cells/mL: counted again" in [
        each.sentence for each in exceptions(play.batch)
    ]


def test_counting_again_takes_back_signatures_and_what_was_computed() -> None:
    """A verified step counts as unsigned, and the sum of it all is computed from the new average."""
    play = counting()
    play.step(KEY).step("1.3")
    before = play.value("1.3", "all")
    play.do(c.CountAgain(B, KEY, "density", "a bubble"))
    assert play.batch.run(KEY).state is StepState.IN_PROGRESS
    count(play, "1.60e6", "1.60e6", "1.60e6")
    assert play.value("1.3", "all") == "3200000 cells" != before


@pytest.mark.parametrize(("key", "name"), [("1.2", "nothing"), ("1.1", "counter"), ("1.2", "density")])
def test_nothing_is_counted_again_that_was_not_counted(key: str, name: str) -> None:
    """A scan, an unknown value, a value without a count."""
    with pytest.raises(Refused, match=r"counts no such value|has no count yet"):
        counting().do(c.CountAgain(B, key, name, "why not"))


def test_counts_whose_mean_is_zero_have_no_spread() -> None:
    """All zero agree; zero on average and yet apart cannot be judged, and so is out."""
    play = Play(
        small(
            """
            - step: 1.1 Scan
              use: {scale: {equipment: scale}}
            - step: 1.2 Drift
              measure: {drift: {unit: g, repeats: 2, average: mean, round: half up to 1, cv: <= 5 %, outliers: kept}}
              from: scale
            """
        )
    )
    play.start().step("1.1")
    for value in ("-1 g", "1 g"):
        play.take("1.2", "drift", value)
    entry = play.batch.run("1.2").values["drift"].entry
    assert isinstance(entry, ValueAveraged)
    assert (entry.cv, entry.cv_verdict) == ("", "outside the action limit")
    assert "cannot be computed: the mean is zero" in entry.cv_judged
    play.do(c.CountAgain(B, "1.2", "drift", "again"))
    for value in ("0 g", "0 g"):
        play.take("1.2", "drift", value)
    assert play.value("1.2", "drift") == "0 g"
