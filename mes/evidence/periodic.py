"""The periodic review of the system (Annex 11, 11): what happened to it in a stretch of time, as the ledger has it.

Changes, upgrades, deviations, incidents, access, reviews of the audit trail, copies. What happens every hour is counted
by who did it; what should be rare stands line by line. Who holds the review, and what follows from it, is the site's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from mes.evidence import commands
from mes.evidence.dossier import product
from mes.evidence.results import FAILED, PASSED
from mes.integrity import check
from mes.ledger.line import utc
from mes.ledger.seal_keys import KIND
from mes.ledger.tables import line
from mes.ledger.vouched import BEGUN
from mes.web.history import in_words

_LONGEST = 300  # characters of a line in words
_OFTEN = "sign in .*|password refused|wrong password.*"
_COPIES = "copy taken|record copied"
_TRAINING = "training .*"
_MACHINE = "clock (set|in step|out of step)|disk (filling|has room)"


@dataclass(frozen=True)
class Part:
    """A part of the review: which kinds of lines are told one by one, which are counted, and of which books."""

    title: str
    told: str
    counted: str = "(?!)"
    book: str = ""

    def of(self, lines: Iterable[Mapping[str, Any]], kinds: str) -> list[Mapping[str, Any]]:
        """Return the lines that belong here."""
        return [each for each in lines if each["book"].startswith(self.book) and re.fullmatch(kinds, each["kind"])]


@dataclass(frozen=True)
class Told:
    """A line of the ledger, in words."""

    at: str
    who: str
    where: str
    what: str
    signed: str


PARTS = (
    Part(
        "Changes of what decides",
        "recipe .*|dose plan .*|alarm (limit|rule) .*|equipment (added|changed)|calibrated|qualified",
    ),
    Part("Upgrades and qualification", f"{commands.SIGNED}|{commands.REVIEWED}|site (added|changed)"),
    Part("Deviations", "deviation (raised|explained|closed)"),
    Part(
        "Incidents",
        "batch (held|stopped|rejected)|hold time exceeded|hold lifted",
        f"alarm (raised|returned|acknowledged|shelved|unshelved)|attempt refused|{_MACHINE}",
    ),
    Part("Keys of the seals", f"{KIND}|{BEGUN}"),
    Part("Access", f"(?!{_OFTEN}|{_COPIES}|{_TRAINING}|attempt refused).*", _OFTEN, book="user:"),
    Part("Training", "(?!)", _TRAINING),
    Part("Reviews of the audit trail", "batch reviewed|audit trail reviewed"),
    Part("Copies and restores", "backup (made|restored)", _COPIES),
)


def periodic(connection: Connection, since: datetime, until: datetime, site: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the report on a stretch of time, from ``since`` to before ``until``."""
    lines = _lines(connection, since, until)
    verified = check(connection)
    flaws = [f"{flaw.book}, page {flaw.page}: {flaw.sentence}" for flaw in verified.flaws]
    still_open = _still_open(lines)
    return {
        "form": "periodic",
        "title": "Periodic review of the system",
        "verdict": FAILED if flaws else PASSED,
        "summary": f"From {since:%Y-%m-%d} to {until:%Y-%m-%d}: {len(lines):,} lines of the ledger",
        "written": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "product": product(),
        "site": dict(site),
        "ledger": {"lines": verified.lines, "books": verified.books, "flaws": flaws},
        "still_open": still_open,
        "parts": [_part(part, lines) for part in PARTS],
    }


def _lines(connection: Connection, since: datetime, until: datetime) -> list[dict[str, Any]]:
    query = select(line.c.text).where(line.c.at >= utc(since), line.c.at < utc(until))
    ordered = query.order_by(line.c.at, line.c.book, line.c.page)
    return [json.loads(text) for text in connection.execute(ordered).scalars()]


def _part(part: Part, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    told = [_told(each) for each in part.of(lines, part.told)]
    counted = Counter((each["kind"], each["author"]) for each in part.of(lines, part.counted))
    return {
        "title": part.title,
        "lines": [asdict(each) for each in told],
        "counts": [[kind, who, count] for (kind, who), count in sorted(counted.items())],
    }


def _told(content: Mapping[str, Any]) -> Told:
    words = in_words(content).replace("\\n", " ")  # a recipe's text is told by its beginning
    signed = content.get("signed", {})
    who = f"{content['author']}, {content['role']}" if content.get("role") else content["author"]
    return Told(
        at=content["at"],
        who=who,
        where=content["book"],
        what=words if len(words) <= _LONGEST else f"{words[:_LONGEST]} …",
        signed=f"{signed['meaning']}, {signed['name']}" if signed else "",
    )


def _still_open(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Name the deviations that were raised in this time and not closed in it."""
    found: dict[str, str] = {}
    for each in lines:
        name = f"{each['book']} {each['body'].get('number', '')}"
        if each["kind"] == "deviation raised":
            found[name] = f"{name}: {each['body'].get('description', '')}"
        elif each["kind"] == "deviation closed":
            found.pop(name, None)
    return list(found.values())
