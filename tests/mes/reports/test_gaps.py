"""Gaps in the charts of a printed record: where nothing came, nothing is drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mes.reports.charts import Chart
from mes.reports.series import series_of
from tests.mes.furnishing import COUNTER
from tests.mes.laboratory import COI, Laboratory
from tests.mes.played import Played


@pytest.mark.parametrize(("gap", "bands"), [(0.0, 1), (100.0, 1), (99.0, 2), (9.0, 4)])
def test_a_band_is_broken_where_nothing_came(gap: float, bands: int) -> None:
    """Readings at 0, 10, 110 and 120 s: two bands where 100 s is a gap, each point for itself where 10 s is one."""
    at, value = (0.0, 10.0, 110.0, 120.0), (37.0, 37.1, 37.0, 37.2)
    svg = Chart("temperature", "°C", at, value, value, 0.0, gap=gap).svg()
    assert svg.count("<polygon") == bands


def test_a_printed_chart_is_drawn_from_stretches_with_every_peak(lab: Laboratory) -> None:
    """Three days of a counter that says something each two hours: its columns, and the one high value."""
    played = Played(lab).start(COI).finish("1.3")
    begin = lab.time()
    for minute in range(0, 3 * 24 * 60, 120):
        lab.measured("91.0" if minute != 240 else "99.5", source_time=begin + timedelta(minutes=minute), sample=None)
    lab.time.later(days=3)
    played.finish("1.5")
    with lab.installation.reading() as session:
        instrument, drawn = series_of(session, played.batch, "cell counter")
    (viability,) = (each for each in drawn if each.name == "viability")
    assert (instrument, viability.unit, max(viability.high)) == (COUNTER, "%", 99.5)
    assert viability.count == 37
    assert len(viability.at) <= 240
