"""The files of a release: what was released, and what lies here."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from mes.evidence import manifest
from mes.evidence.manifest import LISTED, Manifest, NoManifest

GIT = shutil.which("git") or "git"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An installation without a clone, whose list of files lies beside them."""
    (tmp_path / "mes").mkdir()
    (tmp_path / "mes/door.py").write_text("open = True\n")
    (tmp_path / "README.md").write_text("Welcome.\n")
    files = {path: hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() for path in ("mes/door.py", "README.md")}
    (tmp_path / LISTED).write_text(Manifest("1.2.3", "abc", files).text())
    return tmp_path


def test_what_was_released_is_found_as_it_was(site: Path) -> None:
    """Nothing is missing, altered or strange, and the version is the one that the list names."""
    released = manifest.released(site)
    assert (released.version, released.commit, released.differences(site)) == ("1.2.3", "abc", [])
    assert manifest.present(site).digest == released.digest


@pytest.mark.requirement("RQ-063")
def test_whatever_differs_is_named(site: Path) -> None:
    """One byte changed, a file that is gone, and a program that nobody released."""
    (site / "mes/door.py").write_text("open = False\n")
    (site / "README.md").unlink()
    (site / "mes/back_door.py").touch()
    assert manifest.released(site).differences(site) == [
        "README.md is missing",
        "mes/door.py is not as released",
        "mes/back_door.py was not released",
    ]
    assert manifest.present(site).digest != manifest.released(site).digest


def test_the_list_is_checked_by_sha256sum_too(site: Path) -> None:
    """A site need not take our word: the system's own program reads the list."""
    command = ["sha256sum", "--check", "--quiet", "--strict", LISTED]
    assert subprocess.run(command, cwd=site, check=False).returncode == 0
    (site / "mes/door.py").write_text("open = False\n")
    assert subprocess.run(command, cwd=site, check=False, capture_output=True).returncode == 1


def test_a_clone_knows_what_was_released_from_its_commit(tmp_path: Path) -> None:
    """What is changed and not committed is a difference, and a new file changes what a run was a run of."""
    (tmp_path / "pyproject.toml").write_text('version = "0.9"\n')
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices/wire.py").write_text("1\n")
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "Begin"]):
        subprocess.run([GIT, *words], cwd=tmp_path, check=True)
    released = manifest.released(tmp_path)
    assert (released.version, sorted(released.files)) == ("0.9", ["devices/wire.py", "pyproject.toml"])
    assert manifest.present(tmp_path).digest == released.digest
    (tmp_path / "devices/wire.py").write_text("2\n")
    assert released.differences(tmp_path) == ["devices/wire.py is not as released"]
    (tmp_path / "devices/more.py").write_text("3\n")
    assert "devices/more.py" in manifest.present(tmp_path).files


@pytest.mark.parametrize("text", ["", "not a list\n", "# cell-lab-mes 1 abc\nno hash\n"])
def test_where_nothing_says_what_was_released_nobody_guesses(text: str, tmp_path: Path) -> None:
    """A file that is no list, and a folder that is no clone, are no release."""
    with pytest.raises(NoManifest, match="is no clone"):
        manifest.released(tmp_path)
    (tmp_path / LISTED).write_text(text)
    with pytest.raises(NoManifest, match="no list of a release's files"):
        manifest.released(tmp_path)
