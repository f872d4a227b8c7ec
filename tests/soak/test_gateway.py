"""The soak in a few rounds: it runs, and it would see what is lost."""

from __future__ import annotations

import pytest

from tests.soak import gateway


@pytest.mark.parametrize("kind", gateway.KINDS)
def test_killed_programs_lose_and_double_nothing(kind: str) -> None:
    """A few kills of each, on both databases; many more with `python -m tests.soak gateway`."""
    report = gateway.soak(kind, 3, seed=7)
    assert report.flaws == []
    assert report.kills.total() >= 3
    assert report.readings > 50
