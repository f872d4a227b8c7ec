"""Trends: every reading counted once into its stretches, gaps drawn as gaps, age and quality always said."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from devices.reading import Quality, Reading
from mes.equipment.commands import SetStatus
from mes.trends.queries import Span, channels
from tests.cast import ALICE
from tests.mes.alarms.watched import Watched
from tests.mes.furnishing import INCUBATOR
from tests.mes.laboratory import COI, START, Laboratory
from tests.mes.played import Played


@pytest.fixture
def incubator(lab: Laboratory) -> Watched:
    """An incubator that says something."""
    return Watched(lab)


def course(incubator: Watched, *values: tuple[int, str], **changes: Any) -> None:  # noqa: ANN401 - any part of a reading
    """Deliver values at seconds after the start, at once."""
    for second, value in values:
        incubator.says(value, at=START + timedelta(seconds=second), **changes)


def drawn(incubator: Watched, query: str = "span=1+h", **later: float) -> dict[str, Any]:
    """Return what the chart draws of the temperature."""
    incubator.lab.time.later(**later)
    found: dict[str, Any] = told(incubator, query)[1]["channels"].get("temperature", {})
    return found


def told(incubator: Watched, query: str = "span=1+h", seen: str = "") -> tuple[str, dict[str, Any]]:
    """Ask for what is newer than was seen, as a browser does; return the event's id and what it tells."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": seen} if seen else {})
    answer = incubator.lab.tablet(ALICE).http.get(f"/trends/{INCUBATOR}/events?{query}", headers=headers)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    retry, number, data, *end = answer.text.split("\n")
    assert (retry, number[:4], data[:6], end) == ("retry: 1000", "id: ", "data: ", ["", ""])
    return number.removeprefix("id: "), json.loads(data.removeprefix("data: "))


def gaps(found: dict[str, Any]) -> list[tuple[float, float]]:
    return [(before, after) for before, after in pairwise(found["at"]) if after - before > found["gap"]]


def test_no_peak_is_lost(incubator: Watched) -> None:
    """One high second among a day of readings stands in the chart, however coarse it is drawn."""
    course(incubator, *((second, "37.0") for second in range(0, 3600, 30)), (1800, "39.4"), (1801, "35.1"))
    found = drawn(incubator, "span=1+d&columns=50", minutes=60)
    assert (min(found["low"]), max(found["high"])) == (35.1, 39.4)
    assert found["count"] == 122


def test_a_gap_is_drawn_as_a_gap(incubator: Watched) -> None:
    """Ten minutes of nothing between two stretches: a hole in the line, not a bridge over it."""
    course(incubator, *((second, "37.0") for second in (*range(0, 600, 10), *range(1200, 1800, 10))))
    found = drawn(incubator, minutes=30)
    ((before, after),) = gaps(found)
    assert START.timestamp() + 590 <= before < after <= START.timestamp() + 1210


def test_a_slow_channel_is_not_full_of_gaps(incubator: Watched) -> None:
    """A value each quarter of an hour is that channel's pace."""
    course(incubator, *((second, "37.0") for second in range(0, 8 * 3600, 900)))
    assert gaps(drawn(incubator, "span=8+h", hours=8)) == []


def test_what_is_not_good_is_marked_and_not_drawn(incubator: Watched) -> None:
    """Bad, uncertain, no number: none is part of the line; each is marked where it came."""
    course(incubator, (0, "37.0"), (60, "37.1"))
    course(incubator, (30, "99"), quality=Quality.BAD)
    course(incubator, (40, "98"), quality=Quality.UNCERTAIN)
    course(incubator, (50, "open"))
    course(incubator, (51, "NaN"))
    found = drawn(incubator, minutes=5)
    assert max(found["high"]) == 37.1
    assert len(found["doubtful"]) == 3


