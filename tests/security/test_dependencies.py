"""What others wrote, and what is known against it (ASVS 15.1, 15.2)."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

from tests import audit

RANGE = {
    "id": "PYSEC-1",
    "aliases": ["CVE-1"],
    "ranges": [[{"introduced": "1.0"}, {"fixed": "1.5"}, {"introduced": "2.0"}, {"last_affected": "2.3"}]],
    "versions": ["0.1rc1"],
}


def test_nothing_that_is_locked_is_known_to_be_unsafe() -> None:
    """ASVS 15.2.1: every locked version against every advisory; each licence is one that was looked at."""
    packages = audit.locked(*audit.LOCKS)
    assert len(packages) > 100
    assert list(audit.known(packages, audit.snapshot()["advisories"])) == []
    assert audit.licences(packages, audit.ADMITTED)[0] == []


def test_what_is_shipped_is_under_no_licence_that_binds_the_site() -> None:
    """What was admitted for tests alone is in no lock that runs in production."""
    assert audit.licences(audit.locked(audit.SHIPPED), {})[0] == []


@pytest.mark.parametrize(
    ("version", "stands"),
    [
        *(("0.9", False), ("1.0", True), ("1.4.9", True), ("1.5", False), ("1.9", False), ("2.0", True)),
        *(("2.3", True), ("2.3.1", False), ("0.1rc1", True), ("no version", True)),
    ],
)
def test_an_advisory_stands_for_its_versions(version: str, *, stands: bool) -> None:
    """From where it came in to where it was mended, and again; what cannot be compared is taken to stand."""
    assert audit.concerns(RANGE, version) is stands


def test_a_package_that_is_unsafe_would_be_named() -> None:
    """The versions that the printer must not have are in the snapshot, though the database knew none of them then."""
    found = list(audit.known({"weasyprint": "61.1"}, audit.snapshot()["advisories"]))
    assert [each.partition(": ")[2].partition(",")[0] for each in found] == [
        *("CVE-2025-68616", "CVE-2026-55073", "GHSA-35jj-wx47-4w8r"),
    ]


def test_a_licence_that_nobody_looked_at_would_be_named() -> None:
    """A package under another licence stops the check."""
    wrong, absent = audit.licences({"pymerkle": "6", "no-such-package": "1", "flask": "3"}, {})
    assert [each.partition(":")[0] for each in wrong] == ["pymerkle"]
    assert absent == ["no-such-package"]


def test_the_check_says_how_old_its_knowledge_is(capsys: pytest.CaptureFixture[str]) -> None:
    """The date of the snapshot is in what it says, and a word where it is too old to release on."""
    assert audit.main([]) == 0
    said = capsys.readouterr().out
    as_of = audit.snapshot()["as_of"]
    assert f"as of {as_of}" in said
    assert ("TOO OLD" in said) == (int(re.findall(r"\((\d+) days", said)[0]) > audit.STALE)
    assert date.fromisoformat(as_of) <= date.today()  # noqa: DTZ011 - a day, in nobody's zone


def test_the_snapshot_is_made_anew_from_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout of the database: what it says of our packages is kept, withdrawn ones are not, ours by hand stay."""
    folder = tmp_path / "vulns" / "flask"
    folder.mkdir(parents=True)
    events = "{package: {name: flask}, ranges: [{type: ECOSYSTEM, events: [{introduced: '0'}, {fixed: '2.3'}]}]}"
    (folder / "PYSEC-1.yaml").write_text(f"id: PYSEC-1\naffected: [{events}]\n")
    (folder / "PYSEC-2.yaml").write_text(f"id: PYSEC-2\nwithdrawn: 2024-01-01\naffected: [{events}]\n")
    git = ("git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
        subprocess.run([*git, *words], check=True)
    copy = tmp_path / "advisories.json"
    copy.write_bytes(audit.SNAPSHOT.read_bytes())
    monkeypatch.setattr(audit, "SNAPSHOT", copy)
    audit.refresh(tmp_path, {"flask": "2.2", "weasyprint": "70.0"})
    made = audit.snapshot()
    assert list(audit.known({"flask": "2.2"}, made["advisories"])) == ["flask 2.2: PYSEC-1"]
    assert len(made["advisories"]["weasyprint"]) == 3
    assert made["as_of"] >= "2026-01-01"
