"""The pages for inspectors say what the program does: each fact that can be compared is compared."""

from __future__ import annotations

import re

import pytest

from mes.evidence import installation, manifest
from mes.evidence.variables import VARIABLES
from mes.people import commands, passwords
from tests.architecture.source import ROOT, matching
from tests.mes.laboratory import application

PAGES = ROOT / "docs" / "compliance"
CONFIGURATION = (PAGES / "configuration.md").read_text()
USER = (PAGES / "user-requirements.md").read_text()
HARDENING = (PAGES / "hardening.md").read_text()
ALCOA = (PAGES / "alcoa.md").read_text()
_NAME = re.compile(r"\bMES_[A-Z_]+\b")


def test_every_setting_is_specified_and_read() -> None:
    """The table has each variable that the program reads, and none that it does not, with the same words."""
    read = {
        name
        for source in matching("mes/*.py", "devices/*.py", "tests/services/*.py")
        for name in _NAME.findall(source.text)
    }
    read |= set(_NAME.findall((ROOT / "lab").read_text()))
    assert read == set(VARIABLES)
    for name, (meaning, otherwise) in VARIABLES.items():
        assert f"| `{name}` | {meaning} | {otherwise} |" in CONFIGURATION, name
    assert set(_NAME.findall(CONFIGURATION)) == set(VARIABLES)


def test_what_is_fixed_is_as_specified() -> None:
    """Password, lock-out, upload and cookie: a change in the program must change the page."""
    config = application().config
    for line in (
        f"| Password | {passwords.SHORTEST} characters or more, argon2id |",
        f"| Account locked after wrong passwords in a row | {commands._WRONG_PASSWORDS} |",
        f"| Largest upload | {config['MAX_CONTENT_LENGTH'] // 2**20} MiB |",
        f"`HttpOnly`, `SameSite={config['SESSION_COOKIE_SAMESITE']}`",
    ):
        assert line in CONFIGURATION, line


@pytest.mark.requirement("RQ-082")
def test_the_hardening_guide_names_checks_that_there_are() -> None:
    """A guide that is shipped, and whose last column is the qualification's own titles."""
    titles = {question.title for question in installation.QUESTIONS} | {"Instruments", "all", "–", "Check", "---"}
    named = {line.split("|")[-2].strip() for line in HARDENING.splitlines() if line.startswith("|")}
    assert named <= titles
    assert "docs/compliance/hardening.md" in manifest.released().files | manifest.present().files


@pytest.mark.requirement("RQ-121")
def test_the_scope_of_validation_has_every_part() -> None:
    """Each part of the program stands in the table, once, with its risk, its category, and tests that are there."""
    rows = re.findall(
        r"^\| `([\w/]+)` \| ([^|]+) \| [135], (?:high|medium|low) \| (tests/[\w/]+) \|$", USER, re.MULTILINE
    )
    folders = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("mes/*/__init__.py")}
    assert sorted(part for part, _, _ in rows) == sorted(folders | {"batch_records", "devices"})
    assert [tests for _, _, tests in rows if not any((ROOT / tests).rglob("test_*.py"))] == []


def test_each_requirement_of_the_work_has_its_test() -> None:
    """The product's own requirements lead to files of tests."""
    files = re.findall(r"^\| UR-\d\d \|.*\| (tests/\S+) \|$", USER, re.MULTILINE)
    assert len(files) == USER.count("| UR-")
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.requirement("RQ-086")
def test_each_principle_of_integrity_has_a_measure_and_tests() -> None:
    """The nine of ALCOA+, each with what is done for it and tests that there are."""
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| (`tests/.+`) \|$", ALCOA, re.MULTILINE)
    asked = "Attributable Legible Contemporaneous Original Accurate Complete Consistent Enduring Available"
    assert [principle for principle, _ in rows] == asked.split()
    for _, tests in rows:
        for file, name in re.findall(r"`([^`]+)::(\w+)`", tests):
            assert f"def {name}(" in (ROOT / file).read_text(), name


@pytest.mark.requirement("RQ-086")
def test_one_form_of_each_record_is_declared_the_original() -> None:
    """Of what exists in two forms one counts, and the sentence that says so stands where the other is."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| “([^”]+)” \(`([^`]+)`\) \|$", ALCOA, re.MULTILINE)
    assert len(rows) == ALCOA.partition("## Which is the original")[2].count("\n| ") - 1
    assert len({record for record, _, _ in rows}) == len(rows)
    for record, sentence, file in rows:
        assert sentence in " ".join((ROOT / file).read_text().split()), record


def test_the_pages_carry_the_products_version() -> None:
    """Each page says of which version it is, and so does the changelog's newest part."""
    version = manifest.released().version
    for page in (CONFIGURATION, USER, HARDENING, ALCOA):
        assert f"Of cell-lab-mes {version}." in page
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == version
