"""Rows: badges."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc

IN_USE, LOST, RETURNED = "in use", "lost", "returned"


class Badge(Row):
    """A badge. Its code is given once; ``until`` is the end of a temporary one, which a second person confirmed."""

    __tablename__ = "badge"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    user: Mapped[str] = mapped_column(String(60), index=True)
    issued: Mapped[datetime] = mapped_column(Utc)
    issued_by: Mapped[str] = mapped_column(String(60))
    confirmed_by: Mapped[str | None] = mapped_column(String(60))
    until: Mapped[datetime | None] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(20), default=IN_USE)
    tested: Mapped[datetime | None] = mapped_column(Utc)
    tested_by: Mapped[str | None] = mapped_column(String(60))

    @property
    def book(self) -> str:
        """The book of its holder."""
        return f"user:{self.user}"
