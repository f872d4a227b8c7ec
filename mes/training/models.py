"""Rows: training."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class Training(Row):
    """One person's training on one text of a recipe: the next edition is another text, and asks for another.

    ``until`` is when it has to be renewed; training that was withdrawn ended then.
    """

    __tablename__ = "training"

    user: Mapped[str] = mapped_column(String(60), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    recipe: Mapped[str] = mapped_column(String(80))
    edition: Mapped[int]
    trained: Mapped[datetime] = mapped_column(Utc)
    until: Mapped[datetime] = mapped_column(Utc)
    recorded_by: Mapped[str] = mapped_column(String(60))

    @property
    def book(self) -> str:
        """The book of the person."""
        return f"user:{self.user}"


class Assignment(Row):
    """A person who works on a batch. A batch with nobody assigned is open to everybody who is trained."""

    __tablename__ = "assignment"

    batch: Mapped[str] = mapped_column(String(60), primary_key=True)
    user: Mapped[str] = mapped_column(String(60), primary_key=True)
    assigned_by: Mapped[str] = mapped_column(String(60))
    is_current: Mapped[bool] = mapped_column(default=True)

    @property
    def book(self) -> str:
        """The book of the person."""
        return f"user:{self.user}"
