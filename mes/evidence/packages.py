"""The Python packages: as the lock names them, and as they are installed, file by file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from mes.evidence.manifest import ROOT

LOCK = "requirements.lock"
_PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?: ; (?P<only>.+?))? \\$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """A package as the lock has it: its version, the hashes of its archives, and the machines it is for."""

    name: str
    version: str
    hashes: tuple[str, ...]
    only: str = ""


@dataclass(frozen=True)
class Installed:
    """A package as it lies here. ``digest`` is of its RECORD, which has the hash of each of its files."""

    name: str
    version: str
    digest: str


def locked(lock: Path = ROOT / LOCK) -> list[Locked]:
    """Return what a lock names."""
    blocks = re.split(r"\n(?=\S)", lock.read_text().strip())
    found = [(_PIN.match(f"{block}\n"), tuple(_HASH.findall(block))) for block in blocks]
    return [Locked(pin["name"], pin["version"], hashes, pin["only"] or "") for pin, hashes in found if pin]


def installed() -> dict[str, Installed]:
    """Return what is installed, by name as the lock writes it."""
    found = {}
    for each in distributions():
        record = each.read_text("RECORD") or ""
        name = normal(each.name)
        found[name] = Installed(name, each.version, hashlib.sha256(record.encode()).hexdigest())
    return dict(sorted(found.items()))


def normal(name: str) -> str:
    """Return a package's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def not_as_locked(lock: Path = ROOT / LOCK) -> list[str]:
    """Name every package that is missing or has another version. One for other machines may be missing."""
    here, wanted = installed(), dict[str, list[Locked]]()
    for each in locked(lock):
        wanted.setdefault(each.name, []).append(each)
    problems = []
    for name, pins in wanted.items():
        versions = [pin.version for pin in pins]
        if name in here and here[name].version not in versions:
            problems.append(f"{name} is {here[name].version}, and the lock says {' or '.join(versions)}")
        if name not in here and not all(pin.only for pin in pins):
            problems.append(f"{name} is not installed")
    return problems


def altered() -> list[str]:
    """Name every installed file that is not as its package brought it."""
    return [problem for each in distributions() for problem in _altered(each)]


def _altered(package: Distribution) -> Iterator[str]:
    for file in package.files or ():
        # What lies outside is a starter, which bears this machine's path; nothing of ours is started by it.
        if file.hash is None or file.hash.mode != "sha256" or file.parts[0] == "..":
            continue
        place = Path(str(package.locate_file(file)))
        try:
            found = hashlib.sha256(place.read_bytes()).digest()
        except OSError:
            yield f"{package.name}: {file} is missing"
            continue
        if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != file.hash.value:
            yield f"{package.name}: {file} was altered"
