"""Rows: the editions of dose plans, and what became of the patients at their levels."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc
from mes.masters.models import Edition


class DosePlanEdition(Edition):
    """One edition of a dose plan."""

    __tablename__ = "dose_plan_edition"

    @property
    def book(self) -> str:
        """The book of the plan, shared by its editions."""
        return f"dose-plan:{self.code}"


class DoseOutcome(Row):
    """What a physician saw of one patient, by the chain of identity: toxicity and response as the plan counts them."""

    __tablename__ = "dose_outcome"

    coi: Mapped[str] = mapped_column(String(60), primary_key=True)
    plan: Mapped[str] = mapped_column(String(80))
    toxicity: Mapped[str] = mapped_column(String(20))  # none, dose-limiting, not yet known
    response: Mapped[str] = mapped_column(String(20))  # response, no response, not yet known
    recorded: Mapped[datetime] = mapped_column(Utc)
    recorded_by: Mapped[str] = mapped_column(String(60))

    @property
    def book(self) -> str:
        """The book of the order: what was seen of one patient is in no record of another's."""
        return f"order:{self.coi}"
