"""Clocks that jump, in a few rounds, and what each single jump does. A device's clock is in tests/devices."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from batch_records.executed.span import apart, in_words
from mes.clock import Tick
from mes.web import steady
from tests.cast import ALICE
from tests.mes.laboratory import CLOCK, COI, START, Laboratory
from tests.mes.played import Played
from tests.soak.rounds import Report, luck
from tests.soak.time import play


@pytest.mark.requirement("RQ-119")
def test_batches_are_played_while_the_clock_jumps(lab: Laboratory) -> None:
    """A batch to its release under jumps of every kind: pages in order, no duration below nothing, all sealed."""
    report = Report("clocks that jump", 3)
    play(lab, luck(3, 0), 0, report)
    assert report.flaws == []
    assert report.counts.total() > 5


def test_readings_are_sealed_after_the_clock_was_set_back(lab: Laboratory) -> None:
    """Two days back: the next seal comes with the next tick, not in two days."""
    lab.measured("85")
    lab.do(Tick(), CLOCK)
    lab.time.later(days=-2)
    lab.measured("86")
    assert lab.do(Tick(), CLOCK)["sealed"] == 1


def test_a_reading_from_the_future_is_not_fresh(batch: Played) -> None:
    """The clock was set back by two days: what was measured before is no measurement of now."""
    batch.finish("1.4")
    batch.show("1.4", "viability", "91 %")
    batch.later(days=-2)
    with pytest.raises(Refused, match="2 d 0 h ahead of the clock here"):
        batch.do(c.TakeReading(batch.number, "1.4", "viability"), ALICE)


@pytest.mark.requirement("RQ-072")
def test_an_expired_session_stays_expired(lab: Laboratory) -> None:
    """Locked after fifteen minutes; then the machine's clock is set back by an hour, and it is locked still."""
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        tablet = lab.tablet(ALICE)
        assert tablet.open("/batches/").path == "/batches/"
        with tablet.flask_session(lab.app) as held:
            boot, _, then = held["steady"].partition(" ")
            held["steady"] = f"{boot} {float(then) - 16 * 60}"
        clock.shift(timedelta(hours=-1))
        assert tablet.open("/batches/").path.startswith("/sign-in")


def test_a_session_of_before_the_restart_is_over() -> None:
    """The steady clock begins anew with the machine: nobody can say how long nobody was there."""
    assert steady.seconds_since(f"another-boot {steady.seconds()}") == float("inf")
    assert steady.seconds_since("") == float("inf")
    assert 0 <= steady.seconds_since(steady.stamp()) < 60


@pytest.mark.parametrize("zone_change", ["2026-03-29T00:59:59.9+00:00", "2026-10-25T00:59:59.9+00:00"])
def test_summer_time_changes_nothing_that_is_stored(lab: Laboratory, zone_change: str) -> None:
    """What is stored is UTC: over either change the lines follow on by a second, whatever the wall shows."""
    lab.time.at = lab.time.at.fromisoformat(zone_change)
    batch = Played(lab).start(COI)
    batch.do(c.AddComment(batch.number, "before"), ALICE)
    lab.time.later(seconds=1)
    batch.do(c.AddComment(batch.number, "after"), ALICE)
    before, after = (lab.time.at.fromisoformat(line["at"]) for line in lab.lines(batch.book, "comment added"))
    assert after - before == timedelta(seconds=1)
    assert all(line["at"].endswith("Z") for line in lab.lines(batch.book))


def test_no_span_is_below_nothing() -> None:
    """Whichever time is later, two are apart by as much; and a span that would be negative is none."""
    assert in_words(timedelta(hours=-3)) == "0 s"
    assert apart(START, START + timedelta(hours=3)) == apart(START + timedelta(hours=3), START) == timedelta(hours=3)
