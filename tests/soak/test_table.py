"""The page of trials names what there is: every trial of `./lab soak`, and only files that exist."""

from __future__ import annotations

import re

from tests.architecture.source import ROOT
from tests.soak.__main__ import TRIALS

PAGE = (ROOT / "docs" / "compliance" / "trials.md").read_text(encoding="utf-8")
ELSEWHERE = {"gateway"}  # of the instruments, which have a catalogue of their own


def test_every_trial_stands_on_the_page() -> None:
    """And none that there is not."""
    assert {*re.findall(r"`\./lab soak (\w+)", PAGE)} | ELSEWHERE == {*TRIALS}


def test_every_test_that_the_page_names_is_there() -> None:
    """A file that was moved is moved on the page, too."""
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE)
    assert len(named) > 40
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_every_row_of_the_catalogue_is_there_once() -> None:
    """Durability, time, many at once, audit trail and security, each by its number."""
    found = [
        each.strip() for row in re.findall(r"^\| ([RTCAS]\d[^|]*) \|", PAGE, re.MULTILINE) for each in row.split(",")
    ]
    numbers = {"R": (*range(1, 8), 10), "T": range(1, 4), "C": range(1, 9), "A": range(1, 10), "S": range(1, 16)}
    assert found == [f"{letter}{number}" for letter, each in numbers.items() for number in each]
