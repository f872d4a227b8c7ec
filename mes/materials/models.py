"""Rows: lots of materials."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class Lot(Row):
    """A lot of a material: received in quarantine, released by quality with its certificate, or rejected."""

    __tablename__ = "lot"

    number: Mapped[str] = mapped_column(String(60), primary_key=True)
    material: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(20))  # quarantine, released, rejected
    expires: Mapped[datetime] = mapped_column(Utc)
    gives: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # values of the certificate, as texts

    @property
    def book(self) -> str:
        """The book of this lot."""
        return f"lot:{self.number}"
