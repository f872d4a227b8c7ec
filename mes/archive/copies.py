"""Copies of a record to take along: the archive as it was made, or all it holds as JSON or CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from flask import abort
from sqlalchemy.orm import Session

from mes.archive.exports import as_csv, as_json
from mes.archive.gather import Gathered, gather
from mes.archive.sealed import Seal, sealed, sealed_pages
from mes.batches.queries import find
from mes.context import installation
from mes.reports.queries import newest_file


@dataclass(frozen=True)
class Copy:
    """A copy of a record: its form, the file's name, kind and bytes."""

    form: str
    name: str
    mime: str
    content: bytes

    @property
    def digest(self) -> str:
        """The digest of the file."""
        return hashlib.sha256(self.content).hexdigest()


_Export = Callable[[Gathered, Seal], bytes]
_EXPORTS: dict[str, tuple[_Export, str, str]] = {
    "json": (as_json, "json", "application/json"),
    "csv": (as_csv, "csv.zip", "application/zip"),
}


def copy_of(batch: str, form: str) -> Copy:
    """Return a copy of a record, or answer that there is none in this form."""
    if form == "pdf":
        return Copy(form, f"{batch}.pdf", "application/pdf", newest_file(batch).read_bytes())
    if form not in _EXPORTS:
        abort(404, f"A record is copied out as pdf, {' or '.join(_EXPORTS)}.")
    make, ending, mime = _EXPORTS[form]
    with installation().database.snapshot() as connection:
        found = find(Session(connection), batch)
        pages = sealed_pages(connection, batch)
        record = installation().folds.until(connection, batch, pages) or found
        content = make(*sealed(connection, gather(connection, record)))
    return Copy(form, f"{batch}.{ending}", mime, content)
