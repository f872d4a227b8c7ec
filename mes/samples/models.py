"""Rows: samples."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class Sample(Row):
    """A tube with a sample of a batch. Its code is used once, ever."""

    __tablename__ = "sample"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    batch: Mapped[str] = mapped_column(String(60), index=True)
    step: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(200))
    taken: Mapped[datetime] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The book of this sample."""
        return f"sample:{self.code}"
