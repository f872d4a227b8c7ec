"""What is asked of tables of codes: which were loaded, and what a code is called. None is ever guessed at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Person
from mes.batches.shown import local
from mes.codes.commands import KINDS, LoadCodes, folder, read
from mes.codes.models import CodeTable
from mes.context import installation
from mes.execute import HANDLERS
from mes.web import shapes
from mes.web.history import head_of


@dataclass(frozen=True)
class TableLine:
    """One edition of a table."""

    kind: str
    edition: str
    codes: int
    loaded: datetime
    digest: str
    is_whole: bool


@dataclass(frozen=True)
class CodesPage:
    """Everything that ``codes.html`` asks for."""

    tables: tuple[TableLine, ...]
    kinds: tuple[shapes.Option, ...]
    signature: shapes.Signature | None
    draft: Mapping[str, str]


def codes_page(person: Person, draft: Mapping[str, str] | None = None) -> CodesPage:
    """Return the tables that were loaded, the newest first."""
    with installation().reading() as session:
        rows = session.scalars(select(CodeTable).order_by(CodeTable.loaded.desc(), CodeTable.id)).all()
        head = head_of(session, "laboratory")
    lines = tuple(
        TableLine(row.kind, row.edition, row.codes, local(row.loaded), row.digest, _codes(row) is not None)
        for row in rows
    )
    may = bool(person.roles & HANDLERS[LoadCodes].roles)
    statement = "This site is licensed to use this table, and it is the edition that is named."
    signature = shapes.Signature("Load a table", statement, "approved", head, "a table of codes") if may else None
    return CodesPage(lines, tuple(shapes.Option(kind, kind) for kind in KINDS), signature, draft or {})


def words_of(session: Session, kind: str, code: str) -> str:
    """Return what a code is called in the newest edition of the site's table, or that it is not known there."""
    newest = select(CodeTable).where(CodeTable.kind == kind).order_by(CodeTable.loaded.desc(), CodeTable.id).limit(1)
    row = session.scalars(newest).first()
    codes = _codes(row) if row else None
    if row is None or codes is None:
        return f"{code}: no table of {kind} is loaded"
    return codes.get(code) or f"{code}: not in edition {row.edition} of the table of {kind}"


def _codes(row: CodeTable) -> Mapping[str, str] | None:
    """Return a table's codes, or nothing where its file is not what was signed."""
    file = folder() / f"{row.digest}.csv"
    return _read(file, row.kind, row.digest, file.stat().st_mtime_ns) if file.is_file() else None


@lru_cache(maxsize=8)
def _read(file: Path, kind: str, digest: str, _: int) -> Mapping[str, str] | None:
    content = file.read_bytes()
    return read(kind, content.decode()) if hashlib.sha256(content).hexdigest() == digest else None
