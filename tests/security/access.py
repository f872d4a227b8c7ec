"""The table of who may do what, as it is written down and as the application answers.

    python -m tests.security.access   writes docs/compliance/access.csv anew, to be read by a person

A cell says ``yes`` (shown, or carried out if the matter itself allows), ``no`` (refused for the role), ``door`` (sent
to the sign-in page), ``token`` (401: only a machine's token counts here, or a session to read).
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from mes.schema import upgrade
from tests.architecture.source import ROOT
from tests.mes.furnishing import furnish
from tests.mes.laboratory import opened
from tests.security.door import Asked, Door, Route

FILE = ROOT / "docs" / "compliance" / "access.csv"
OPEN_TO_ALL = frozenset({"people.sign_in", "people.enter", "sso.start", "sso.back", "sso.end", "static", "health"})

Row = Mapping[str, str]


def verdict(asked: Asked) -> str:
    """Return what an answer means for the one who asked."""
    answer = asked.answer
    if answer.status_code == 401:
        return "token"
    if answer.is_redirect and httpx.URL(answer.headers["location"]).path == "/sign-in":
        return "door"
    return "no" if answer.status_code == 403 or asked.is_for_another else "yes"


def row(door: Door, route: Route) -> dict[str, str]:
    """Return the answers of one route to everybody."""
    said = {role: verdict(door.ask(role, route)) for role in door.everybody}
    return {"address": route.rule, "method": route.method, "endpoint": route.endpoint, **said}


def written() -> dict[tuple[str, str], Row]:
    """Return the table as it is written down, by address and method."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {(each["address"], each["method"]): each for each in csv.DictReader(file)}


def main() -> int:
    """Write the table anew."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/lab.db"
        upgrade(url)
        with opened(url, Path(name)) as laboratory:
            furnish(laboratory)
            door = Door(laboratory)
            rows = [row(door, route) for route in door.routes]
    with FILE.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    sys.stdout.write(f"{len(rows)} routes, {len(rows) * len(door.everybody)} answers: {FILE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
