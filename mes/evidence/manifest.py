"""The files of a release with their hashes: what was released, and what lies here.

A clone knows what was released from the commit it stands at. Where there is no clone, a list says it: ``./lab evidence
--manifest FILE`` writes one, in the form that ``sha256sum --check`` reads, and a site keeps it beside the files under
the name `LISTED`.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = "MANIFEST.sha256"
_PACKAGES = ("batch_records", "devices", "mes")
_TITLE = re.compile(r"# \S+ (?P<version>\S+) (?P<commit>\S+)")


class NoManifest(Exception):  # noqa: N818 - an answer, not an error
    """Nothing here says which files were released."""


@dataclass(frozen=True)
class Manifest:
    """Files by their path from the root, with the SHA-256 of each; the version and the commit they are of."""

    version: str
    commit: str
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One hash over all of them: two states of files with the same digest are the same."""
        return hashlib.sha256(self._listed().encode()).hexdigest()

    def text(self) -> str:
        """Return it as ``sha256sum --check`` reads it."""
        return f"# cell-lab-mes {self.version} {self.commit}\n{self._listed()}"

    def _listed(self) -> str:
        return "".join(f"{hashed}  {path}\n" for path, hashed in sorted(self.files.items()))

    def differences(self, root: Path = ROOT) -> list[str]:
        """Name every file under a root that is gone, altered, or a program that nobody released."""
        here = {path: _hash_of(root / path) for path in self.files}
        gone = [f"{path} is missing" for path, hashed in here.items() if not hashed]
        altered = [
            f"{path} is not as released" for path, hashed in here.items() if hashed not in ("", self.files[path])
        ]
        programs = (file for package in _PACKAGES for file in (root / package).rglob("*.py"))
        strange = sorted({file.relative_to(root).as_posix() for file in programs} - set(self.files))
        return gone + altered + [f"{path} was not released" for path in strange]


def released(root: Path = ROOT) -> Manifest:
    """Return what was released: as the list says where there is one, else as the clone's commit has it."""
    listed = root / LISTED
    if listed.exists():
        return read(listed)
    commit = _git(root, "rev-parse", "HEAD").decode().strip()
    files = {}
    with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", "--format=tar", "HEAD"))) as archive:
        for member in archive:
            if content := archive.extractfile(member) if member.isfile() else None:
                files[member.name] = hashlib.sha256(content.read()).hexdigest()
    return Manifest(_version(root), commit, files)


def present(root: Path = ROOT) -> Manifest:
    """Return what lies here now, altered and new files with the hashes they have: what a test run was a run of."""
    before = released(root)
    paths = set(before.files)
    if not (root / LISTED).exists():
        told = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        paths |= {path for path in told.decode().split("\0") if path}
    here = {path: _hash_of(root / path) for path in paths}
    return Manifest(before.version, before.commit, {path: hashed for path, hashed in here.items() if hashed})


def read(file: Path) -> Manifest:
    """Read a list of hashes. Raise `NoManifest` for what is none."""
    lines = file.read_text().splitlines()
    title = _TITLE.match(lines[0] if lines else "")
    pairs = [line.split("  ", 1) for line in lines[1:] if line.strip()]
    if not title or any(len(pair) != 2 for pair in pairs):
        raise NoManifest(f"{file} is no list of a release's files")
    return Manifest(title["version"], title["commit"], {path: hashed for hashed, path in pairs})


def _version(root: Path) -> str:
    found = re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def _git(root: Path, *words: str) -> bytes:
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        raise NoManifest(f"nothing says which files were released: {root} is no clone, and has no {LISTED}")
    done = subprocess.run([git, "-C", root, *words], capture_output=True, check=False)  # noqa: S603 - git, as PATH has it
    if done.returncode:
        raise NoManifest(f"git does not say which files were released: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _hash_of(file: Path) -> str:
    """Return a file's hash; empty where it is gone."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return ""
