"""The matrix: which requirement which test proves, and what is open."""

from __future__ import annotations

import ast
import re

import pytest

from mes.evidence import matrix
from mes.evidence.manifest import ROOT
from mes.evidence.matrix import PROCEDURAL, TECHNICAL, Requirement
from mes.evidence.results import FAILED, PASSED
from tests.architecture.source import matching
from tests.mes.evidence.runs import a_run, left_out, ran

ROWS = matrix.requirements()
_MARK = "pytest.mark.requirement"


def row(id_: str, kind: str = TECHNICAL) -> Requirement:
    return Requirement(id_, "21 CFR Part 11", "11.10(a)", "It holds.", kind, "read")


def marked() -> set[str]:
    """Return every id that a test in the repository claims to prove."""
    found = set()
    for source in matching("tests/*.py"):
        calls = (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))
        found |= {ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == _MARK}
    return found


def test_one_failed_test_fails_its_row() -> None:
    """Nine that passed do not outweigh it."""
    run = a_run(ran("a", "RQ-001"), ran("b", "RQ-001", outcome=FAILED))
    assert [each.status for each in matrix.matrix([row("RQ-001")], run)] == [FAILED]


def test_a_row_without_a_test_is_open() -> None:
    """It stands in the matrix, whatever its kind; tests that were left out do not close it."""
    run = a_run(ran("a", "RQ-001"), left_out=[left_out("b", "RQ-002")])
    rows = matrix.matrix([row("RQ-001"), row("RQ-002"), row("RQ-003", PROCEDURAL)], run)
    assert [each.status for each in rows] == [PASSED, "open", "open"]
    assert matrix.summary(rows) == "3 requirements: 1 passed, 0 failed, 1 open, 1 procedural"


def test_the_matrix_has_the_shape_that_others_read() -> None:
    """Requirements first; each with its id, kind, status and the ids of its tests."""
    told = matrix.as_json(matrix.matrix([row("RQ-001")], a_run(ran("tests/a.py::test_it[1]", "RQ-001"))))
    assert told == {
        "requirements": [{"id": "RQ-001", "kind": "T", "status": "passed", "tests": ["tests/a.py::test_it[1]"]}]
    }


def test_a_test_that_proves_an_unknown_row_is_named() -> None:
    """A mistyped id would prove nothing, and nobody would know."""
    assert matrix.unknown([row("RQ-001")], a_run(ran("a", "RQ-001", "RQ-999"))) == ["RQ-999"]


@pytest.mark.requirement("RQ-055")
def test_no_requirement_and_no_test_is_an_orphan() -> None:
    """Each row leads to a design and a test, or says why it is open; each test names rows of the table only."""
    claimed = marked()
    assert claimed <= {each.id for each in ROWS}
    for each in ROWS:
        assert (each.id in claimed and each.design) or each.why_open, each.id


@pytest.mark.requirement("RQ-055")
def test_what_answers_a_requirement_is_there() -> None:
    """The design column names files and folders of the product; it cannot point into the void after a move."""
    assert [path for each in ROWS for path in each.design if not (ROOT / path).exists()] == []


def test_a_mixed_row_says_what_is_left_to_the_site() -> None:
    """The part that no software does stands beside the row, and stands beside no purely technical one."""
    assert all(bool(each.procedure) == (each.kind != TECHNICAL) for each in ROWS)


def test_the_table_has_every_row_once() -> None:
    """125 rows, in order, and the trace has the same."""
    assert [each.id for each in ROWS] == [f"RQ-{number:03}" for number in range(1, 126)]
    traced = re.findall(r"^RQ-\d{3}", matrix.TRACES.read_text(), re.MULTILINE)
    assert traced == [each.id for each in ROWS]
