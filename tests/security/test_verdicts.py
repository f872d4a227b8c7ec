"""The table of verdicts on OWASP ASVS is whole, and what it names is there."""

from __future__ import annotations

import re
from collections import Counter

from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "compliance" / "asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([0-9][0-9., ]*) \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
LEVELS_1_AND_2 = 253


def test_every_requirement_has_one_verdict() -> None:
    """Seventy of level 1 and a hundred and eighty-three of level 2, each once, each with one of five words."""
    ids = Counter(each for row in ROWS for each in row[0].split(", "))
    assert [each for each, count in ids.items() if count > 1] == []
    assert len(ids) == LEVELS_1_AND_2
    counts = Counter(verdict for names, verdict, _ in ROWS for _ in names.split(", "))
    assert set(counts) == {"met", "design", "site", "none", "open"}
    print(dict(counts))  # noqa: T201 - the count is part of the evidence


def test_every_test_that_a_verdict_names_is_there() -> None:
    """A verdict rests on a file of this folder, or on another that exists."""
    named = set(re.findall(r"`(test_\w+)`", PAGE)) - {"test_"}
    assert named
    assert {name for name in named if not (ROOT / "tests" / "security" / f"{name}.py").exists()} == set()
    for place in re.findall(r"`((?:docs|mes)/[\w./-]+)`", PAGE):
        assert (ROOT / place).exists(), place
