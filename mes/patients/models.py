"""Rows: therapy orders, and the donations that each was collected by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class TherapyOrder(Row):
    """An order for one therapy of one patient, known here by its chain-of-identity code only.

    ``recipient`` is for whom, ``donor`` whose cells: codes, and never one field. Without a donor they are one person.
    """

    __tablename__ = "therapy_order"

    coi: Mapped[str] = mapped_column(String(60), primary_key=True)
    recipe: Mapped[str] = mapped_column(String(80))
    ordered: Mapped[datetime] = mapped_column(Utc)
    note: Mapped[str] = mapped_column(String(200), default="")
    batch: Mapped[str | None] = mapped_column(String(60))
    recipient: Mapped[str] = mapped_column(String(60), default="")
    donor: Mapped[str] = mapped_column(String(60), default="")
    dose_plan: Mapped[str | None] = mapped_column(String(80))
    dose_edition: Mapped[int | None]
    dose_level: Mapped[str | None] = mapped_column(String(20))
    dose: Mapped[str | None] = mapped_column(String(400))  # the line of the level, as the batch carries it
    supersedes: Mapped[str | None] = mapped_column(String(60))  # the batch that came to nothing, until another begins

    @property
    def book(self) -> str:
        """The book of this order."""
        return f"order:{self.coi}"


class Donation(Row):
    """One collection for a therapy: its donation number, without flags or check character, and whose it was."""

    __tablename__ = "donation"

    number: Mapped[str] = mapped_column(String(13), primary_key=True)
    coi: Mapped[str] = mapped_column(String(60), index=True)
    donor: Mapped[str] = mapped_column(String(60), default="", index=True)
    collected: Mapped[datetime] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The book of the order that it belongs to."""
        return f"order:{self.coi}"
