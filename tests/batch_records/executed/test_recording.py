"""Recording: whatever was seen is recorded and judged; what cannot be read is asked for again."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.draft import Malformed, Refused
from batch_records.values.limit import Verdict
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small
from tests.cast import ALICE, BOB, QUINN

VOLUME = """
- step: 1.1 Volume
  record:
    volume: {ask: Volume of the bag, unit: mL, plausible: 1 to 1000 mL, limit: ">= 50 mL", alert: ">= 60 mL"}
    seal: {one of: [intact, broken], limit: intact, on action: hold}
    began: {kind: time}
    remark: {kind: text}
"""


def play() -> Play:
    """Return a batch that waits for the volume."""
    return Play(small(VOLUME)).start()


def recorded(entries: list[e.Entry]) -> e.Recorded:
    """Return the one value among entries."""
    (value,) = [entry for entry in entries if isinstance(entry, e.Recorded)]
    return value


def test_entering_a_value_starts_the_step_and_records_it() -> None:
    """One tap, two facts."""
    assert kinds(play().enter("1.1", volume="75")) == ["step started", "value recorded"]


@pytest.mark.parametrize(
    ("text", "verdict", "then"),
    [
        ("75.0", Verdict.WITHIN, []),
        ("55", Verdict.ALERT, []),
        ("49.9", Verdict.ACTION, ["deviation raised"]),
        ("0.5", Verdict.IMPLAUSIBLE, ["deviation raised"]),
        ("5000", Verdict.IMPLAUSIBLE, ["deviation raised"]),
        ("-3", Verdict.IMPLAUSIBLE, ["deviation raised"]),
    ],
)
@pytest.mark.requirement("RQ-036")
@pytest.mark.requirement("RQ-032")
def test_a_value_is_recorded_whatever_it_says(text: str, verdict: Verdict, then: list[str]) -> None:
    """Limits judge: out of them, a deviation opens; the value stands there as it was seen."""
    entries = play().enter("1.1", volume=text)
    assert (recorded(entries).value, recorded(entries).verdict) == (f"{text} mL", verdict)
    assert kinds(entries) == ["step started", "value recorded", *then]


def test_the_verdict_keeps_what_it_was_given_against() -> None:
    """In thirty years nobody has to find the recipe to read a verdict."""
    assert recorded(play().enter("1.1", volume="49")).judged == "limit ≥ 50 mL, alert ≥ 60 mL, plausible 1 to 1000 mL"


def test_a_deviation_says_what_departed_from_what() -> None:
    """Number, field, step, value and limit."""
    *_, deviation = play().enter("1.1", volume="49")
    assert deviation == e.DeviationRaised(
        "D1",
        "Volume of the bag: 49 mL is outside the action limit (limit ≥ 50 mL, alert ≥ 60 mL, plausible 1 to 1000 mL)",
        "1.1",
        "volume",
    )


def test_a_value_holds_the_batch_where_the_recipe_says_so() -> None:
    """A broken seal is a deviation and stops the work."""
    entries = play().enter("1.1", seal="broken")
    assert kinds(entries) == ["step started", "value recorded", "deviation raised", "batch held"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"volume": ""}, "enter “Volume of the bag”"),
        ({"volume": "  "}, "enter “Volume of the bag”"),
        ({"volume": "1,5"}, "decimal point as a point.*Enter a number in mL"),
        ({"volume": "NaN"}, "is not a number"),
        ({"volume": "Infinity"}, "is not a number"),
        ({"volume": "1e999"}, "is not a number"),
        ({"volume": "seventy"}, "is not a number"),
        ({"volume": "5 g"}, "is not in mL"),
        ({"volume": "5 zz"}, "no unit this system knows"),
        ({"seal": "Intact"}, "choose one of: intact, broken"),
        ({"began": "yesterday"}, "enter a date and time with its zone"),
        ({"began": "2026-03-02 08:00"}, "the time needs its zone"),
        ({"remark": "x" * 2001}, "at most 2000 printable characters"),
        ({"remark": "a\x00b"}, "printable"),
        ({"remark": "a\x1b[31mb"}, "printable"),
        ({"remark": "a\ud800b"}, "printable"),
        ({"remark": "safe \u202e efas"}, "printable"),
    ],
)
@pytest.mark.requirement("RQ-103")
def test_what_cannot_be_read_is_asked_for_again(values: dict[str, str], said: str) -> None:
    """The sentence says how to write it, and names the field; nothing is written."""
    batch = play()
    before = list(batch.lines)
    with pytest.raises(Malformed, match=said) as caught:
        batch.enter("1.1", **values)
    assert caught.value.field == next(iter(values))
    assert batch.lines == before


def test_of_several_values_all_are_recorded_or_none() -> None:
    """A form with one mistake comes back whole."""
    batch = play()
    with pytest.raises(Malformed):
        batch.enter("1.1", volume="75", seal="cracked")
    assert len(batch.lines) == 1


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("volume", " 75.0 ", "75.0 mL"),
        ("volume", "7.50e1", "7.50e1 mL"),
        ("volume", "75000 uL", "75000 uL"),
        ("began", "2026-03-02T08:00+08:00", "2026-03-02T08:00:00+08:00"),
        ("began", "0001-01-01T00:00+08:00", "0001-01-01T00:00:00+08:00"),
        ("remark", "第二行\r\nnext\tline", "第二行\nnext\tline"),
    ],
)
def test_what_was_entered_is_kept_as_it_was(name: str, text: str, kept: str) -> None:
    """Digits, unit, zone and lines."""
    batch = play()
    batch.enter("1.1", **{name: text})
    assert batch.value("1.1", name) == kept


def test_the_same_again_is_nothing_new() -> None:
    """A second tap on “save” writes nothing."""
    batch = play()
    batch.enter("1.1", volume="75")
    assert batch.enter("1.1", volume="75") == []


def test_another_value_needs_a_reason() -> None:
    """What was written is not written over in passing."""
    batch = play()
    batch.enter("1.1", volume="75")
    with pytest.raises(Refused, match="is recorded as 75 mL; to change it, correct it with a reason"):
        batch.enter("1.1", volume="76")
    batch.enter("1.1", reason="read again", volume="76")
    value = batch.batch.run("1.1").values["volume"]
    assert (value.text, [old.text for old in value.history], value.stamp.reason) == ("76 mL", ["75 mL"], "read again")


@pytest.mark.requirement("RQ-108")
def test_a_step_is_complete_when_everything_is_recorded() -> None:
    """The sentence names each value that is missing."""
    batch = play()
    batch.enter("1.1", volume="75", seal="intact")
    with pytest.raises(Refused, match=r"step 1.1 is not complete: “Began”, “Remark” not recorded"):
        batch.complete("1.1")
    batch.enter("1.1", began="2026-03-02T08:00Z", remark="none")
    assert kinds(batch.complete("1.1")) == ["step completed"]


def test_a_field_that_is_not_there_is_refused() -> None:
    """Nothing is stored beside what the recipe asks for."""
    with pytest.raises(Refused, match=r"step 1.1 has no such field “colour”"):
        play().enter("1.1", colour="red")


@pytest.mark.parametrize(
    "command",
    [
        c.ReportResults(B, "1.1", {"volume": "75"}),
        c.CheckIdentity(B, "1.1", "volume", "75"),
        c.AddMaterial(B, "1.1", "volume", "75"),
        c.UseEquipment(B, "1.1", "volume", "75"),
        c.TakeSample(B, "1.1", "volume", "75"),
        c.TakeReading(B, "1.1", "volume"),
        c.PrintLabels(B, "1.1", "volume", 1),
        c.Decide(B, "1.1", "volume", "75"),
    ],
)
def test_a_field_is_recorded_only_in_its_own_way(command: c.StepCommand) -> None:
    """A volume is not scanned, and a scan is not typed."""
    with pytest.raises(Refused, match="has no such field “volume”"):
        play().do(command)


def test_a_completed_step_takes_no_more_values() -> None:
    """They are corrected, in sight of everybody."""
    batch = play().step("1.1")
    with pytest.raises(Refused, match=r"step 1.1 was completed by Alice Operator; a value in it can be corrected"):
        batch.enter("1.1", volume="76", reason="again")


CALCULATED = """
- step: 1.1 Count
  record: {cells: {unit: cells}, volume: {unit: mL}}
