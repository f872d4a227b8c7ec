"""The model of a culture against what is known of such cultures, and against itself."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulators.culture import EVENTS, VESSELS, Contents, Culture, Event, NotSoError, Point, drift
from devices.simulators.world import USUAL

D0 = datetime(2026, 11, 22, 8, tzinfo=UTC)


def day(days: float) -> datetime:
    return D0 + timedelta(days=days)


def culture(seed: int = USUAL, *, protected: bool = True, feeds: bool = True) -> Culture:
    """A batch for a child of 20 kg: 5·10⁷ cells into 100 mL on day 2.5, fed on days 5 and 7."""
    told = Culture(seed, protected=protected)
    events = [
        Event("collect", day(-0.3)),
        Event("isolate", day(-0.1)),
        Event("activate", D0),
        Event("transduce", day(1)),
        Event("seed_bioreactor", day(2.5), volume=100, cells=5e7),
        *([Event("feed", day(5), volume=100), Event("feed", day(7), volume=100)] if feeds else []),
    ]
    for event in events:
        told = told.after(event)
    return told


def reactor(days: float, **options: bool) -> Contents:
    return culture(**options).contents("bioreactor", day(days))


def growth_rate(start: float, end: float, **options: bool) -> float:
    """Per hour, of viable cells."""
    return math.log(reactor(end, **options).viable / reactor(start, **options).viable) / ((end - start) * 24)


def test_the_bag_and_its_isolation_are_usual() -> None:
    """A good collection of CD3+ cells (target 2·10⁹), and 50 to 80 % recovered."""
    told = culture()
    bag = told.contents("apheresis bag", day(-0.2))
    pbmc = told.contents("pbmc", day(-0.05))
    assert bag.viable * bag.cd3 / 100 >= 2e9
    assert 0.5 <= pbmc.viable / bag.viable <= 0.8
    assert 30 <= pbmc.cd3 <= 80
    assert bag.blasts <= 5


def test_activation_and_transduction_cost_some_cells() -> None:
    """Days 0 to 2: 0.7 to 1.0 of what was activated."""
    told = culture()
    ratio = told.contents("transduced", day(2)).viable / told.contents("activated", D0).viable
    assert 0.7 <= ratio <= 1.0


def test_growth_is_full_until_day_5_and_fades_until_day_12() -> None:
    """0.020 to 0.035 per hour, then ever less, then almost none."""
    assert 0.020 <= growth_rate(2.6, 5) <= 0.035
    rates = [growth_rate(start, start + 1) for start in range(3, 12)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.004


def test_it_grows_about_thirtyfold_in_twelve_days_at_most() -> None:
    """As a closed process does: 10 to 30 from seeding to day 12."""
    assert 10 <= reactor(12).viable / 5e7 <= 30


def test_viability_dips_on_days_3_to_5_and_recovers() -> None:
    """70 to 90 % in the dip, 90 % and more by day 8."""
    assert 70 <= min(reactor(3 + step / 10).viability for step in range(21)) <= 87
    assert reactor(8).viability >= 90


def test_there_are_enough_cells_for_a_child_on_day_8() -> None:
    """Comfortably more than 2·10⁸ viable cells."""
    assert reactor(8).viable >= 4e8


@pytest.mark.parametrize("seed", range(8))
def test_what_is_released_is_within_usual_limits(seed: int) -> None:
    """Whoever the patient is: CAR+ 35 to 45 %, CD7+ and CAR+CD7+ low, hardly a blast, glucose left, little lactate."""
    found = culture(seed).contents("bioreactor", day(8))
    assert 35 <= found.car <= 45
    assert found.cd7 <= 5
    assert found.car_cd7 < 1
    assert found.blasts < 0.01
    assert found.glucose >= 5
    assert found.lactate <= 20
    assert found.viability >= 85
    assert found.cd3 >= 90


def test_feeding_dilutes_and_without_it_the_cells_starve() -> None:
    """Glucose rises and lactate falls at a feed; without any, glucose is under 5 mM on day 9."""
    before, after = (culture().contents("bioreactor", day(5) + timedelta(minutes=side)) for side in (-1, 1))
    assert after.glucose > before.glucose
    assert after.lactate < before.lactate
    assert after.viable == pytest.approx(before.viable, rel=0.01)
    assert reactor(9, feeds=False).glucose < 5


@pytest.mark.parametrize("protected", [True, False])
def test_what_the_cells_eat_is_what_turns_sour(protected: bool) -> None:  # noqa: FBT001 - one of two cultures
    """1.3 mol of lactate from a mol of glucose, where two is the most; 20 to 100 fmol of it for a cell and hour."""
    before, after = (reactor(days, protected=protected, feeds=False) for days in (4, 5))
    eaten, made = before.glucose - after.glucose, after.lactate - before.lactate
    assert made / eaten == pytest.approx(1.3)
    mean = (after.viable - before.viable) / math.log(after.viable / before.viable)
    assert 20e-12 <= eaten * after.volume / 1000 / mean / 24 <= 100e-12  # mmol


def test_a_failed_culture_eats_little_for_few_live() -> None:
    """The metabolism follows the cells: what the counter, the probes and the medium say agrees."""
    well, failed = (reactor(8, protected=protected) for protected in (True, False))
    assert failed.viable < well.viable / 10
    assert failed.lactate < well.lactate / 3
    assert failed.glucose > well.glucose


def test_a_culture_whose_protection_failed_kills_itself() -> None:
    """No growth from day 3, falling viability, and the double positives tell why."""
    assert growth_rate(3, 8, protected=False) < 0
    assert reactor(8, protected=False).viability < 70
    assert reactor(5, protected=False).car_cd7 > 2


def test_a_conditioned_culture_passes_through_its_points() -> None:
    """Exactly, whatever is fed before; the cells of a feed are the cells of before."""
    points = (Point(day(0.3), 7.5e5, 96.9), Point(day(3), 1.01e6, 97.33), Point(day(6), 3.31e6, 82.12))
    told = Culture(USUAL, points=points)
    for event in culture().events:
        told = told.after(event)
    for point, vessel in zip(points, ("activated", "bioreactor", "bioreactor"), strict=True):
        found = told.contents(vessel, point.at)
        assert found.viable_density == pytest.approx(point.viable_density)
        assert found.viability == pytest.approx(point.viability)


@given(st.floats(-0.2, 12), st.integers(0, 99))
def test_what_is_said_of_a_time_does_not_depend_on_what_came_later(days: float, seed: int) -> None:
    """The past of a culture never changes."""
    whole = culture(seed)
    until_then = Culture(seed, tuple(event for event in whole.events if event.at <= day(days)))
    for vessel in VESSELS:
        assert asked(whole, vessel, days) == asked(until_then, vessel, days)


def asked(told: Culture, vessel: str, days: float) -> Contents | str:
    try:
        return told.contents(vessel, day(days))
    except NotSoError as sentence:
        return str(sentence)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event("feed", day(3)), "there are no cells in “bioreactor”: seed_bioreactor comes first"),
        (Event("harvest", day(3)), "there are no cells in “bioreactor”"),
        (Event("clone", day(3)), "“clone” is no event; there are collect, isolate"),
        (Event("isolate", day(-9)), "an event cannot come before the last one"),
        (Event("isolate", day(3)), "there are no cells in “apheresis bag”: collect comes first"),
    ],
)
def test_what_cannot_be_is_refused_with_what_comes_first(event: Event, said: str) -> None:
    """People cannot feed what was never seeded."""
    told = Culture(USUAL).after(Event("collect", day(-1))).after(Event("isolate", day(-0.5)))
    with pytest.raises(NotSoError, match=said):
        told.after(event)


def test_more_cells_than_there_are_cannot_be_seeded() -> None:
    """The sentence says how many there are."""
    told = Culture(USUAL)
    for event in culture().events[:4]:
        told = told.after(event)
    with pytest.raises(NotSoError, match=r"holds 7\S* viable cells, not 1e\+10"):
        told.after(Event("seed_bioreactor", day(2), cells=1e10))


def test_a_whole_story_can_be_told() -> None:
    """Every event, in its order, to a product with its volume."""
    told = culture()
    for event in (Event("harvest", day(8)), Event("formulate", day(8.1), volume=12)):
        told = told.after(event)
    product = told.contents("product", day(8.2))
    assert {event.kind for event in told.events} == set(EVENTS)
    assert product.volume == 12
    assert product.viable > 2e8


def test_a_new_bag_is_another_patient() -> None:
    """The second collection on the same simulators differs from the first."""
    told = culture().after(Event("collect", day(20)))
    assert told.contents("apheresis bag", day(21)).viable != told.contents("apheresis bag", day(-0.2)).viable
    with pytest.raises(NotSoError):
        told.contents("bioreactor", day(21))


@given(st.integers(0, 99), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_noise_is_smooth_and_small(seed: int, at: datetime) -> None:
    """A minute changes it by little, and it stays about its size."""
    here, soon = (drift(seed, "pH", at + timedelta(minutes=minutes), 1.0) for minutes in (0, 1))
    assert abs(here - soon) < 0.4
    assert abs(here) <= 2.0
