"""What must agree between files."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LOCKS = ("requirements-setup.lock", "requirements.lock", "requirements-dev.lock")
VENDORED = sorted(ROOT.glob("mes/*/static/vendor/VENDOR.toml"))


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def _altered(manifest: Path) -> list[str]:
    listed = {each["file"]: each for each in tomllib.loads(manifest.read_text())["file"]}
    licences = {each["licence_file"] for each in listed.values()}
    there = {path.name: path.read_bytes() for path in manifest.parent.iterdir() if path != manifest}
    whole = {name for name in listed if hashlib.sha256(there.get(name, b"")).hexdigest() == listed[name]["sha256"]}
    return sorted((set(there) ^ (set(listed) | licences)) | (set(listed) - whole))


def test_the_tests_run_on_what_is_shipped() -> None:
    """Every package that runs in production is tested in that very version."""
    assert _pins("requirements.lock").items() <= _pins("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_held_by_its_hash(lock: str) -> None:
    """A lock names versions and hashes, so what arrives is what was reviewed."""
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)


def test_vendored_files_are_as_they_came() -> None:
    """What others wrote and we ship is listed with its hash, all of it, and unaltered."""
    assert [(path.parent, _altered(path)) for path in VENDORED] == [(path.parent, []) for path in VENDORED]


def test_an_altered_or_unlisted_vendored_file_is_found(tmp_path: Path) -> None:
    """A file that changed, one that has gone and one that nobody listed are each named."""
    for name in ("changed.js", "unlisted.js", "LICENSE"):
        (tmp_path / name).write_text("as it is today")
    lines = '[[file]]\nfile = "{}"\nsha256 = "0"\nlicence_file = "LICENSE"\n'
    (tmp_path / "VENDOR.toml").write_text(lines.format("changed.js") + lines.format("gone.js"))
    assert _altered(tmp_path / "VENDOR.toml") == ["changed.js", "gone.js", "unlisted.js"]
