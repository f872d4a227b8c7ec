"""What happens by itself: hold times declared exceeded once, readings sealed once a minute."""

from __future__ import annotations

import pytest

from mes.clock import Tick
from mes.ledger import sealed_readings
from tests.mes.laboratory import CLOCK, OTHER_COI, TOKENS, Laboratory
from tests.mes.played import Played


def tick(lab: Laboratory) -> dict[str, object]:
    return dict(lab.do(Tick(), CLOCK))


@pytest.mark.requirement("RQ-037")
def test_a_hold_time_that_ran_out_is_declared_once(batch: Played) -> None:
    """After four hours the clock says so, a deviation opens, and the next tick has nothing to say."""
    batch.finish("1.2").later(hours=4, minutes=1)
    assert tick(batch.lab)["overdue"] == [batch.number]
    assert tick(batch.lab)["overdue"] == []
    line = batch.lab.lines(batch.book, "hold time exceeded")
    assert [(each["author"], each["role"]) for each in line] == [("clock_1", "clock")]
    assert [each.description for each in batch.batch.deviations.values()] == [
        "“Cells out of the incubator” took longer than 4 h"
    ]
    assert batch.lab.verify().holds


def test_what_is_not_due_is_left_alone(batch: Played) -> None:
    """A minute before its end a hold time is nobody's business."""
    batch.finish("1.2").later(hours=3, minutes=50)
    lines = batch.kinds()
    assert tick(batch.lab)["overdue"] == []
    assert batch.kinds() == lines


def test_a_hold_time_that_ended_in_time_is_not_declared(batch: Played) -> None:
    """Once stopped, it never runs out."""
    batch.finish("1.9").later(days=2)
    assert tick(batch.lab)["overdue"] == []


def test_each_batch_has_clocks_of_its_own(batch: Played) -> None:
    """Two are late, one is not: two are declared."""
    batch.finish("1.2")
    other = Played(batch.lab).start(OTHER_COI).finish("1.2")
    batch.later(hours=5)
    assert tick(batch.lab)["overdue"] == [batch.number, other.number]


def test_readings_are_sealed_once_a_minute(lab: Laboratory) -> None:
    """The first seal at once, the next after a minute, each over what came since: together all, none twice."""
    lab.measured("85")
    assert tick(lab)["sealed"] == 1
    lab.measured("86")
    lab.time.later(seconds=59)
    assert tick(lab)["sealed"] == 0
    lab.measured("87")
    lab.time.later(seconds=1)
    assert tick(lab)["sealed"] == 2
    lab.time.later(hours=1)
    assert tick(lab)["sealed"] == 0
    ranges = [line["body"] for line in lab.lines("equipment:CC-01", sealed_readings.KIND)]
    assert [(each["from"], each["to"], each["count"]) for each in ranges] == [(1, 1, 1), (2, 3, 2)]
    assert lab.verify().readings == 3


def test_each_instrument_is_sealed_in_its_own_book(lab: Laboratory) -> None:
    """One that is not registered, too: what it says is evidence."""
    lab.measured("85")
    lab.measured("37", instrument="UNKNOWN-1", channel="temperature")
    assert tick(lab)["sealed"] == 2
    assert lab.lines("equipment:UNKNOWN-1", sealed_readings.KIND)
    assert lab.verify().holds


def test_a_reading_that_comes_late_breaks_no_seal(lab: Laboratory) -> None:
    """A gap in the sequence is not sealed over: what fills it later is sealed with what follows."""
    lab.measured("85", sequence=1)
    lab.measured("87", sequence=3)
    tick(lab)
    lab.measured("86", sequence=2)
    lab.time.later(minutes=2)
    tick(lab)
    assert lab.verify().holds
    assert lab.verify().readings == 3


def test_the_clock_ticks_over_http(batch: Played) -> None:
    """Its process asks once a second: what was due, how much was sealed, which documents wait."""
    batch.finish("1.2").later(hours=5)
    http, token = batch.lab.tablet().http, {"Authorization": f"Bearer {TOKENS[CLOCK.id]}"}
    assert http.post("/api/v1/ticks", headers=token).json() == {
        "overdue": [batch.number],
        "sealed": 0,
        "documents": [],
    }
