"""What is done with archives: one of another installation is imported, to be read here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.archive.models import ImportedArchive
from mes.execute import Doing, handles


@dataclass(frozen=True)
class ImportArchive:
    """Import an archive that was inspected; ``problem`` says why it may not be."""

    digest: str
    batch: str = ""
    coi: str = ""
    product: str = ""
    origin: str = ""
    key: str = ""
    record: str = ""
    pages: int = 0
    ended: str = ""
    problem: str = ""


@handles(
    ImportArchive,
    "imported an archive",
    roles=(Role.REVIEWER.value,),
    books=lambda command: (f"archive:{command.digest}",),
)
def import_archive(doing: Doing, command: ImportArchive) -> None:
    """Note what was imported, from where, and with which key it was checked. No batch of this installation changes."""
    if command.problem:
        raise Refused(command.problem)
    if not command.ended:
        raise Malformed("ended", "an archive says when its batch ended")
    if doing.session.get(ImportedArchive, command.digest):
        raise Refused("this archive was imported before")
    doing.session.add(
        ImportedArchive(
            digest=command.digest,
            batch=command.batch,
            coi=command.coi,
            product=command.product,
            origin=command.origin,
            key=command.key,
            record=command.record,
            pages=command.pages,
            ended=datetime.fromisoformat(command.ended),
            imported=doing.act.at,
            imported_by=doing.by.person.id,
        )
    )
