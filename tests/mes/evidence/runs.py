"""Runs of tests that never took place, to make reports of."""

from __future__ import annotations

from collections.abc import Sequence

from mes.evidence.results import PASSED, LeftOut, Ran, Results


def ran(id_: str, *proves: str, outcome: str = PASSED) -> Ran:
    """Return a test that ran."""
    return Ran(id_, outcome, 0.1, proves)


def left_out(id_: str, *proves: str) -> LeftOut:
    """Return a test that did not."""
    return LeftOut(id_, "what it needs is not here", proves)


def a_run(*tests: Ran, left_out: Sequence[LeftOut] = (), digest: str = "0" * 64, is_whole: bool = True) -> Results:
    """Return a run."""
    return Results(
        version="1.2.3",
        commit="c" * 40,
        digest=digest,
        altered=(),
        began="2026-03-02T08:00:00Z",
        ended="2026-03-02T08:20:00Z",
        tester="tess",
        environment={"machine": "bench", "python": "CPython 3.11", "packages": [["flask", "3.1", "ab" * 32]]},
        is_whole=is_whole,
        tests=tests,
        left_out=tuple(left_out),
    )
