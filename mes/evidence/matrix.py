"""The matrix: each requirement, what in the product answers it, which tests prove it, and how they ended.

A row without a passing test is open. It is shown and counted, never hidden, and ``docs/compliance/traceability.csv``
says why; where a row asks for a procedure, too, it says for which.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mes.evidence.manifest import ROOT
from mes.evidence.results import FAILED, PASSED, LeftOut, Ran, Results

TABLE = ROOT / "docs" / "compliance" / "requirements.csv"
TRACES = ROOT / "docs" / "compliance" / "traceability.csv"
OPEN = "open"
TECHNICAL, MIXED, PROCEDURAL = "T", "T/P", "P"
KINDS = {
    TECHNICAL: "technical: the software passes or fails",
    MIXED: "technical, with a procedure of the site",
    PROCEDURAL: "procedure of the site alone",
}


@dataclass(frozen=True)
class Requirement:
    """One row of the law: where the product answers it, what is left to a procedure, and why it is open if it is."""

    id: str
    text: str  # of which law
    clause: str
    statement: str
    kind: str
    source: str
    design: tuple[str, ...] = ()
    procedure: str = ""
    why_open: str = ""


@dataclass(frozen=True)
class Row:
    """A requirement with what the tests say of it."""

    requirement: Requirement
    status: str
    tests: tuple[Ran, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def failed(self) -> list[Ran]:
        """Its tests that did not pass."""
        return [test for test in self.tests if test.outcome != PASSED]


def requirements(table: Path = TABLE, traces: Path = TRACES) -> list[Requirement]:
    """Return every row of the table."""
    traced = {row["id"]: row for row in _rows(traces)}
    return [_requirement(row, traced.get(row["id"], {})) for row in _rows(table)]


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _requirement(row: Mapping[str, str], trace: Mapping[str, str]) -> Requirement:
    design = tuple(trace.get("design", "").split())
    return Requirement(
        **row, design=design, procedure=trace.get("procedure", ""), why_open=trace.get("why it is open", "")
    )


def matrix(rows: Iterable[Requirement], results: Results) -> list[Row]:
    """Put every requirement beside its tests."""
    return [_row(each, results) for each in rows]


def _row(each: Requirement, results: Results) -> Row:
    tests = tuple(test for test in results.tests if each.id in test.requirements)
    left_out = tuple(test for test in results.left_out if each.id in test.requirements)
    if any(test.outcome != PASSED for test in tests):
        return Row(each, FAILED, tests, left_out)
    return Row(each, PASSED if tests else OPEN, tests, left_out)


def unknown(rows: Iterable[Requirement], results: Results) -> list[str]:
    """Return the ids that tests claim to prove and that no table has."""
    known = {each.id for each in rows}
    return sorted({claimed for test in results.tests for claimed in test.requirements} - known)


def as_json(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the matrix as others read it."""
    return {
        "requirements": [
            {
                "id": row.requirement.id,
                "kind": row.requirement.kind,
                "status": row.status,
                "tests": [test.id for test in row.tests],
            }
            for row in rows
        ]
    }


def counts(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Count the rows by kind and by status."""
    counted = Counter((row.requirement.kind, row.status) for row in rows)
    return {kind: {status: counted[kind, status] for status in (PASSED, FAILED, OPEN)} for kind in KINDS}


def summary(rows: Iterable[Row]) -> str:
    """Say the counts in a sentence."""
    rows = list(rows)
    procedural = sum(row.requirement.kind == PROCEDURAL for row in rows)
    by_test = Counter(row.status for row in rows if row.requirement.kind != PROCEDURAL)
    return (
        f"{len(rows)} requirements: {by_test[PASSED]} passed, {by_test[FAILED]} failed, {by_test[OPEN]} open, "
        f"{procedural} procedural"
    )
