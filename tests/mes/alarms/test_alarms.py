"""Alarms from limit to record: proposed and approved, raised by readings and by silence, answered by people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batch_records.executed import alarm_entries as a
from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.review import exceptions
from devices.reading import Quality
from mes.alarms.commands import (
    AcknowledgeAlarm,
    ApproveAlarm,
    ProposeAlarm,
    RetireAlarm,
    ShelveAlarm,
    UnshelveAlarm,
)
from mes.alarms.models import AlarmRule
from mes.equipment.commands import SetStatus
from mes.execute import Forbidden
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, BOB, MALLORY, QUINN
from tests.mes.alarms.watched import BOOK, Watched
from tests.mes.furnishing import INCUBATOR
from tests.mes.laboratory import COI, OTHER_COI, Laboratory
from tests.mes.played import Played


@pytest.fixture
def incubator(lab: Laboratory) -> Watched:
    """An incubator with one approved limit: temperature high."""
    watched = Watched(lab)
    watched.limit()
    return watched


@pytest.fixture
def growing(incubator: Watched) -> Played:
    """A batch whose cells are in it."""
    return Played(incubator.lab).start(COI).finish("1.3")


def acknowledge(watched: Watched, by: Person = ALICE, *, signed: bool = False) -> None:
    command = AcknowledgeAlarm(INCUBATOR, "A1", "Door closed, temperature falls")
    watched.lab.do(command, by, seen=watched.alarm().line if signed else None)


# --- limits -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-068")
def test_a_limit_counts_once_another_person_approved_it(lab: Laboratory) -> None:
    """Alice proposes; nothing is watched until Quinn, who did not propose it, signs."""
    watched = Watched(lab)
    lab.do(ProposeAlarm("incubator", "temperature", "high", "37.5 °C", "high", "Cells suffer above"), QUINN)
    watched.says("39")
    watched.tick(seconds=5)
    assert watched.kinds() == []
    with pytest.raises(Refused, match="who proposed a limit does not approve it"):
        lab.do(ApproveAlarm("A1"), QUINN)
    with pytest.raises(Forbidden):
        lab.do(ApproveAlarm("A1"), ALICE)
    lab.do(ApproveAlarm("A1"), RUTH)
    signed = lab.lines("alarms", "alarm limit approved")[0]["signed"]
    assert (signed["meaning"], signed["name"]) == ("approved", RUTH.name)
    watched.says("39")
    watched.tick(seconds=5)
    assert watched.kinds() == ["alarm raised"]


@pytest.mark.requirement("RQ-068")
def test_an_approved_limit_takes_the_place_of_the_one_before(incubator: Watched) -> None:
    """A limit is never changed: the new one is approved, the old retired, both stay to be read."""
    number = incubator.limit(limit="38.0 °C")
    statuses = [incubator.lab.row(AlarmRule, each).status for each in ("A1", number)]
    assert statuses == ["retired", "approved"]
    assert incubator.lab.verify().holds


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"limit": "hot"}, "limit"),
        ({"limit": "37,5 °C"}, "limit"),
        ({"deadband": "2 mL"}, "deadband"),
        ({"deadband": "-1 °C"}, "deadband"),
        ({"kind": "sideways"}, "kind"),
        ({"priority": "urgent"}, "priority"),
        ({"on_delay": "soon"}, "on_delay"),
        ({"justification": " "}, "justification"),
        ({"kind": "signal lost"}, "limit"),
        ({"kind": "signal lost", "limit": "0 s", "deadband": ""}, "limit"),
    ],
)
def test_a_limit_that_says_nothing_is_sent_back(lab: Laboratory, changes: dict[str, str], field: str) -> None:
    """A limit has a number with its unit, a deadband of the same kind, known words, and what justifies it."""
    with pytest.raises(Malformed) as sent_back:
        Watched(lab).limit(**changes)
    assert sent_back.value.field == field


# --- raised and over ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-098")
def test_an_alarm_is_raised_and_stands_in_the_batch(incubator: Watched, growing: Played) -> None:
    """38.1 °C for a minute: a line in the incubator's book and one in the record of the batch that is in it."""
    incubator.says("38.1")
    incubator.tick(seconds=59)
    assert incubator.kinds() == []
    incubator.tick(seconds=2)
    assert incubator.kinds() == ["alarm raised"]
    entry = growing.batch.alarms[0][1]
    assert isinstance(entry, a.AlarmRaised)
    assert (entry.alarm, entry.value, entry.condition) == (f"{INCUBATOR}/A1/1", "38.1 °C", "high, above 37.5 °C")
    assert incubator.alarm().state == "unacknowledged"
    assert incubator.lab.verify().holds


def test_the_reviewer_finds_an_alarm_among_the_exceptions(incubator: Watched, growing: Played) -> None:
    """What was raised, what became of it, and in whose words: one sentence in the review."""
    incubator.raise_one()
    acknowledge(incubator)
    incubator.says("37.0")
    incubator.tick(seconds=31)
    found = [each.sentence for each in exceptions(growing.batch) if each.check == "alarms of its instruments"]
    words = f"high alarm: {INCUBATOR} temperature high, above 37.5 °C, 38.1 °C"
    assert found == [f"{words}; acknowledged: Door closed, temperature falls"]
    assert found[0] in incubator.lab.tablet(ALICE).open(growing.page).page.text


