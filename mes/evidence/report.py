"""A report as it is kept: a file of JSON, which is what is signed, and beside it the PDF with the signatures."""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from batch_records.executed.commands import Person
from mes import create_app
from mes.cli.installed import installed_in
from mes.context import installation
from mes.evidence.commands import BOOK, ReviewReport, SignReport, lines_of
from mes.evidence.paper import printed
from mes.execute import Actor, execute
from mes.settings import Settings
from mes.signing import Signing
from mes.web.history import head_of

_NOBODY = Actor(Person("nobody", "nobody", frozenset()), "this machine")


@dataclass(frozen=True)
class Signature:
    """A signature on a report, as the ledger has it; ``line`` is the hash of the line it stands on."""

    name: str
    user: str
    role: str
    meaning: str
    at: datetime
    line: str


@dataclass(frozen=True)
class Report:
    """A report that lies in a file."""

    file: Path

    @property
    def content(self) -> Mapping[str, Any]:
        """What it says."""
        told: Mapping[str, Any] = json.loads(self.file.read_text())
        return told

    @property
    def digest(self) -> str:
        """What is signed: the hash of the file."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()

    def print(self, signatures: Sequence[Signature] = ()) -> Path:
        """Write the PDF beside the file."""
        pdf = self.file.with_suffix(".pdf")
        pdf.write_bytes(printed(self.content, self.digest, signatures))
        return pdf


def write(content: Mapping[str, Any], folder: Path, name: str) -> Report:
    """Write a report into a folder; an earlier one is never overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while (file := folder / (f"{name}.json" if number == 1 else f"{name}-{number}.json")).exists():
        number += 1
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return Report(file)


def sign(report: Report, user: str, folder: Path, *, as_reviewer: bool = False) -> list[Signature]:
    """Ask somebody's password, and have them sign a report on the installation in a folder; return all signatures.

    Raise `Refused` where they may not, and `Missing` where there is no installation.
    """
    environment, _, _ = installed_in(folder)
    password = getpass.getpass(f"Password of {user}: ")
    app = create_app(Settings.from_environment(environment))
    with app.app_context(), app.test_request_context():
        return sign_here(report, user, password, as_reviewer=as_reviewer)


def sign_here(report: Report, user: str, password: str, *, as_reviewer: bool = False) -> list[Signature]:
    """Have somebody sign on the installation that runs; return all signatures on the report. Raise `Refused`."""
    command = ReviewReport(report.digest) if as_reviewer else _signed(report)
    with installation().reading() as session:
        head = head_of(session, BOOK)
    execute(command, by=_NOBODY, tap=str(uuid4()), signing=Signing(user, password, head))
    with installation().reading() as session:
        return [_signature(each) for each in lines_of(session.connection(), report.digest)]


def _signed(report: Report) -> SignReport:
    content = report.content
    software = f"{content['product']['version']} {content['product']['commit']}"
    return SignReport(report.digest, content["title"], content["verdict"], software)


def _signature(line: Mapping[str, Any]) -> Signature:
    at = datetime.fromisoformat(line["at"]).astimezone(installation().settings.zone)
    signed = line["signed"]
    return Signature(signed["name"], line["author"], line.get("role", ""), signed["meaning"], at, line["hash"])
