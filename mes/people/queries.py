"""What is asked about users and sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import bindparam, func, select

from batch_records.executed.commands import Person
from mes.batches.shown import local
from mes.context import installation
from mes.execute import HANDLERS
from mes.people.commands import GMP_ROLES
from mes.people.identity import IssueStatement
from mes.people.models import ADMINISTRATOR, AUDITOR, SignIn, Statement, User, Workstation
from mes.people.signers import SHIPPED, edition_in_force
from mes.web import shapes
from mes.web.history import head_of


@dataclass(frozen=True)
class Account:
    """A user as the list shows it: the sign-in name, the full name, roles, and whether the account works."""

    name: str
    full_name: str
    roles: tuple[str, ...]
    state: str  # active, locked, inactive
    seen: datetime | None
    signs: str  # by whom the identity was proven, and what is missing before a signature
    is_proven: bool
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
    must_choose: bool  # a password of one's own, before anything else
    waits_for: str  # the second factor, before anything else


def accounts() -> list[Account]:
    """Return all users, by name."""
    with installation().reading() as session:
        rows = session.scalars(select(User).order_by(User.name)).all()
        seen = dict(session.execute(select(SignIn.user, func.max(SignIn.began)).group_by(SignIn.user)).all())
        edition = edition_in_force(session.connection())
    return [_account(row, seen.get(row.id), edition) for row in rows]


def _account(row: User, seen: datetime | None, edition: int) -> Account:
    state = "locked" if row.locked else "active" if row.active else "inactive"
    url = url_for("people.people", person=row.id)
    when = local(seen) if seen else None
    return Account(row.id, row.name, tuple(row.roles), state, when, _signs(row, edition), bool(row.proven_at), url)


def _signs(row: User, edition: int) -> str:
    if row.token_hash:
        return "a machine: signs nothing"
    missing = [
        *(["has a first password"] if row.is_first_password else []),
        *(["identity not checked"] if row.proven_at is None else []),
        *(["statement not accepted"] if (row.accepted or 0) < edition else []),
    ]
    if missing:
        return f"signs nothing yet: {', '.join(missing)}"
    by = names().get(row.proven_by or "", "")
    return f"may sign; {row.proof} seen by {by}, {local(row.proven_at):%Y-%m-%d}" if row.proven_at else ""


@dataclass(frozen=True)
class MyAccount:
    """Everything that ``account.html`` asks for."""

    roles: tuple[str, ...]
    must_choose: bool
    proof: str
    statement: str
    edition: int
    accepted: datetime | None
    issue: shapes.Signature | None


def my_account(person: Person) -> MyAccount:
    """Return what a person sees of their own account."""
    with installation().reading() as session:
        row = session.get_one(User, person.id)
        head = head_of(session, "laboratory")
        edition = edition_in_force(session.connection())
        written = session.get(Statement, edition)
    proof = ""
    if row.proven_at:
        proof = f"{row.proof}, seen by {names().get(row.proven_by or '', '')}, {local(row.proven_at):%Y-%m-%d}"
    accepted = local(row.accepted_at) if row.accepted_at and (row.accepted or 0) >= edition else None
    text = written.text if written else SHIPPED
    may_issue = person.roles & HANDLERS[IssueStatement].roles
    issue = shapes.Signature(
        "Put it in force", "Everybody is asked to accept this text.", "issued", head, "The accountability statement"
    )
    first = bool(row.is_first_password)
    return MyAccount(tuple(row.roles), first, proof, text, edition, accepted, issue if may_issue else None)


@dataclass(frozen=True)
class LockedOut:
    """Accounts that are locked now, and workstations that wait, as everybody who looks after them is told."""

    count: int
    words: str
    url: str


def locked_out() -> LockedOut | None:
    """Return who is locked out now, or nothing."""
    with installation().reading() as session:
        people = session.scalars(select(User.name).where(User.locked, User.active).order_by(User.name)).all()
        waiting = select(Workstation.address).where(Workstation.waits_until > installation().now())
        places = session.scalars(waiting.order_by(Workstation.address)).all()
    words = [*people, *(f"workstation {place} waits" for place in places)]
    if not words:
        return None
    return LockedOut(len(words), ", ".join(words[:4]) + (" …" if len(words) > 4 else ""), url_for("people.people"))


def has_first_password(user: str) -> bool:
    """Say whether a person has yet to choose a password."""
    with installation().reading() as session:
        row = session.get(User, user)
        return bool(row and row.is_first_password)


def roles_to_give() -> list[Option]:
    """Return the roles that a person can hold."""
    return [Option(role, role) for role in (*GMP_ROLES, ADMINISTRATOR, AUDITOR)]


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
    select(
        SignIn.id,
        SignIn.workstation,
        SignIn.began,
        SignIn.both_given,
        User.id.label("user"),
        User.name,
        User.roles,
        User.is_first_password,
        SignIn.waits_for,
    )
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
    return Session(
        row.id,
        person,
        row.workstation,
        row.began,
        row.both_given,
        bool(row.is_first_password),
        row.waits_for or "",
    )


def machine(token: str) -> Person | None:
    """Return the machine that a bearer token belongs to."""
    with installation().reading() as session:
        found = session.scalars(select(User).where(User.token_hash == hash_of(token), User.active)).first()
    return found.person() if found else None


def hash_of(token: str) -> str:
    """Return what is kept of a token: whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()
