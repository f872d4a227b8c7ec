"""Review by exception: what a reviewer must look at is found, with when and where, and what was looked at is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batch_records.executed import alarm_entries as a
from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed import label_commands as lc
from batch_records.executed import notice_entries as n
from batch_records.executed import notification_entries as n2
from batch_records.executed.review import CHECKS, exceptions, review
from batch_records.executed.supply_entries import SupplyRequested
from batch_records.executed.waiver_entries import GateWaived
from tests.batch_records.child import child_at
from tests.batch_records.playing import B, Play
from tests.batch_records.writing import small
from tests.cast import ALICE, BOB, DORA, QUINN

STEPS = """
- step: 1.1 Scan
  use: {scale: {equipment: scale}}
- step: 1.2 Weigh
  measure:
    mass: {unit: g, limit: ">= 5 g", alert: ">= 6 g"}
    volume: {unit: mL, repeats: 2, average: mean, round: half up to 1, cv: <= 30 %, cv alert: <= 20 %, outliers: kept}
  from: scale
  verified by: verifier
- step: 1.3 Print
  print: {labels: {lines: ["{coi}"]}}
"""
HEAD = """
facts: {weight: {ask: Weight, unit: kg}}
hold times:
  - {hold time: Open, from: end of 1.1, to: end of 1.2, at most: 1 h}
"""


def weighing() -> Play:
    """Return a batch that is about to be weighed."""
    return Play(small(STEPS, HEAD), {"weight": "20"}).start().step("1.1")


def weighed() -> Play:
    """Return a batch with nothing to remark."""
    return weighing().step("1.2").step("1.3")


def alert(play: Play) -> None:
    """Record a value outside its alert limit."""
    play.take("1.2", "mass", "5.5 g")


def typed(play: Play) -> None:
    """Type a value that an instrument should have given."""
    play.enter("1.2", reason="no line", mass="10")


def corrected(play: Play) -> None:
    """Correct a value."""
    play.take("1.2", "mass", "10 g")
    play.correct("1.2", "mass", "11")


def order_corrected(play: Play) -> None:
    """Correct what the order said."""
    play.do(c.CorrectFact(B, "weight", "18", "another child's"), DORA)


def sent_back(play: Play) -> None:
    """Complete a step that is sent back."""
    play.work("1.2")
    play.complete("1.2")
    play.send_back("1.2")


def assigned(play: Play) -> None:
    """Measure with another scale."""
    scale = play.equipment(play.field("1.1", "scale"), "E-2")
    play.do(c.AssignInstrument(B, "1.2", "scale", "E-2", scale))


def too_late(play: Play) -> None:
    """Let a hold time run out."""
    play.later(hours=2).do(c.DeclareOverdue(B), ALICE)


def departed(play: Play) -> None:
    """Report a departure."""
    play.do(c.RaiseDeviation(B, "spilled", "1.2"), BOB)


def held(play: Play) -> None:
    """Hold the batch."""
    play.do(c.HoldBatch(B, "alarm"), ALICE)


def refused(play: Play) -> None:
    """Try what may not be, as the application writes it down."""
    play.write([e.AttemptRefused("CompleteStep", "step 1.2 is not complete", "1.2")], ALICE)


def remarked(play: Play) -> None:
    """Remark something."""
    play.do(c.AddComment(B, "noisy", "1.2"), ALICE)


def scattered(play: Play) -> None:
    """Count twice, and find 20 % between the counts."""
    for value in ("10", "14"):
        play.take("1.2", "volume", f"{value} mL")


def alarmed(play: Play) -> None:
    """Have the scale's alarm noted, and acknowledged."""
    noted = (
        a.AlarmRaised("S-1/A1/1", "S-1", "room_temperature", "high, above 25 °C", "medium", "26.1 °C", "T"),
        a.AlarmAcknowledged("S-1/A1/1", "Window closed"),
    )
    for each in noted:
        play.do(c.NoteAlarm(B, each), ALICE)


def unheard(play: Play) -> None:
    """Have the scale's gateway tell of a gap and of its clock."""
    play.do(c.NoteOfInstrument(B, n.GapFound("S-1", "mass: no values between 9 and 10", "T", "T")), ALICE)
    play.do(c.NoteOfInstrument(B, n.NoticeGiven("S-1", "its clock is 5.0 s ahead of ours", "T")), ALICE)


def printed_again(play: Play) -> None:
    """Print a label, and print it again."""
    play.step("1.2").work("1.3")
    play.do(lc.ReprintLabels(B, "1.3", "labels", 1, "smeared"))


def asked_for(play: Play) -> None:
    """Ask for the product although it is out of specification."""
    play.write([SupplyRequested("relapse", "none", "no other")], DORA)


def untold(play: Play) -> None:
    """Have nobody told in time of what was found late."""
    play.write([n2.LateResultFound("Culture", "growth")], QUINN)
    play.write([n2.NotificationDue("N1", "Sponsor", "late adverse result", "Culture: growth", due(play))], QUINN)
    play.later(hours=2).do(c.DeclareOverdue(B), ALICE)


def waived(play: Play) -> None:
    """Have a gate waived, as the application writes it down."""
    play.write([GateWaived("1.2", "gate", "go on", "physician", "no other way")], DORA)


def due(play: Play) -> str:
    return (play.at + timedelta(hours=1)).isoformat()


