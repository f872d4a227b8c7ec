"""Rows: users and their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from batch_records.executed.commands import Person
from mes.db import Row, Utc

ADMINISTRATOR = "administrator"
AUDITOR = "auditor"
INSTRUMENT = "instrument"
CLOCK = "clock"


class User(Row):
    """A person, or an instrument gateway. An id is never given twice; a user is deactivated, never deleted."""

    __tablename__ = "user_account"
    unlogged = frozenset({"password_hash", "token_hash"})

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    roles: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    wrong_passwords: Mapped[int] = mapped_column(default=0)
    locked: Mapped[bool] = mapped_column(default=False)

    @property
    def book(self) -> str:
        """The book of this user."""
        return f"user:{self.id}"

    def person(self) -> Person:
        """Return who this is to the batch records; a user who is not active holds no role."""
        return Person(self.id, self.name, frozenset(self.roles if self.active else ()))


class SignIn(Row):
    """One session at one workstation, from sign-in to sign-out. Its id stands in the cookie, its hash here."""

    __tablename__ = "sign_in"
    unlogged = frozenset({"id"})

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(String(60), index=True)
    workstation: Mapped[str] = mapped_column(String(120))
    began: Mapped[datetime] = mapped_column(Utc)
    ended: Mapped[datetime | None] = mapped_column(Utc)
    how: Mapped[str | None] = mapped_column(String(60))
    both_given: Mapped[bool] = mapped_column(default=False)  # name and secret, at a signature of this session

    @property
    def book(self) -> str:
        """The book of the user: sign-ins are lines among what the user did."""
        return f"user:{self.user}"