def test_another_unit_is_another_line(incubator: Watched) -> None:
    """A changed unit is never mixed into the numbers of the old."""
    course(incubator, (0, "37.0"))
    course(incubator, (10, "98.6"), unit="°F")
    assert incubator.lab.verify().holds
    with incubator.lab.reading() as connection:
        since = int(START.timestamp())
        found = channels(connection, INCUBATOR, Span(since, since + 3600), 100)
    assert sorted((each.unit, max(each.high)) for each in found) == [("°C", 37.0), ("°F", 98.6)]


def test_a_reading_is_drawn_where_it_was_measured(incubator: Watched) -> None:
    """Delivered an hour late, in the wrong order, some of it twice: the line is the same."""
    said = [
        Reading(INCUBATOR, number, "temperature", f"3{number}.0", "°C", Quality.GOOD, "0", None, at, at, b"x")
        for number, at in ((number, START + timedelta(minutes=number)) for number in (1, 2, 3))
    ]
    incubator.lab.time.later(hours=1)
    for delivery in ((said[2],), (said[0], said[1]), (said[0], said[2])):
        incubator.lab.deliver(*delivery)
    found = drawn(incubator, "span=8+h")
    assert found["low"] == [31.0, 32.0, 33.0]
    assert incubator.lab.verify().holds


def test_trends_that_say_something_else_are_named(incubator: Watched) -> None:
    """Somebody with every right flattens a peak in the chart: the check makes it again and sees."""
    course(incubator, (0, "37.0"), (10, "39.0"))
    for change in (
        "UPDATE trend SET high = 37 WHERE width = 300",
        "UPDATE trend SET high = 36 WHERE width = 10",
        "UPDATE trend SET good = good + 1",
        "DELETE FROM trend",
    ):
        with incubator.lab.dba() as dba:
            dba.run("CREATE TABLE kept AS SELECT * FROM trend")
            dba.run(change)
        assert {flaw.book for flaw in incubator.lab.verify().flaws} == {f"equipment:{INCUBATOR}"}, change
        with incubator.lab.dba() as dba:
            dba.run("DELETE FROM trend")
            dba.run("INSERT INTO trend SELECT * FROM kept")
            dba.run("DROP TABLE kept")
    assert incubator.lab.verify().holds


# --- as events ----------------------------------------------------------------------------------------------------


def test_a_chart_asks_for_what_is_newer_than_it_has_seen(incubator: Watched) -> None:
    """All at first; then nothing while nothing comes; then the column that the new reading lies in, and no other."""
    course(incubator, (0, "37.0"), (60, "37.1"))
    incubator.lab.time.later(minutes=5)
    seen, first = told(incubator)
    assert (first["since"], len(first["channels"]["temperature"]["at"])) == (None, 2)
    again, nothing = told(incubator, seen=seen)
    assert (again, nothing["channels"]) == (seen, {})
    assert nothing["since"] > nothing["to"]
    course(incubator, (65, "38.2"), (240, "37.2"))
    seen, news = told(incubator, seen=seen)
    assert news["since"] == START.timestamp() + 60
    assert news["channels"]["temperature"]["high"] == [38.2, 37.2]
    assert told(incubator, seen=seen)[1]["channels"] == {}


def test_what_a_gateway_delivers_late_is_news_where_it_was_measured(incubator: Watched) -> None:
    """An hour that waited in a spool fills its place in a chart that is open."""
    course(incubator, (0, "37.0"), (3000, "37.1"))
    incubator.lab.time.later(minutes=55)
    seen, _ = told(incubator)
    course(incubator, (600, "36.2"))
    _, news = told(incubator, seen=seen)
    assert news["since"] == START.timestamp() + 600
    assert news["channels"]["temperature"]["low"] == [36.2, 37.1]


@pytest.mark.parametrize("seen", ["", "x", "1-11", "9999999999999999999-10", "1-10-10", "-10"])
def test_a_mark_that_says_nothing_is_answered_with_all(incubator: Watched, seen: str) -> None:
    """Another width of columns, a mark that is none of ours: the chart is drawn anew."""
    course(incubator, (0, "37.0"), (60, "37.1"))
    incubator.lab.time.later(minutes=5)
    assert len(told(incubator, seen=seen)[1]["channels"]["temperature"]["at"]) == 2


