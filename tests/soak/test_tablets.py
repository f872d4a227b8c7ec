"""Many at once in one round, and the checker that says whether what was seen could have happened."""

from __future__ import annotations

from tests.mes.laboratory import Laboratory
from tests.soak.linear import Did, explained
from tests.soak.rounds import Report
from tests.soak.tablets import play


def test_many_at_once(lab: Laboratory) -> None:
    """One value, one tap, one row, numbers, a release: in each one wins, and the others hear why."""
    report = Report("many at once", 4)
    play(lab, 1, report, creators=10)
    assert report.flaws == []
    assert report.counts["operations put in a row"] == 20


def test_what_overlaps_may_have_happened_in_either_order() -> None:
    """Two writes at once, and two reads after them that agree: there is a row for it."""
    writes = [Did(0, 3, "a", None), Did(1, 2, "b", None)]
    assert explained([*writes, Did(4, 5, None, "a"), Did(6, 7, None, "a")], "")
    assert explained([*writes, Did(4, 5, None, "b"), Did(6, 7, None, "b")], "")


def test_what_cannot_have_happened_is_found() -> None:
    """A value that comes back, one that was read before it was written, a read that missed a write: no row."""
    writes = [Did(0, 3, "a", None), Did(1, 2, "b", None)]
    assert not explained([*writes, Did(4, 5, None, "a"), Did(6, 7, None, "b")], "")
    assert not explained([Did(0, 1, None, "a"), Did(2, 3, "a", None)], "")
    assert not explained([Did(0, 1, "a", None), Did(2, 3, None, "")], "")
