"""The states of an alarm, and when a value is out or back: the table and the delays, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from mes.alarms.states import TRANSITIONS, Condition, Event, State, Watched, after, due, watch

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HIGH = Condition("high", Fraction(375, 10), Fraction(2, 10), timedelta(seconds=60), timedelta(seconds=30))


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def seen(*values: tuple[int, str], condition: Condition = HIGH, known: Watched | None = None) -> Watched:
    """Return what is known after values at seconds."""
    known = known or Watched()
    for second, value in values:
        known = watch(condition, known, Fraction(value), value, at(second))
    return known


def test_an_alarm_goes_through_its_states() -> None:
    """Raised, acknowledged, over; or over before anybody acknowledged it, and raised again."""
    state = State.NORMAL
    for event, then in (
        (Event.RAISED, State.UNACKNOWLEDGED),
        (Event.RETURNED, State.RETURNED),
        (Event.RAISED, State.UNACKNOWLEDGED),
        (Event.ACKNOWLEDGED, State.ACKNOWLEDGED),
        (Event.RETURNED, State.NORMAL),
    ):
        found = after(state, event, is_out=event is not Event.RETURNED)
        assert found is then
        state = then


def test_what_cannot_follow_has_no_state() -> None:
    """Nothing is acknowledged twice, nothing normal is shelved, nothing is raised that is raised."""
    for state in State:
        for event in Event:
            assert (after(state, event, is_out=True) is None) == ((state, event) not in TRANSITIONS)
    assert after(State.ACKNOWLEDGED, Event.ACKNOWLEDGED, is_out=True) is None
    assert after(State.NORMAL, Event.SHELVED, is_out=False) is None


def test_a_shelved_alarm_comes_back_as_it_is_then() -> None:
    """Its time runs out: what is still out waits for somebody; what is over is over."""
    assert after(State.SHELVED, Event.RAISED, is_out=True) is State.SHELVED
    assert after(State.SHELVED, Event.UNSHELVED, is_out=True) is State.UNACKNOWLEDGED
    assert after(State.SHELVED, Event.UNSHELVED, is_out=False) is State.NORMAL


@pytest.mark.parametrize(
    ("kind", "number", "says"),
    [
        ("high", "37.5", "neither"),
        ("high", "37.51", "out"),
        ("high", "37.3", "back"),
        ("high high", "40", "out"),
        ("low", "37.5", "neither"),
        ("low", "37.49", "out"),
        ("low", "37.7", "back"),
        ("low low", "0", "out"),
    ],
)
def test_a_limit_is_passed_not_touched(kind: str, number: str, says: str) -> None:
    """37.5 is not above 37.5; and it is back only inside by the deadband."""
    condition = replace(HIGH, kind=kind)
    found = (condition.is_out(Fraction(number)), condition.is_back(Fraction(number)))
    assert found == (says == "out", says == "back")


def test_an_alarm_is_raised_after_its_delay() -> None:
    """Out for a minute, counted from the first reading that was out; it says what was measured then."""
    known = seen((0, "37.6"), (30, "37.9"))
    assert (known.out_since, known.out) == (at(0), "37.6")
    assert due(HIGH, known, at(59)) is None
    assert due(HIGH, known, at(60)) is Event.RAISED


def test_an_excursion_shorter_than_the_delay_never_was() -> None:
    """A door opened for half a minute raises nothing, however often."""
    assert seen((0, "37.6"), (30, "37.0")) == Watched()
    assert seen((0, "37.6"), (30, "37.0"), (50, "37.6")).out_since == at(50)


def test_an_excursion_between_two_ticks_is_raised_all_the_same() -> None:
    """Without a delay a single reading is enough, though the next is good before anybody looked."""
    at_once = replace(HIGH, on_delay=timedelta(0))
    known = seen((0, "37.6"), (1, "37.0"), condition=at_once)
    assert due(at_once, known, at(1)) is Event.RAISED


def test_inside_the_deadband_nothing_changes() -> None:
    """37.4 is below the limit and not back: a value that trembles on its limit makes one alarm, not fifty."""
    known = seen((0, "37.6"), (10, "37.4"), (20, "37.6"))
    assert known.out_since == at(0)
    assert known.back_since is None


def test_an_alarm_is_over_after_its_delay() -> None:
    """Back for half a minute; if it goes out again before, it is the same alarm."""
    raised = replace(seen((0, "37.6")), is_raised=True)
    back = seen((100, "37.0"), known=raised)
    assert due(HIGH, back, at(129)) is None
    assert due(HIGH, back, at(130)) is Event.RETURNED
    again = seen((110, "37.8"), known=back)
    assert due(HIGH, again, at(500)) is None
