"""Gaps in the charts of a printed record: where nothing came, nothing is drawn."""

from __future__ import annotations

import pytest

from mes.reports.charts import Chart


@pytest.mark.parametrize(("gap", "bands"), [(0.0, 1), (100.0, 1), (99.0, 2), (9.0, 4)])
def test_a_band_is_broken_where_nothing_came(gap: float, bands: int) -> None:
    """Readings at 0, 10, 110 and 120 s: two bands where 100 s is a gap, each point for itself where 10 s is one."""
    at, value = (0.0, 10.0, 110.0, 120.0), (37.0, 37.1, 37.0, 37.2)
    svg = Chart("temperature", "°C", at, value, value, 0.0, gap=gap).svg()
    assert svg.count("<polygon") == bands
