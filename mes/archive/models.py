"""Rows: archives of other installations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class ImportedArchive(Row):
    """The archive of a batch that another installation made: kept byte for byte under its digest, and only to read."""

    __tablename__ = "imported_archive"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch: Mapped[str] = mapped_column(String(60))
    coi: Mapped[str] = mapped_column(String(60))
    product: Mapped[str] = mapped_column(String(200))
    origin: Mapped[str] = mapped_column(String(200))  # the ledger that it is from, as its key names it
    key: Mapped[str] = mapped_column(String(400))  # the published key that its seal was checked with
    record: Mapped[str] = mapped_column(String(64))
    pages: Mapped[int]  # of the batch's book
    ended: Mapped[datetime] = mapped_column(Utc)  # its last line
    imported: Mapped[datetime] = mapped_column(Utc)
    imported_by: Mapped[str] = mapped_column(String(60))

    @property
    def book(self) -> str:
        """The book of this archive."""
        return f"archive:{self.digest}"