HAPPENS = {
    "labels printed once and scanned back": (printed_again, "Labels: 1 printed again: smeared"),
    "gates passed as met": (waived, "“go on” was waived by Dora Physician, physician: no other way"),
    "specification kept": (asked_for, "out of specification: supply requested by Dora Physician"),
    "told in time": (untold, "N1 to Sponsor (Culture: growth) was not made by 2026-03-02T09:02:00+00:00"),
    "repeated counts that agree": (
        scattered,
        "Volume: CV 23.6 % of 10 mL, 14 mL is outside the alert limit (limit ≤ 30 %, alert ≤ 20 %)",
    ),
    "alarms of its instruments": (
        alarmed,
        "medium alarm: S-1 room temperature high, above 25 °C, 26.1 °C; acknowledged: Window closed, not over",
    ),
    "instruments without gaps or notices": (unheard, "gap in the readings of S-1: mass: no values between 9 and 10"),
    "values within limits": (alert, "Mass: 5.5 g is outside the alert limit (limit ≥ 5 g, alert ≥ 6 g)"),
    "instruments' values measured, not typed": (typed, "Mass: 10 g was typed, not taken from the scale: no line"),
    "values as first recorded": (corrected, "Mass: 10 g became 11 g: misread"),
    "facts of the order as issued": (order_corrected, "Weight: 20 kg became 18 kg: another child's"),
    "steps completed once": (sent_back, "step 1.2 was reopened: look again"),
    "instruments as first scanned": (assigned, "measured with scale E-2 from here on"),
    "hold times kept": (too_late, "“Open” ran past 1 h"),
    "deviations": (departed, "deviation D1: spilled (still open)"),
    "holds": (held, "on hold: alarm"),
    "refused attempts": (refused, "refused to Alice Operator: step 1.2 is not complete"),
    "remarks": (remarked, "remark on step 1.2: noisy"),
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.requirement("RQ-102")
@pytest.mark.requirement("RQ-077")
def test_each_check_finds_what_it_looks_for_and_nothing_in_a_smooth_batch(check: str) -> None:
    """Every check, found and not listed, has something that happens and the sentence it becomes."""
    happens, sentence = HAPPENS[check]
    assert not exceptions(weighed().batch)
    play = weighing()
    happens(play)
    assert sentence in [found.sentence for found in exceptions(play.batch) if found.check == check]


def test_what_was_looked_at_is_told_beside_what_was_found() -> None:
    """“Nothing found” is worth what was looked at."""
    looked_at = {checked.check: checked.looked_at for checked in review(weighed().batch)}
    assert looked_at["values within limits"] == 4
    assert looked_at["instruments' values measured, not typed"] == 3
    assert looked_at["steps completed once"] == 3
    assert looked_at["hold times kept"] == 1


def test_exceptions_come_in_the_order_in_which_they_happened() -> None:
    """The reviewer reads the story."""
    play = weighing()
    for happens in (remarked, alert, departed, refused, held):
        happens(play)
    pages = [found.stamp.page for found in exceptions(play.batch)]
    assert pages == sorted(pages)
    assert len(pages) == 5


def test_a_notice_is_an_exception_beside_a_gap() -> None:
    """In the gateway's own words; what was in order is counted by instrument."""
    play = weighing()
    unheard(play)
    found = [each.sentence for each in exceptions(play.batch)]
    assert found == [
        "gap in the readings of S-1: mass: no values between 9 and 10",
        "S-1: its clock is 5.0 s ahead of ours",
    ]


@pytest.mark.requirement("RQ-061")
def test_a_value_that_was_out_stays_an_exception_when_it_was_corrected() -> None:
    """The first number does not leave the reviewer's list."""
    play = weighing()
    play.take("1.2", "mass", "4 g")
    play.correct("1.2", "mass", "14", "a decimal read wrong")
    found = [finding.sentence for finding in exceptions(play.batch)]
    assert any("Mass: 4 g is outside the action limit" in sentence for sentence in found)
    assert "Mass: 4 g became 14 g: a decimal read wrong" in found


def test_a_lifted_hold_stays_an_exception() -> None:
    """With why it was lifted."""
    play = weighing()
    play.do(c.HoldBatch(B, "alarm"), ALICE)
    play.do(c.LiftHold(B, "a false one"), QUINN)
    assert [found.sentence for found in exceptions(play.batch)] == ["was on hold: alarm; lifted: a false one"]


def test_a_closed_deviation_stays_an_exception() -> None:
    """With its conclusion."""
    play = weighing()
    departed(play)
    play.settle()
    assert [found.sentence for found in exceptions(play.batch)] == ["deviation D1: spilled (closed: no effect)"]


def test_a_remark_on_the_batch_is_an_exception() -> None:
    """Wherever it was made."""
    play = weighing()
    play.do(c.AddComment(B, "late courier"), ALICE)
    assert [(found.sentence, found.step) for found in exceptions(play.batch)] == [("remark: late courier", "")]


def test_a_value_computed_again_says_so() -> None:
    """Nobody gave a reason for it: the correction above it did."""
    text = """
    - step: 1.1 A
      record: {x1: {unit: mL}}
    - step: 1.2 B
      calculate: {x2: {formula: 2 * x1, unit: mL, round: up to 1}}
    """
    play = Play(small(text), answers={"x1": "1"}).start().finish()
    play.correct("1.1", "x1", "2")
    assert "X2: 2 mL became 4 mL: misread" in [found.sentence for found in exceptions(play.batch)]


def test_a_whole_smooth_batch_has_no_exception() -> None:
    """Four hundred lines, and nothing that a reviewer has to read twice."""
    batch = child_at("").batch
    assert exceptions(batch) == []
    assert sum(checked.looked_at for checked in review(batch)) > 200
