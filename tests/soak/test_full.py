"""Full disks, in a few rounds. Copies under load are in tests/journeys, and in many rounds in `./lab soak backup`."""

from __future__ import annotations

from tests.soak import disk


def test_a_full_disk_loses_nothing_and_goes_on_by_itself() -> None:
    """Tablets hear 503 and keep what they have; pages are shown; once there is room, all is saved, once."""
    report = disk.soak("sqlite", 2, seed=2, saves=20)
    assert report.flaws == []
    assert report.counts["taps sent again after 503"] > 0
