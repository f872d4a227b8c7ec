"""Our plug-in of pytest: what a run of tests leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mes.evidence import manifest
from mes.evidence.results import Results, read
from tests.test_lab import ROOT

SUITE = """
import pytest

@pytest.mark.requirement("RQ-001")
def test_good():
    pass

@pytest.mark.requirement("RQ-002")
def test_bad():
    raise ValueError

@pytest.fixture
def broken():
    yield
    raise ValueError

@pytest.mark.requirement("RQ-003")
def test_whose_end_breaks(broken):
    pass

@pytest.mark.requirement("RQ-004")
def test_aside():
    pass
"""


def run(folder: Path, *words: str) -> Results:
    """Run the little suite with the plug-in, and return what it left."""
    (folder / "test_suite.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = requirement\n")
    (folder / "conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        marks = item.iter_markers('requirement')\n"
        "        item.user_properties += [('requirement', mark.args[0]) for mark in marks]\n"
    )
    command = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.results",
        "--results",
        folder / "results.json",
        *words,
    )
    subprocess.run(
        (*command, *words), cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"}, check=False, stdout=-1
    )
    return read(folder / "results.json")


@pytest.mark.requirement("RQ-056")
@pytest.mark.parametrize("processes", [[], ["-n", "2"]])
def test_a_run_leaves_what_came_of_each_test(processes: list[str], tmp_path: Path) -> None:
    """Passed, failed, broken at its end, and left out, with what each proves, in however many processes they run."""
    left = run(tmp_path, "-k", "not aside", *processes)
    assert {(test.id.split("::")[1], test.outcome, test.requirements) for test in left.tests} == {
        ("test_good", "passed", ("RQ-001",)),
        ("test_bad", "failed", ("RQ-002",)),
        ("test_whose_end_breaks", "failed", ("RQ-003",)),
    }
    (aside,) = left.left_out
    assert (aside.id.split("::")[1], aside.requirements) == ("test_aside", ("RQ-004",))
    assert not left.is_whole


def test_a_run_says_of_what_when_and_by_whom(tmp_path: Path) -> None:
    """The version, the commit, the hash of all files, the account, the times and the machine."""
    left, here = run(tmp_path), manifest.present()
    assert (left.version, left.commit) == (here.version, here.commit)
    assert left.digest == here.digest
    assert left.began <= left.ended
    assert left.tester
    assert left.environment["python"].endswith(".".join(map(str, sys.version_info[:3])))
    assert [name for name, *_ in left.environment["packages"] if name in ("flask", "sqlalchemy")] == [
        "flask",
        "sqlalchemy",
    ]
