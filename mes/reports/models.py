"""Rows: documents that were made of batch records."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc

SUPPLY = "supply"


class Document(Row):
    """A PDF of a batch record: asked for by somebody, made of the record up to a page, kept under its digest.

    ``form`` is empty for the batch record itself, and `SUPPLY` for the document that goes with a product out of
    specification in place of a certificate.
    """

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    batch: Mapped[str] = mapped_column(String(60), index=True)
    asked: Mapped[datetime] = mapped_column(Utc)
    asked_by: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20), default="asked")  # asked, ready, failed
    made: Mapped[datetime | None] = mapped_column(Utc)
    page: Mapped[int | None]  # the last page of the batch's book that is in it
    head: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))
    pages: Mapped[int | None]
    size: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(500))
    form: Mapped[str | None] = mapped_column(String(20))

    @property
    def book(self) -> str:
        """The book of the documents of a batch."""
        return f"documents:{self.batch}"
