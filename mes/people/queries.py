"""What is asked about users and sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import bindparam, func, select

from batch_records.executed.commands import Person
from batch_records.master.recipe import Role
from mes.batches.shown import local
from mes.context import installation
from mes.people.models import ADMINISTRATOR, AUDITOR, SignIn, User


@dataclass(frozen=True)
class Account:
    """A user as the list shows it: the sign-in name, the full name, roles, and whether the account works."""

    name: str
    full_name: str
    roles: tuple[str, ...]
    state: str  # active, locked, inactive
    seen: datetime | None
    trained: str | None
    url: str


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    value: str
    word: str


@dataclass(frozen=True)
class Session:
    """An open session: whose, where, since when."""

    id: str
    person: Person
    workstation: str
    began: datetime
    both_given: bool  # a signature of this session had both its components: the secret alone does for the next


def accounts() -> list[Account]:
    """Return all users, by name."""
    with installation().reading() as session:
        rows = session.scalars(select(User).order_by(User.name)).all()
        seen = dict(session.execute(select(SignIn.user, func.max(SignIn.began)).group_by(SignIn.user)).all())
    return [_account(row, seen.get(row.id)) for row in rows]


def _account(row: User, seen: datetime | None) -> Account:
    state = "locked" if row.locked else "active" if row.active else "inactive"
    url = url_for("people.people", person=row.id)
    return Account(row.id, row.name, tuple(row.roles), state, local(seen) if seen else None, None, url)


def roles_to_give() -> list[Option]:
    """Return the roles that a person can hold."""
    return [Option(role, role) for role in (*(role.value for role in Role), ADMINISTRATOR, AUDITOR)]


def signer(user: str) -> str:
    """Say who has this id, as a signature shows them; nobody, where the account does not work."""
    with installation().reading() as session:
        found = session.get(User, user)
    if found is None or not found.active or found.locked or not found.password_hash:
        return "nobody who can sign has this name"
    return f"{found.name} ({found.id}), {', '.join(sorted(found.roles))}"


def names() -> Mapping[str, str]:
    """Return every user's full name by id."""
    return installation().names


_OPEN_SESSION = (
    select(SignIn.id, SignIn.workstation, SignIn.began, SignIn.both_given, User.id.label("user"), User.name, User.roles)
    .join(User, User.id == SignIn.user)
    .where(SignIn.id == bindparam("id"), SignIn.ended.is_(None), User.active, ~User.locked)
)


def open_session(token: str) -> Session | None:
    """Return the session that a cookie's token opens, with the person's roles as they are now."""
    with installation().database.reader.connect() as connection:
        row = connection.execute(_OPEN_SESSION, {"id": hash_of(token)}).first()
    if row is None:
        return None
    person = Person(row.user, row.name, frozenset(row.roles))
    return Session(row.id, person, row.workstation, row.began, row.both_given)


def machine(token: str) -> Person | None:
    """Return the machine that a bearer token belongs to."""
    with installation().reading() as session:
        found = session.scalars(select(User).where(User.token_hash == hash_of(token), User.active)).first()
    return found.person() if found else None


def hash_of(token: str) -> str:
    """Return what is kept of a token: whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()
