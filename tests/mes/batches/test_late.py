"""What was entered without a connection: each once, with both times, and reported where it cannot be recorded."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest

from batch_records.executed import commands as c
from mes.ledger.line import utc
from mes.people.commands import SetActive
from tests.cast import ALICE, BOB
from tests.mes.laboratory import ADAM, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Tablet


class Waiting:
    """What waits on a tablet: entered at a time, by somebody, each with a tap of its own."""

    def __init__(self, batch: Played, by: str = "alice") -> None:
        batch.finish("1.5")
        self.batch, self.by = batch, by
        batch.lab.time.later(minutes=2, seconds=3 - batch.lab.time.at.second)
        self.entered = utc(batch.lab.time.at)
        zone = batch.lab.installation.settings.zone
        self.said = batch.lab.time.at.astimezone(zone).isoformat(" ", "seconds")
        batch.lab.time.later(hours=1)

    def send(self, tablet: Tablet, tap: str = "", step: str = "1.5", **values: str) -> str:
        """Send it, as the tablet does; return what became of it."""
        fields = {f"value.{name}": text for name, text in values.items()}
        fields |= {"tap": tap or str(uuid4()), "entered": self.entered, "entered_by": self.by}
        fields["csrf_token"] = tablet.open("/account").form("/lock").fields["csrf_token"]
        answer = tablet.http.post(f"{self.batch.page}/steps/{step}/late", data=fields)
        return str(answer.json()["became"])

    def remarks(self) -> list[str]:
        """Return what is remarked on the batch."""
        return [line["body"]["text"] for line in self.batch.lab.lines(self.batch.book, "comment added")]


@pytest.fixture
def waiting(batch: Played) -> Waiting:
    """A step at work, and an hour without a connection."""
    return Waiting(batch)


def test_what_waited_is_recorded_with_both_times(waiting: Waiting) -> None:
    """By who entered it; the line bears the time at which it came, and a remark says when it was entered."""
    assert waiting.send(waiting.batch.lab.tablet(ALICE), volume="50 mL") == "recorded"
    line = waiting.batch.lab.lines(waiting.batch.book, "value recorded")[-1]
    assert (line["author"], line["at"]) == ("alice", utc(waiting.batch.lab.time.at))
    (remark,) = waiting.remarks()
    assert f"Entered on the tablet at {waiting.said} without a connection, and sent at " in remark


def test_what_waited_is_counted_once(waiting: Waiting) -> None:
    """The answer was lost, so it is sent again; also as what cannot be recorded."""
    tablet = waiting.batch.lab.tablet(ALICE)
    taps = [str(uuid4()), str(uuid4())]
    became = [waiting.send(tablet, tap, volume=text) for tap, text in zip(taps, ("50 mL", "60 mL"), strict=True)]
    again = [waiting.send(tablet, tap, volume=text) for tap, text in zip(taps, ("50 mL", "60 mL"), strict=True)]
    assert became == again == ["recorded", "reported"]
    kinds = waiting.batch.kinds()
    assert (kinds.count("deviation raised"), waiting.batch.value("1.5", "volume")) == (1, "50 mL")


def test_a_conflict_is_reported_for_somebody_to_conclude_on(waiting: Waiting) -> None:
    """Meanwhile Bob read another volume: his stands, and the deviation says what was entered, when and why not."""
    waiting.batch.do(c.RecordValues(waiting.batch.number, "1.5", {"volume": "60 mL"}), ALICE)
    assert waiting.send(waiting.batch.lab.tablet(ALICE), volume="50 mL") == "reported"
    (deviation,) = waiting.batch.batch.deviations.values()
    assert deviation.step == "1.5"
    assert f"at {waiting.said} without a connection" in deviation.description
    assert "is recorded as 60 mL" in deviation.description
    assert deviation.description.endswith("What was entered: volume: 50 mL")


def test_another_person_sends_nothing_in_her_name(waiting: Waiting) -> None:
    """Bob signs in on Alice's tablet: what she entered waits for her, and nothing is written."""
    before = waiting.batch.kinds()
    assert waiting.send(waiting.batch.lab.tablet(BOB), volume="50 mL") == "waits"
    assert waiting.batch.kinds() == before


def test_what_somebody_entered_who_has_left_is_refused_and_reported(waiting: Waiting) -> None:
    """Her account was ended meanwhile: Bob's sign-in on the tablet reports it, with her name and what she entered."""
    waiting.batch.lab.do(SetActive("alice", active=False, reason="has left"), ADAM)
    assert waiting.send(waiting.batch.lab.tablet(BOB), volume="50 mL") == "reported"
    (deviation,) = waiting.batch.batch.deviations.values()
    assert "it was entered by Alice Operator, whose account works no more" in deviation.description
    assert (deviation.raised.author, "volume" in waiting.batch.batch.run("1.5").values) == ("bob", False)


def test_of_a_batch_that_is_decided_on_it_is_remarked(waiting: Waiting) -> None:
    """It was released without what waited: that is not lost either."""
    waiting.batch.finish().review()
    waiting.batch.release()
    assert waiting.send(waiting.batch.lab.tablet(ALICE), volume="50 mL") == "reported"
    assert "Not recorded: " in waiting.remarks()[-1]
    assert waiting.batch.lab.verify().holds


def test_what_is_no_value_is_reported(waiting: Waiting) -> None:
    """It cannot be read as a volume; nobody is there to type it again, so it stands as it was entered."""
    assert waiting.send(waiting.batch.lab.tablet(ALICE), volume="plenty") == "reported"
    assert waiting.batch.batch.deviations["D1"].description.endswith("What was entered: volume: plenty")


def shuffled(lab: Laboratory, batch: Played, number: int, count: int) -> list[str]:
    """Send so many in any order, each twice, half of them after their author left; return what is wrong."""
    waiting, luck = Waiting(batch), Random(number)  # noqa: S311 - played again from its number
    entered = [(str(uuid4()), f"{each} mL") for each in range(count)]
    luck.shuffle(entered)
    alice, bob = lab.tablet(ALICE), lab.tablet(BOB)
    became = [waiting.send(alice, tap, volume=text) for tap, text in entered[: count // 2] * 2]
    lab.do(SetActive("alice", active=False, reason="has left"), ADAM)
    became += [waiting.send(bob, tap, volume=text) for tap, text in entered[count // 2 :] * 2]
    reports = [d.description for d in batch.batch.deviations.values() if "Not recorded" in d.description]
    told = " ".join(reports)
    lost = [text for _, text in entered if f"volume: {text}" not in f"{told} volume: {batch.value('1.5', 'volume')}"]
    lab.do(SetActive("alice", active=True, reason="is back"), ADAM)
    wrong = [f"{lost} are lost"] if lost else []
    wrong += [] if became.count("recorded") == 2 else [f"{became.count('recorded')} were answered as recorded"]
    return wrong + ([] if len(reports) == count - 1 else [f"{count} entries led to {len(reports)} reports"])


def test_whatever_the_order_each_is_there_once(lab: Laboratory, batch: Played) -> None:
    """Twenty entries an hour late, shuffled, sent twice, half of them after she left; more in `./lab soak tablets`."""
    assert shuffled(lab, batch, 1, 20) == []
    assert lab.verify().holds
    assert lab.time.at - batch.batch.started.at > timedelta(hours=1)
