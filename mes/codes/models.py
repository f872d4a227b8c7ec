"""Rows: tables of codes, each edition with the digest of its file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class CodeTable(Row):
    """One edition of a table that the site is licensed to use. Its file lies in the folder, under its digest."""

    __tablename__ = "code_table"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)  # what it is of, and its edition
    kind: Mapped[str] = mapped_column(String(20))
    edition: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64))
    codes: Mapped[int]
    loaded: Mapped[datetime] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The laboratory's book: a table is the site's."""
        return "laboratory"
