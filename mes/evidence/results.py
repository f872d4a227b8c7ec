"""The results of a run of the tests, as our plug-in of pytest leaves them (``tests/results.py``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mes.evidence.manifest import ROOT

NEWEST = ROOT / ".lab" / "results.json"  # of the newest run of the whole suite here
PASSED, FAILED = "passed", "failed"


class Unreadable(Exception):  # noqa: N818 - an answer, not an error
    """A file that should hold results holds something else."""


@dataclass(frozen=True)
class Ran:
    """One test that ran: its node id, how it ended, how long it took, and what it says that it proves."""

    id: str
    outcome: str
    seconds: float
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """One test that did not run, and why."""

    id: str
    why: str
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """A run: of which files, when, by whom, on what, and what came of it.

    ``digest`` is of all files as they lay there (`manifest.present`); ``is_whole`` says that the whole suite was asked
    for and came to its end.
    """

    version: str
    commit: str
    digest: str
    altered: tuple[str, ...]  # files that were not as the commit has them
    began: str
    ended: str
    tester: str
    environment: Mapping[str, Any]
    is_whole: bool
    tests: tuple[Ran, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def failed(self) -> list[Ran]:
        """The tests that did not pass."""
        return [test for test in self.tests if test.outcome != PASSED]

    def write(self, file: Path) -> None:
        """Write them, so that a reader finds the whole file or the one before."""
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False))
        draft.replace(file)


def read(file: Path) -> Results:
    """Read what a run left. Raise `Unreadable`."""
    try:
        told = json.loads(file.read_text())
        told["tests"] = tuple(Ran(**_requirements(each)) for each in told["tests"])
        told["left_out"] = tuple(LeftOut(**_requirements(each)) for each in told["left_out"])
        told["altered"] = tuple(told["altered"])
        return Results(**told)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"{file} holds no results of a test run: {error}") from None


def _requirements(each: Mapping[str, Any]) -> dict[str, Any]:
    return {**each, "requirements": tuple(each["requirements"])}
