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
    dose_plan: Mapped[str | None] = mapped_column(String(80))
    dose_edition: Mapped[int | None]
    dose_level: Mapped[str | None] = mapped_column(String(20))
    dose: Mapped[str | None] = mapped_column(String(400))  # the line of the level, as the batch carries it

    @property
    def book(self) -> str:
        """The book of this order."""
        return f"order:{self.coi}"
