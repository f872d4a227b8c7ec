"""Power cuts in a few rounds: they lose nothing, and the trial would see it if they did."""

from __future__ import annotations

from tests.soak import powercut


def test_a_power_cut_loses_nothing_that_was_acknowledged() -> None:
    """Thirty cuts between and within commits, with any choice of unsynced sectors: all there, all whole."""
    report = powercut.soak(30, seed=11, saves=60)
    assert report.flaws == []
    assert report.counts["syncs of the disk"] >= 60
    assert report.counts["acknowledged commits before the cuts"] > 300


def test_the_cut_would_see_a_weaker_setting() -> None:
    """With `synchronous=NORMAL` the same cuts lose acknowledged commits: this is what the shipped setting prevents."""
    report = powercut.soak(10, seed=11, saves=60, weaker=["synchronous=NORMAL"])
    assert any("were acknowledged" in flaw for flaw in report.flaws)
