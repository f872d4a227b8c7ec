"""Rows: which account of the issuer is whose here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class IssuerLink(Row):
    """That an account of the issuer is a person's here. It counts until it is ended.

    ``subject``  the issuer's own id of the account, which it never gives again
    ``email``    the address that it was linked by; the first sign-in adds the subject, and from then on that counts
    """

    __tablename__ = "issuer_link"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user: Mapped[str] = mapped_column(String(60), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))
    added: Mapped[datetime] = mapped_column(Utc)
    ended: Mapped[datetime | None] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The book of the person."""
        return f"user:{self.user}"
