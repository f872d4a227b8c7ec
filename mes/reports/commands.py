"""What is done to documents: asked for, kept."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from batch_records.executed.draft import Refused
from mes.batches.folds import book_of
from mes.context import installation
from mes.execute import Doing, Outcome, handles
from mes.people.models import CLOCK
from mes.reports.models import Document
from mes.seals.commands import seal_now


@dataclass(frozen=True)
class AskForRecord:
    """Have the PDF of a batch record made."""

    batch: str


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


@handles(
    AskForRecord,
    "asked for a record",
    books=lambda command: (f"documents:{command.batch}",),
    then=seal_now(lambda command: (book_of(command.batch),)),  # so that what is printed is under the seal on it
)
def ask_for_record(doing: Doing, command: AskForRecord) -> Outcome:
    """Note who asked; the renderer takes it up within a second."""
    if installation().folds.get(doing.act.connection, command.batch) is None:
        raise Refused(f"there is no batch {command.batch}")
    document = Document(
        id=str(uuid4()), batch=command.batch, asked=doing.act.at, asked_by=doing.by.person.id, state="asked"
    )
    doing.session.add(document)
    return {"document": document.id}


@handles(KeepRecord, "kept a record", roles=(CLOCK,), books=lambda command: (f"documents:{command.batch}",))
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
