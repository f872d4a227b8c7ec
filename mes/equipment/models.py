"""Rows: equipment and rooms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from batch_records.executed import commands
from mes.db import Row, Utc


class Equipment(Row):
    """A piece of equipment or a room. ``holds`` is the batch that an exclusive one belongs to until it is freed."""

    __tablename__ = "equipment"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    equipment_class: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(40))  # ready, to be cleaned, out of service
    calibrated_until: Mapped[datetime] = mapped_column(Utc)
    qualified_until: Mapped[datetime | None] = mapped_column(Utc)  # None where its class needs no qualification
    exclusive: Mapped[bool] = mapped_column(default=False)
    holds: Mapped[str | None] = mapped_column(String(60))

    @property
    def book(self) -> str:
        """The book of this equipment: its log."""
        return f"equipment:{self.code}"

    @property
    def facts(self) -> commands.Equipment:
        """What a decision about a batch has to know of it."""
        held, qualified = self.holds or "", self.qualified_until
        return commands.Equipment(
            self.code, self.equipment_class, self.status, self.calibrated_until, held, qualified, self.exclusive
        )
