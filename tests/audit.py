"""What is known against the packages that the locks hold: advisories and licences. It needs no network.

    python -m tests.audit                say it, from docs/compliance/advisories.json; exit code 1 if something stands
    python -m tests.audit --from FOLDER  first write that file anew from a checkout of the PyPA advisory database

A snapshot knows nothing that was found after its date, which is therefore always said (docs/adr/0019).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "docs" / "compliance" / "advisories.json"
LOCKS = ("requirements-setup.lock", "requirements.lock", "requirements-dev.lock")
SHIPPED = "requirements.lock"
STALE = 90  # days after which a snapshot is to be made anew before a release
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla|LGPL|Lesser|Unlicense|0BSD)\b"
)
ADMITTED = {  # what says of its licence something else, or nothing, and why it may be here
    "pymerkle": "GPL-3.0: in tests only, beside ours as an independent opinion; nothing of it is shipped",
    "apsw": "“any OSI licence”: in tests only",
    "axe-playwright-python": "says nothing in its metadata; MIT by the text in its package; in tests only",
}

Advisory = Mapping[str, Any]


def locked(*locks: str) -> dict[str, str]:
    """Return the packages of locks with their versions."""
    found: dict[str, str] = {}
    for lock in locks:
        found |= re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return found


def snapshot() -> Mapping[str, Any]:
    """Return the advisories as they are shipped."""
    content: Mapping[str, Any] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    return content


def concerns(advisory: Advisory, version: str) -> bool:
    """Say whether an advisory is about a version. One that cannot be compared is taken to be."""
    if version in advisory["versions"]:
        return True
    try:
        return any(_within(Version(version), events) for events in advisory["ranges"])
    except InvalidVersion:
        return True


def _within(version: Version, events: Sequence[Mapping[str, str]]) -> bool:
    """Follow a range's events, which stand in order: introduced, then fixed or last affected, and again."""
    inside = False
    for event in events:
        if "introduced" in event:
            inside = inside or event["introduced"] == "0" or version >= Version(event["introduced"])
        elif "fixed" in event:
            inside = inside and version < Version(event["fixed"])
        elif "last_affected" in event:
            inside = inside and version <= Version(event["last_affected"])
    return inside


def known(packages: Mapping[str, str], advisories: Mapping[str, Sequence[Advisory]]) -> Iterator[str]:
    """Give each advisory that concerns a package as it is locked."""
    for name, version in packages.items():
        for advisory in advisories.get(name, ()):
            if concerns(advisory, version):
                yield f"{name} {version}: {', '.join((advisory['id'], *advisory['aliases']))}"


def licence_of(name: str) -> str:
    """Return what an installed package says of its licence, or nothing."""
    said = metadata(name)
    classes = [each.rpartition("::")[2].strip() for each in said.get_all("Classifier", []) if "License ::" in each]
    return said.get("License-Expression") or "; ".join(classes) or (said.get("License") or "").partition("\n")[0]


def licences(packages: Mapping[str, str], admitted: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what is wrong with licences, and which packages are not on this machine to be asked."""
    wrong, absent = [], []
    for name in packages:
        try:
            said = licence_of(name)
        except PackageNotFoundError:
            absent.append(name)
            continue
        if not PERMISSIVE.search(said) and name not in admitted:
            wrong.append(f"{name}: licence “{said}” is none that was looked at")
    return wrong, absent


def refresh(folder: Path, packages: Mapping[str, str]) -> None:
    """Write the snapshot anew from a checkout of the advisory database; keep what was added by hand."""
    command = ["git", "-C", str(folder), "log", "-1", "--format=%cI %H"]
    at, commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    by_hand = {
        name: kept
        for name, each in snapshot()["advisories"].items()
        if (kept := [one for one in each if one.get("by_hand")])
    }
    found: dict[str, list[Advisory]] = {}
    for name in sorted(packages):
        files = sorted((folder / "vulns" / re.sub(r"[-_.]+", "-", name).lower()).glob("*.yaml"))
        told = [*by_hand.get(name, []), *filter(None, map(_advisory, files))]
        if told:
            found[name] = told
    head = {"source": "PyPA advisory database, CC-BY-4.0", "commit": commit, "as_of": at[:10]}
    SNAPSHOT.write_text(_laid_out(head, found), encoding="utf-8")


def _laid_out(head: Mapping[str, str], found: Mapping[str, Sequence[Advisory]]) -> str:
    """Return the snapshot with a line an advisory, so that a difference between two can be read."""
    packages = [
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"   {json.dumps(each, sort_keys=True)}" for each in told) + "\n  ]"
        for name, told in found.items()
    ]
    about = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    return "{\n" + about + ' "advisories": {\n' + ",\n".join(packages) + "\n }\n}\n"


def _advisory(file: Path) -> Advisory | None:
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    if told.get("withdrawn"):
        return None
    ranges = [
        [{key: str(value) for key, value in event.items()} for event in each["events"]]
        for affected in told["affected"]
        for each in affected.get("ranges", ())
        if each["type"] == "ECOSYSTEM"
    ]
    listed = [] if ranges else [str(each) for one in told["affected"] for each in one.get("versions", ())]
    return {"id": told["id"], "aliases": told.get("aliases", []), "ranges": ranges, "versions": listed}


def main(words: Sequence[str] | None = None) -> int:
    """Say what is known; exit code 1 if a package should not be here."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--from", dest="folder", type=Path)
    options = parser.parse_args(words)
    packages = locked(*LOCKS)
    if options.folder:
        refresh(options.folder, packages)
    content = snapshot()
    standing = list(known(packages, content["advisories"]))
    wrong, absent = licences(packages, ADMITTED)
    age = (datetime.now(UTC).date() - date.fromisoformat(content["as_of"])).days
    count = sum(map(len, content["advisories"].values()))
    sys.stdout.write(
        f"{len(packages)} locked packages against {count} advisories as of {content['as_of']} ({age} days old"
        f"{', TOO OLD to release on: python -m tests.audit --from FOLDER' if age > STALE else ''}): "
        f"{len(standing)} stand. Licences: {len(wrong)} not admitted, {len(absent)} packages are for other machines.\n"
    )
    sys.stdout.writelines(f"  {each}\n" for each in (*standing, *wrong))
    return 1 if standing or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
