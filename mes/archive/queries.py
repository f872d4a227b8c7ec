"""What is asked about archives of other installations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import abort, url_for
from sqlalchemy import select

from batch_records.executed.commands import Person
from mes.archive.commands import ImportArchive
from mes.archive.inspection import kept_at
from mes.archive.models import ImportedArchive
from mes.archive.opened import open_archive
from mes.batches.shown import local
from mes.context import installation
from mes.execute import HANDLERS
from mes.people.queries import names
from mes.reports.record import Record, lay_out
from mes.web.shapes import Stamp


@dataclass(frozen=True)
class ArchiveShown:
    """An archive of another installation."""

    batch: str
    coi: str
    product: str
    origin: str
    key: str
    record: str
    digest: str
    pages: int
    ended: datetime
    imported: Stamp
    url: str


@dataclass(frozen=True)
class ArchivesPage:
    """Everything that ``archives.html`` asks for."""

    archives: tuple[ArchiveShown, ...]
    may_import: bool
    error: str = ""


@dataclass(frozen=True)
class ArchivePage:
    """Everything that ``archive.html`` asks for."""

    archive: ArchiveShown
    record: Record | None  # None where this version cannot lay it out any more


def archives_page(person: Person, error: str = "") -> ArchivesPage:
    """Return every archive that was imported, the newest first."""
    with installation().reading() as session:
        rows = session.scalars(select(ImportedArchive).order_by(ImportedArchive.imported.desc())).all()
    may_import = bool(person.roles & HANDLERS[ImportArchive].roles)
    return ArchivesPage(tuple(_shown(row) for row in rows), may_import, error)


def archive_page(digest: str) -> ArchivePage:
    """Return one archive, laid out from its lines."""
    shown = _one(digest)
    try:
        opened = open_archive(kept_at(digest))
    except (KeyError, LookupError, ValueError):
        return ArchivePage(shown, None)
    return ArchivePage(shown, lay_out(opened.batch, opened.lines, opened.names))


def file_of(digest: str) -> Path:
    """Return the file of an archive, byte for byte as it came."""
    _one(digest)
    return kept_at(digest)


def _one(digest: str) -> ArchiveShown:
    with installation().reading() as session:
        row = session.get(ImportedArchive, digest)
    if row is None or not kept_at(digest).is_file():
        abort(404, "There is no such archive.")
    return _shown(row)


def _shown(row: ImportedArchive) -> ArchiveShown:
    imported = Stamp(names().get(row.imported_by, row.imported_by), "", local(row.imported))
    return ArchiveShown(
        row.batch,
        row.coi,
        row.product,
        row.origin,
        row.key,
        row.record,
        row.digest,
        row.pages,
        local(row.ended),
        imported,
        url_for("archive.archive", digest=row.digest),
    )
