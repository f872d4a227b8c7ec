"""Rows: second factors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc

CODES, PASSKEY = "codes", "passkey"


class SecondFactor(Row):
    """An authenticator of one person. It counts once it is confirmed, and until it is ended.

    ``secret``      what codes are made from, encrypted with the installation's key; of a passkey, its public key
    ``credential``  a passkey's own id
    ``count``       the last time step whose code was used, or the passkey's own counter: neither goes back
    """

    __tablename__ = "second_factor"
    unlogged = frozenset({"secret"})

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user: Mapped[str] = mapped_column(String(60), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    secret: Mapped[str] = mapped_column(Text)
    credential: Mapped[str | None] = mapped_column(String(1400))
    count: Mapped[int] = mapped_column(BigInteger, default=0)
    added: Mapped[datetime] = mapped_column(Utc)
    confirmed: Mapped[datetime | None] = mapped_column(Utc)
    ended: Mapped[datetime | None] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The book of the person."""
        return f"user:{self.user}"
