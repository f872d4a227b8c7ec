"""Rows: reviews of access."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class AccessReview(Row):
    """A review of who may do what, with what was looked at, and the digest that its signature is on."""

    __tablename__ = "access_review"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reviewed: Mapped[datetime] = mapped_column(Utc)
    reviewed_by: Mapped[str] = mapped_column(String(60))
    conclusion: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))

    @property
    def book(self) -> str:
        """The book of the laboratory as a whole."""
        return "laboratory"
