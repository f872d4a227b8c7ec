"""The database killed in a few rounds; the web is in tests/journeys, and in many rounds in `./lab soak web`."""

from __future__ import annotations

import pytest

from tests.soak import database


@pytest.mark.requirement("RQ-101")
def test_a_killed_database_loses_nothing() -> None:
    """A backend, the postmaster, an immediate stop: tablets hear 503, send their taps again, and nothing is amiss."""
    report = database.soak(3, seed=5, saves=40)
    assert report.flaws == []
    assert report.counts["saves acknowledged"] > 80
    assert report.counts["taps sent again after 503"] > 0