- step: 1.2 Density
  calculate:
    density: {formula: cells / volume, unit: cells/mL, round: down to 1, limit: ">= 100 cells/mL"}
    twice: {formula: 2 * density, unit: cells/mL, round: down to 1}
"""


def test_a_calculation_keeps_its_inputs_formula_and_rounding() -> None:
    """The record can be computed again by hand."""
    batch = Play(small(CALCULATED), answers={"cells": "1000", "volume": "3"}).start().step("1.1")
    first, second = [each for each in batch.do(c.Calculate(B, "1.2")) if isinstance(each, e.ValueCalculated)]
    assert (first.value, first.formula, first.rounding, first.inputs) == (
        "333 cells/mL",
        "cells / volume",
        "down to 1",
        {"cells": "1000 cells", "volume": "3 mL"},
    )
    assert (second.value, second.inputs) == ("666 cells/mL", {"density": "333 cells/mL"})


def test_a_calculated_value_is_judged_like_any_other() -> None:
    """Below its limit a deviation opens."""
    batch = Play(small(CALCULATED), answers={"cells": "100", "volume": "3"}).start().step("1.1")
    assert "deviation raised" in kinds(batch.do(c.Calculate(B, "1.2")))


def test_calculating_again_is_nothing_new() -> None:
    """The same inputs give the same value, once."""
    batch = Play(small(CALCULATED), answers={"cells": "1000", "volume": "3"}).start().step("1.1")
    batch.do(c.Calculate(B, "1.2"))
    assert batch.do(c.Calculate(B, "1.2")) == []


@pytest.mark.parametrize(
    ("volume", "said"),
    [("0", "“Density” cannot be computed: division by zero"), ("1e-60", "cannot be computed: the result is too large")],
)
def test_what_cannot_be_computed_says_why(volume: str, said: str) -> None:
    """No infinity is written down."""
    batch = Play(small(CALCULATED), answers={"cells": "1000", "volume": volume}).start().step("1.1")
    with pytest.raises(Refused, match=said):
        batch.do(c.Calculate(B, "1.2"))


def test_a_calculation_names_what_it_waits_for() -> None:
    """With the step where it is recorded."""
    text = CALCULATED.replace("- step: 1.2 Density\n", "- step: 1.2 Density\n  after: []\n")
    with pytest.raises(Refused, match=r"“Density” needs “Volume” \(step 1.1\) first"):
        Play(small(text)).start().do(c.Calculate(B, "1.2"))


def test_a_limit_that_gives_no_number_lets_nothing_pass() -> None:
    """The value is recorded, and out: it was not shown to be within."""
    text = """
    - step: 1.1 Plan
      record: {plan: {unit: mL}, share: {unit: "%"}}
    - step: 1.2 Fill
      record: {fill: {unit: mL, limit: <= plan / share}}
    """
    batch = Play(small(text), answers={"plan": "5", "share": "0"}).start().step("1.1")
    entries = batch.enter("1.2", fill="1")
    assert recorded(entries).verdict is Verdict.ACTION
    assert recorded(entries).judged == "the limit cannot be computed: division by zero"
    assert "deviation raised" in kinds(entries)


def test_a_value_waits_for_what_its_limit_needs() -> None:
    """Out of turn, the sentence names what comes first."""
    text = "- step: 1.1 Fill\n  record: {fill: {unit: mL, limit: <= plan}, plan: {unit: mL}}\n"
    with pytest.raises(Refused, match=r"the limit of “Fill” needs “Plan” \(step 1.1\) first"):
        Play(small(text)).start().enter("1.1", fill="1")


@pytest.mark.requirement("RQ-101")
def test_a_remark_may_be_added_to_the_batch_and_to_a_step() -> None:
    """By anybody, at any time, even when the batch is over."""
    batch = play().step("1.1")
    batch.do(c.AddComment(B, " the courier was late "), BOB)
    batch.do(c.StopBatch(B, "withdrawn"), QUINN)
    batch.do(c.AddComment(B, "noticed later", "1.1"), ALICE)
    assert [text for _, text in batch.batch.comments] == ["the courier was late"]
    assert [text for _, text in batch.batch.run("1.1").comments] == ["noticed later"]


def test_an_empty_remark_is_asked_for_again() -> None:
    """And one on a step that is not there is refused."""
    with pytest.raises(Malformed, match="write the remark"):
        play().do(c.AddComment(B, "  "), ALICE)
    with pytest.raises(Refused, match=r"has no step 9\.9"):
        play().do(c.AddComment(B, "x", "9.9"), ALICE)