# --- pages --------------------------------------------------------------------------------------------------------


def test_a_batchs_chart_ends_when_its_instrument_is_freed(incubator: Watched) -> None:
    """From the scan until the incubator was made ready again; what it says of the next batch is not this one's."""
    Played(incubator.lab).start(COI).finish("1.3")
    incubator.lab.time.later(minutes=10)
    course(incubator, (400, "37.0"), (500, "37.1"))
    incubator.lab.do(SetStatus(INCUBATOR, "ready", "cleaned"), ALICE)
    incubator.lab.time.later(hours=2)
    course(incubator, (7000, "20.0"))
    found = drawn(incubator, "batch=B26-0001&span=all")
    assert (min(found["low"]), max(found["high"])) == (37.0, 37.1)


def test_the_page_says_age_and_quality(incubator: Watched) -> None:
    """What is old is stale, what is bad is named so; neither looks like a live value."""
    incubator.says("37.1")
    incubator.says("5.0", channel="co2", unit="%", quality=Quality.BAD)
    incubator.lab.time.later(minutes=3)
    incubator.says("7.2", channel="pH", unit="pH")
    page = incubator.lab.tablet(ALICE).open(f"/trends/{INCUBATOR}")
    for name, quality in (("co2", "bad"), ("pH", "good"), ("temperature", "stale")):
        place = page.html.index(f"<h2>{name}</h2>")
        assert f'class="live {quality}"' in page.html[:place].rpartition("<div")[2]
    assert "180 s old" in page.page.text


def test_the_numbers_can_be_read_as_a_table(incubator: Watched) -> None:
    """Who cannot see the chart reads from when, lowest, highest, how many; a gap is a row that is not there."""
    course(incubator, (0, "37.0"), (5, "37.4"), (1200, "36.8"))
    incubator.lab.time.later(minutes=30)
    tablet = incubator.lab.tablet(ALICE)
    text = tablet.open(f"/trends/{INCUBATOR}?span=1+h&as=table").page.text
    assert "37 37.4 2" in " ".join(text.split())
    assert "36.8 36.8 1" in " ".join(text.split())
    figure = tablet.open(f"/trends/{INCUBATOR}?span=1+h").html
    assert "3 readings, 36.8 to 37.4 °C" in figure


def test_another_batchs_instrument_is_not_shown(incubator: Watched) -> None:
    """The page of a batch shows what belonged to it; any other instrument is not there."""
    Played(incubator.lab).start(COI).finish("1.2")
    course(incubator, (0, "37.0"))
    tablet = incubator.lab.tablet(ALICE)
    for path in (f"/trends/batches/B26-0001?item={INCUBATOR}", f"/trends/{INCUBATOR}/events?batch=B26-0001"):
        assert tablet.http.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/trends/NOBODY", "/trends/NOBODY/events", "/trends/batches/B26-0009"])
def test_what_is_not_there_is_said_so(sqlite: Laboratory, path: str) -> None:
    """An unknown instrument has no chart, an unknown batch no page; neither is an error."""
    assert sqlite.tablet(ALICE).http.get(path).status_code in (200, 404)


def test_the_limits_in_force_are_drawn(incubator: Watched) -> None:
    """An approved alarm limit is a line in the chart, in the channel's own unit."""
    incubator.limit()
    course(incubator, (0, "37.0"))
    assert drawn(incubator, minutes=5)["lines"] == [{"label": "high 37.5 °C", "value": 37.5}]


def test_a_span_of_days_is_drawn_from_long_stretches() -> None:
    """Two weeks come to some thousand columns, an hour to as many as it has ten seconds."""
    start = int(datetime.fromisoformat("2026-03-02T08:00:00+00:00").timestamp())
    assert (Span(start, start + 14 * 86_400).width, Span(start, start + 3600).width) == (300, 10)
    assert Span(start, start + 14 * 86_400).step(1_000) == 1_500
