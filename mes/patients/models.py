"""Rows: therapy orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class TherapyOrder(Row):
    """An order for one therapy of one patient, known here by its chain-of-identity code only."""

    __tablename__ = "therapy_order"

    coi: Mapped[str] = mapped_column(String(60), primary_key=True)
    recipe: Mapped[str] = mapped_column(String(80))
    ordered: Mapped[datetime] = mapped_column(Utc)
    note: Mapped[str] = mapped_column(String(200), default="")
    batch: Mapped[str | None] = mapped_column(String(60))
    supersedes: Mapped[str | None] = mapped_column(String(60))  # the batch that came to nothing, until another begins

    @property
    def book(self) -> str:
        """The book of this order."""
        return f"order:{self.coi}"
