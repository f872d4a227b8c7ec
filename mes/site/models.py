"""Rows: the site."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class Site(Row):
    """One row: whether this database is a laboratory's or a demonstration's. It is never changed."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))  # laboratory, demonstration
    opened: Mapped[datetime] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The book of the laboratory as a whole."""
        return "laboratory"
