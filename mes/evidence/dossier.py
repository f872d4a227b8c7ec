"""What a run of the tests shows, as one report: the matrix, the run, the machine, and every deviation from the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any

from mes.evidence.manifest import NoManifest, present, released
from mes.evidence.matrix import OPEN, PROCEDURAL, Row, counts, summary, unknown
from mes.evidence.results import FAILED, PASSED, Results

NAME = "cell-lab-mes"


def dossier(rows: Sequence[Row], results: Results, at: datetime) -> Mapping[str, Any]:
    """Return the report. Exactly what it says is written to the file that is signed."""
    failed = any(row.status == FAILED for row in rows) or bool(results.failed)
    return {
        "form": "evidence",
        "title": "Evidence of the requirements",
        "verdict": FAILED if failed else PASSED,
        "summary": summary(rows),
        "written": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "product": {
            "name": NAME,
            "version": results.version,
            "commit": results.commit,
            "files": results.digest,
            "altered": list(results.altered),
        },
        "run": {
            "began": results.began,
            "ended": results.ended,
            "tester": results.tester,
            "is_whole": results.is_whole,
            "tests": len(results.tests),
            "passed": len(results.tests) - len(results.failed),
            "failed": len(results.failed),
            "left_out": len(results.left_out),
        },
        "counts": counts(rows),
        "deviations": list(deviations(rows, results)),
        "environment": dict(results.environment),
        "requirements": [_row(row) for row in rows],
    }


def product() -> Mapping[str, str]:
    """Say which product lies here, for reports that are not of a run."""
    try:
        files = released()
    except NoManifest:
        return {"name": NAME, "version": "unknown", "commit": "unknown", "files": "unknown"}
    return {"name": NAME, "version": files.version, "commit": files.commit, "files": files.digest}


def deviations(rows: Sequence[Row], results: Results) -> Iterator[str]:
    """Say what is not as a complete and clean run would have it."""
    if not results.is_whole:
        yield "Only a part of the tests was run, or the run was broken off."
    if results.altered:
        yield f"Files differ from the commit: {', '.join(results.altered)}."
    if _are_others(results):
        yield "The results are of other files than lie here now."
    for test in results.failed:
        proves = f" It should prove {', '.join(test.requirements)}." if test.requirements else ""
        yield f"Failed: {test.id}.{proves}"
    for why, tests in groupby(sorted(results.left_out, key=lambda test: test.why), key=lambda test: test.why):
        left_out = list(tests)
        touched = sorted({requirement for test in left_out for requirement in test.requirements})
        yield f"{len(left_out)} tests were left out: {why}." + (f" Touched: {', '.join(touched)}." if touched else "")
    if strange := unknown([row.requirement for row in rows], results):
        yield f"Tests name requirements that no table has: {', '.join(strange)}."
    if still_open := [row for row in rows if row.status == OPEN and row.requirement.kind != PROCEDURAL]:
        yield f"{len(still_open)} requirements are open; they are listed below."


def _are_others(results: Results) -> bool:
    try:
        return present().digest != results.digest
    except NoManifest:
        return True


def _row(row: Row) -> dict[str, Any]:
    told = asdict(row.requirement)
    return told | {
        "status": row.status,
        "tests": [{"id": test.id, "outcome": test.outcome, "seconds": test.seconds} for test in row.tests],
        "left_out": [asdict(test) for test in row.left_out],
    }