def test_an_alarm_of_nobodys_instrument_is_in_no_batch(incubator: Watched, growing: Played) -> None:
    """The incubator was freed before it grew warm: its own book says so, the batch's does not."""
    incubator.lab.do(SetStatus(INCUBATOR, "ready", "cleaned"), ALICE)
    incubator.raise_one()
    assert incubator.kinds() == ["alarm raised"]
    assert growing.batch.alarms == ()


def test_an_instrument_that_several_share_alarms_in_each(lab: Laboratory) -> None:
    """Two batches counted with CC-01 and are in process: its alarm concerns both."""
    watched = Watched(lab)
    watched.limit(equipment_class="cell counter", channel="temperature", on_delay="0")
    first = Played(lab).start(COI).finish("1.3")
    lab.do(SetStatus(INCUBATOR, "ready", "cleaned"), ALICE)
    second = Played(lab).start(OTHER_COI).finish("1.3")
    lab.measured("39", channel="temperature", unit="°C", sample=None)
    watched.tick(seconds=1)
    assert [len(each.batch.alarms) for each in (first, second)] == [1, 1]
    assert lab.verify().holds


def test_an_alarm_is_over_and_raised_again(incubator: Watched, growing: Played) -> None:
    """Each occurrence has its number; between them the list says that one came and went unseen."""
    incubator.raise_one()
    incubator.says("37.0")
    incubator.tick(seconds=31)
    assert incubator.alarm().state == "returned, unacknowledged"
    incubator.raise_one("38.4")
    assert (incubator.alarm().occurrence, incubator.alarm().state) == (2, "unacknowledged")
    assert incubator.kinds() == ["alarm raised", "alarm returned", "alarm raised"]
    assert [type(entry) for _, entry in growing.batch.alarms] == [a.AlarmRaised, a.AlarmReturned, a.AlarmRaised]


def test_a_value_that_cannot_be_relied_on_raises_no_limit(incubator: Watched) -> None:
    """Bad, no number, another dimension: none is held against the limit; silence is what alarms then."""
    incubator.says("99", quality=Quality.BAD)
    incubator.says("open")
    incubator.says("99", unit="%")
    incubator.tick(minutes=5)
    assert incubator.kinds() == []


@pytest.mark.parametrize("meanwhile", ["nothing", "bad"])
def test_a_lost_signal_is_an_alarm(incubator: Watched, growing: Played, meanwhile: str) -> None:
    """Nothing good for two minutes, though something bad may come; and over with the next good value."""
    lost = incubator.limit(kind="signal lost", limit="120 s", deadband="", on_delay="0", off_delay="0")
    incubator.tick(minutes=5)
    assert incubator.kinds() == []  # never heard: there is no signal to lose
    incubator.says("37.0")
    incubator.tick(seconds=119)
    assert incubator.kinds() == []
    if meanwhile == "bad":
        incubator.says("37.0", quality=Quality.BAD)
    incubator.tick(seconds=2)
    assert incubator.kinds_and_rules() == [("alarm raised", lost)]
    incubator.tick(seconds=2)
    incubator.says("37.0")
    incubator.tick(seconds=1)
    assert incubator.kinds() == ["alarm raised", "alarm returned"]
    assert len(growing.batch.alarms) == 2
    assert incubator.lab.verify().holds


def test_what_is_watched_no_more_is_over(incubator: Watched) -> None:
    """A limit that was retired, equipment out of service: the alarm ends, and says when."""
    incubator.raise_one()
    incubator.lab.do(RetireAlarm("A1", "replaced by the room's own monitoring"), QUINN)
    incubator.tick(seconds=1)
    assert incubator.kinds() == ["alarm raised", "alarm returned"]
    number = incubator.limit()
    incubator.raise_one()
    incubator.lab.do(SetStatus(INCUBATOR, "out of service", "to be repaired"), ALICE)
    incubator.tick(seconds=1)
    assert incubator.kinds_and_rules()[-1] == ("alarm returned", number)
    incubator.lab.do(SetStatus(INCUBATOR, "ready", "repaired"), ALICE)
    incubator.says("37.0")
    incubator.tick(seconds=40)
    incubator.raise_one("38.5")
    assert incubator.kinds_and_rules()[-1] == ("alarm raised", number)


def test_readings_that_come_late_are_judged_by_their_own_times(incubator: Watched) -> None:
    """A gateway that was cut off delivers ten minutes at once: the excursion in them is raised, and over."""
    start = incubator.lab.time()
    incubator.lab.time.later(minutes=10)
    for minute, value in ((0, "37.0"), (2, "38.2"), (4, "38.3"), (5, "37.0"), (8, "37.0")):
        incubator.says(value, at=start + timedelta(minutes=minute))
    incubator.tick(seconds=1)
    incubator.tick(seconds=1)
    raised, returned = (line["body"] for line in incubator.lab.lines(BOOK) if "alarm" in line["kind"])
    assert (raised["value"], raised["since"]) == ("38.2 °C", "2026-03-02T08:02:00.000000Z")
    assert returned["since"] == "2026-03-02T08:05:00.000000Z"


