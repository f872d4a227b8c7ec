"""What is done to documents: asked for, kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from batch_records.executed.draft import Refused
from batch_records.master.recipe import Role
from mes.audit.commands import NoteCopy, note_copy
from mes.context import installation
from mes.equipment.sealing import seal_new_readings
from mes.execute import Doing, Outcome, handles
from mes.people.models import ADMINISTRATOR, AUDITOR, CLOCK
from mes.reports.models import Document
from mes.seals.commands import seal_now


@dataclass(frozen=True)
class AskForRecord:
    """Have the PDF of a batch record made."""

    batch: str


@dataclass(frozen=True)
class CopyRecord:
    """Take a copy of a record out of the system: as a PDF with the record attached, as JSON, as CSV."""

    batch: str
    form: str
    digest: str


@dataclass(frozen=True)
class KeepRecord:
    """Keep what the renderer made, or say that it failed."""

    id: str
    batch: str
    page: int = 0
    head: str = ""
    digest: str = ""
    pages: int = 0
    size: int = 0
    problem: str = ""


def _documents(command: AskForRecord | KeepRecord | CopyRecord) -> Iterable[str]:
    return (f"documents:{command.batch}",)


@handles(
    AskForRecord,
    "asked for a record",
    roles=(*(role.value for role in Role), ADMINISTRATOR, AUDITOR),
    books=_documents,
    then=seal_now(_documents),
)
def ask_for_record(doing: Doing, command: AskForRecord) -> Outcome:
    """Note who asked, and seal all that it will hold; the renderer takes it up within a second."""
    if installation().folds.get(doing.act.connection, command.batch) is None:
        raise Refused(f"there is no batch {command.batch}")
    document = Document(
        id=str(uuid4()), batch=command.batch, asked=doing.act.at, asked_by=doing.by.person.id, state="asked"
    )
    doing.session.add(document)
    seal_new_readings(doing, timedelta(0))
    return {"document": document.id}


@handles(CopyRecord, "copied a record out", books=_documents)
def copy_record(doing: Doing, command: CopyRecord) -> None:
    """Note who took a copy, in which form, and which it was: in the book of the documents, and in who took it."""
    doing.act.write(f"documents:{command.batch}", "record copied", {"form": command.form, "digest": command.digest})
    what = f"record of {command.batch} as {command.form.upper()}"
    note_copy(doing, NoteCopy(what, (("digest", command.digest),)))


@handles(KeepRecord, "kept a record", roles=(CLOCK,), books=_documents)
def keep_record(doing: Doing, command: KeepRecord) -> None:
    """Keep the digest of the file, and which state of the record it shows."""
    document = doing.session.get(Document, command.id)
    if document is None or document.state != "asked":
        raise Refused(f"no document {command.id} is being made")
    document.made = doing.act.at
    if command.problem:
        document.state, document.problem = "failed", command.problem[:500]
        return
    document.state = "ready"
    document.page, document.head, document.digest = command.page, command.head, command.digest
    document.pages, document.size = command.pages, command.size
