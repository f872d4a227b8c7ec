"""Rows: users, their sessions, the statement that signers accept, and workstations where passwords were wrong."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from batch_records.executed.commands import Person
from mes.db import Row, Utc

SUPERVISOR = "supervisor"
SCIENTIST = "process scientist"
ADMINISTRATOR = "administrator"
AUDITOR = "auditor"
INSTRUMENT = "instrument"
CLOCK = "clock"
SINGLE_SIGN_ON = "single sign-on"


class User(Row):
    """A person, or an instrument gateway. An id is never given twice; a user is deactivated, never deleted.

    ``is_first_password``  somebody else knows the password: its owner has yet to choose one
    ``secret_set``         since when the password, or a machine's token, is what it is
    ``proven_by``, ``proven_at``, ``proof``  who saw which kind of document, and when; without it nobody signs
    ``accepted``           the edition of the accountability statement that was accepted
    """

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
    is_first_password: Mapped[bool | None]
    secret_set: Mapped[datetime | None] = mapped_column(Utc)
    proven_by: Mapped[str | None] = mapped_column(String(60))
    proven_at: Mapped[datetime | None] = mapped_column(Utc)
    proof: Mapped[str | None] = mapped_column(String(80))
    accepted: Mapped[int | None]
    accepted_at: Mapped[datetime | None] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The book of this user."""
        return f"user:{self.id}"

    def person(self) -> Person:
        """Return who this is to the batch records; a user who is not active holds no role."""
        return Person(self.id, self.name, frozenset(self.roles if self.active else ()))


class SignIn(Row):
    """One session at one workstation, from sign-in to sign-out. Its id stands in the cookie, its hash here.

    ``both_given`` says that both components of a signature were given since the session began; a lock ends a session.
    ``waits_for`` is the second factor: until it is given (``factor``), or set up (``set-up``), nothing else answers.
    ``began_by`` says what it began by where that was not a password.
    """

    __tablename__ = "sign_in"
    unlogged = frozenset({"id"})

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(String(60), index=True)
    workstation: Mapped[str] = mapped_column(String(120))
    began: Mapped[datetime] = mapped_column(Utc)
    ended: Mapped[datetime | None] = mapped_column(Utc)
    how: Mapped[str | None] = mapped_column(String(60))
    both_given: Mapped[bool] = mapped_column(default=False)  # name and secret, at a signature of this session
    badge: Mapped[str | None] = mapped_column(String(60))
    waits_for: Mapped[str | None] = mapped_column(String(20))
    began_by: Mapped[str | None] = mapped_column(String(20))

    @property
    def book(self) -> str:
        """The book of the user: sign-ins are lines among what the user did."""
        return f"user:{self.user}"


class Statement(Row):
    """An edition of the accountability statement. Who accepted an older one is asked again before signing."""

    __tablename__ = "accountability_statement"

    edition: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    issued: Mapped[datetime] = mapped_column(Utc)
    issued_by: Mapped[str] = mapped_column(String(60))

    @property
    def book(self) -> str:
        """The book of the laboratory as a whole."""
        return "laboratory"


class Workstation(Row):
    """Where wrong passwords were given: how many since when, and until when it waits before it may guess again."""

    __tablename__ = "workstation"

    address: Mapped[str] = mapped_column(String(120), primary_key=True)
    wrong_passwords: Mapped[int]
    since: Mapped[datetime] = mapped_column(Utc)
    waits_until: Mapped[datetime | None] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The book of this workstation."""
        return f"workstation:{self.address}"
