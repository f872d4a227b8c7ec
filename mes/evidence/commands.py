"""What is done with reports on the software itself: signed by who made them, and by who reviews them.

The report is a file; its digest stands in the book of the laboratory, with the signature. So nobody can exchange the
file afterwards, and the ledger says when which software was tested, and by whom (21 CFR 1271.160(d), 11.10(a)).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.execute import Doing, handles
from mes.ledger.tables import line
from mes.people.commands import GMP_ROLES
from mes.people.models import ADMINISTRATOR

BOOK = "laboratory"
SIGNED, REVIEWED = "report signed", "report reviewed"
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class SignReport:
    """Sign a report as the person who made it. ``software`` is the version and the commit it is about."""

    digest: str
    title: str
    verdict: str
    software: str


@dataclass(frozen=True)
class ReviewReport:
    """Sign a report as the person who looked at it for quality."""

    digest: str


@handles(
    SignReport,
    "signed a report on the software",
    roles=(*GMP_ROLES, ADMINISTRATOR),
    books=lambda _: (BOOK,),
    signature="performed",
)
def sign_report(doing: Doing, command: SignReport) -> None:
    """Keep the digest of a report, once."""
    if not _DIGEST.fullmatch(command.digest):
        raise Malformed("digest", "a digest has 64 hexadecimal digits")
    if lines_of(doing.act.connection, command.digest):
        raise Refused("this report is signed already")
    body = {
        "digest": command.digest,
        "title": command.title,
        "verdict": command.verdict,
        "software": command.software,
    }
    doing.act.write(BOOK, SIGNED, body, signed=doing.signed)


@handles(
    ReviewReport,
    "reviewed a report on the software",
    roles=(Role.REVIEWER.value,),
    books=lambda _: (BOOK,),
    signature="reviewed",
)
def review_report(doing: Doing, command: ReviewReport) -> None:
    """Sign what another person made."""
    before = lines_of(doing.act.connection, command.digest)
    if not before:
        raise Refused("nobody has signed this report as the person who made it; or the file was changed since")
    if any(each["author"] == doing.by.person.id for each in before):
        raise Refused("who made a report, or reviewed it before, does not review it")
    doing.act.write(BOOK, REVIEWED, {"digest": command.digest}, signed=doing.signed)


def lines_of(connection: Connection, digest: str) -> list[dict[str, Any]]:
    """Return the lines of a report with their hashes, as they were written."""
    query = (
        select(line.c.text, line.c.hash)
        .where(line.c.book == BOOK, line.c.kind.in_((SIGNED, REVIEWED)))
        .order_by(line.c.page)
    )
    found = [json.loads(text) | {"hash": bytes(hashed).hex()} for text, hashed in connection.execute(query)]
    return [each for each in found if each["body"]["digest"] == digest]