def test_an_alarm_of_a_batch_that_ended_is_not_written_into_it(incubator: Watched, growing: Played) -> None:
    """The incubator is still marked as the batch's: the clock goes on, and the ended record stays as it is."""
    growing.do(c.StopBatch(growing.number, "not enough cells"), QUINN)
    incubator.raise_one()
    assert incubator.kinds() == ["alarm raised"]
    assert growing.batch.alarms == ()


# --- answered -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-068")
def test_acknowledging_takes_a_comment(incubator: Watched, growing: Played) -> None:
    """Who, when, and what is done about it: in the incubator's book and in the batch's."""
    incubator.raise_one()
    with pytest.raises(Malformed, match="what is done"):
        incubator.lab.do(AcknowledgeAlarm(INCUBATOR, "A1", " "), ALICE)
    acknowledge(incubator)
    assert incubator.alarm().state == "acknowledged"
    stamp, entry = growing.batch.alarms[-1]
    assert (stamp.author, entry) == (
        "alice",
        a.AlarmAcknowledged(f"{INCUBATOR}/A1/1", "Door closed, temperature falls"),
    )
    with pytest.raises(Refused, match="nothing to acknowledge"):
        acknowledge(incubator)
    with pytest.raises(Forbidden):
        acknowledge(incubator, MALLORY)


@pytest.mark.requirement("RQ-068")
def test_a_critical_alarm_is_signed_for(incubator: Watched, growing: Played) -> None:
    """Without a signature it stays; signed, the signature stands in both records, bound to the line that raised it."""
    incubator.limit(priority="critical")
    rule = incubator.raise_one()
    with pytest.raises(Refused, match="critical"):
        incubator.lab.do(AcknowledgeAlarm(INCUBATOR, rule, "Seen"), ALICE)
    seen = incubator.alarm(rule).line
    incubator.lab.do(AcknowledgeAlarm(INCUBATOR, rule, "Seen"), ALICE, seen=seen)
    signature = growing.batch.alarms[-1][0].signature
    assert signature
    assert (signature.meaning, signature.seen) == ("acknowledged", seen)
    assert incubator.lab.verify().holds


def test_an_alarm_is_shelved_for_a_time(incubator: Watched, growing: Played) -> None:
    """Off the list for an hour, with a reason; recorded all the same; back by itself while it is still out."""
    incubator.raise_one()
    incubator.lab.do(ShelveAlarm(INCUBATOR, "A1", "1", "probe is being exchanged"), BOB)
    assert incubator.alarm().state == "shelved"
    incubator.tick(minutes=59)
    assert incubator.alarm().state == "shelved"
    incubator.tick(minutes=2)
    assert incubator.alarm().state == "unacknowledged"
    assert [type(entry) for _, entry in growing.batch.alarms] == [a.AlarmRaised, a.AlarmShelved, a.AlarmUnshelved]
    assert incubator.lab.verify().holds


def test_what_happens_while_shelved_is_recorded(incubator: Watched) -> None:
    """The log cannot be switched off: over and raised again are lines, though the list stays quiet."""
    incubator.raise_one()
    incubator.lab.do(ShelveAlarm(INCUBATOR, "A1", "1", "probe is being exchanged"), BOB)
    incubator.says("37.0")
    incubator.tick(seconds=31)
    incubator.raise_one()
    assert incubator.kinds()[-2:] == ["alarm returned", "alarm raised"]
    assert incubator.alarm().state == "shelved"
    incubator.lab.do(UnshelveAlarm(INCUBATOR, "A1", "probe is in place"), BOB)
    assert incubator.alarm().state == "unacknowledged"


@pytest.mark.parametrize("hours", ["0", "25", "soon", ""])
def test_nothing_is_shelved_for_ever(incubator: Watched, hours: str) -> None:
    """A day is the longest."""
    incubator.raise_one()
    with pytest.raises(Malformed, match="1 to 24 hours"):
        incubator.lab.do(ShelveAlarm(INCUBATOR, "A1", hours, "a nuisance"), BOB)


def test_a_critical_alarm_is_shelved_by_quality_only(incubator: Watched) -> None:
    """Bob may not; Quinn may, and signs."""
    incubator.limit(priority="critical")
    rule = incubator.raise_one()
    command = ShelveAlarm(INCUBATOR, rule, "2", "probe is being exchanged")
    with pytest.raises(Refused, match="quality reviewer"):
        incubator.lab.do(command, ALICE)
    incubator.lab.do(command, QUINN, seen=incubator.alarm(rule).line)
    assert incubator.alarm(rule).state == "shelved"


def test_a_view_of_an_alarm_that_was_altered_is_named(incubator: Watched) -> None:
    """Somebody with every right makes an alarm look acknowledged: the check finds it."""
    incubator.raise_one()
    with incubator.lab.dba() as dba:
        dba.run("UPDATE alarm_view SET state = 'acknowledged'")
    assert [flaw.book for flaw in incubator.lab.verify().flaws] == [BOOK]
