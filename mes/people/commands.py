"""What is done to users and sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.execute import Doing, Outcome, handles
from mes.people.models import ADMINISTRATOR, AUDITOR, CLOCK, INSTRUMENT, SignIn, User
from mes.people.passwords import hash_password
from mes.signing import NoteWrongPassword

GMP_ROLES = tuple(role.value for role in Role)
ROLES = (*GMP_ROLES, ADMINISTRATOR, AUDITOR, INSTRUMENT, CLOCK)
_WRONG_PASSWORDS, _LONGEST = 5, 60
_NOBODYS = ("nobody", "setup")  # who is not signed in, and the installation itself: they write lines, too


@dataclass(frozen=True)
class BeginSession:
    """Sign in. The password was checked by the door; ``session`` is the hash of what the cookie holds.

    ``before`` is the session that the browser held until now, or empty: it is over.
    """

    user: str
    session: str
    workstation: str
    before: str = ""


@dataclass(frozen=True)
class EndSession:
    """Sign out, or be signed out."""

    user: str
    session: str
    how: str


@dataclass(frozen=True)
class AddUser:
    """Give a person an account. Ids are never given again."""

    id: str
    name: str
    roles: tuple[str, ...]
    password: str = field(repr=False)


@dataclass(frozen=True)
class AddMachine:
    """Give a gateway or the clock an account with a token instead of a password."""

    id: str
    name: str
    role: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class ChangeRoles:
    """Give a person other roles."""

    user: str
    roles: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class SetPassword:
    """Give a person a first password again."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SetActive:
    """Deactivate an account, or let it work again."""

    user: str
    active: bool
    reason: str


@dataclass(frozen=True)
class Unlock:
    """Let a person whose account is locked sign in again, after an assessment."""

    user: str
    reason: str


OfUser = BeginSession | EndSession | ChangeRoles | SetPassword | SetActive | Unlock | NoteWrongPassword


def user_book(
    command: BeginSession | EndSession | ChangeRoles | SetActive | Unlock | NoteWrongPassword,
) -> Iterable[str]:
    """Return the book of the user that a command is about."""
    return (f"user:{command.user[:_LONGEST]}",)  # whatever was typed for a name: a book's name has its limits


@handles(BeginSession, "signed in", books=user_book)
def begin_session(doing: Doing, command: BeginSession) -> Outcome:
    """Open a session; wrong passwords before it are forgotten."""
    user = _user(doing, command.user)
    user.wrong_passwords = 0
    at = doing.act.at
    _close(doing, command.before, "signed in again")
    doing.session.add(SignIn(id=command.session, user=user.id, workstation=command.workstation, began=at))
    return {"user": user.id}


@handles(EndSession, "signed out", books=user_book)
def end_session(doing: Doing, command: EndSession) -> None:
    """Close a session; the cookie is worth nothing from now on."""
    _close(doing, command.session, command.how)


def _close(doing: Doing, session: str, how: str) -> None:
    held = doing.session.get(SignIn, session) if session else None
    if held and not held.ended:
        held.ended, held.how, held.both_given = doing.act.at, how, False


@handles(NoteWrongPassword, "gave a wrong password", books=user_book)
def note_wrong_password(doing: Doing, command: NoteWrongPassword) -> None:
    """Count it, and lock the account in time. An id that nobody has is noted too, in a book of its own."""
    (book,) = user_book(command)
    doing.act.write(book, "password refused", {"purpose": command.purpose})
    user = doing.session.get(User, command.user)
    if user:
        user.wrong_passwords += 1
        user.locked = user.locked or user.wrong_passwords >= _WRONG_PASSWORDS


@handles(AddUser, "added a user", roles=(ADMINISTRATOR,), books=lambda command: (f"user:{command.id}",))
def add_user(doing: Doing, command: AddUser) -> None:
    """Add a person. Nobody who administers holds a role in manufacture (draft Annex 11, 11.10)."""
    if not command.id.isascii() or not command.id.isidentifier() or command.id != command.id.lower():
        raise Malformed("id", "an id has small letters, digits and _, and begins with a letter")
    if command.id in _NOBODYS:
        raise Refused(f"the id “{command.id}” is the system's own")
    if not command.name.strip():
        raise Malformed("name", "enter the full name, as it is printed beside signatures")
    if doing.session.get(User, command.id):
        raise Refused(f"the id “{command.id}” was given before; ids are never given again")
    roles = _roles(command.roles)
    hashed = hash_password(command.password, command.id)
    doing.session.add(User(id=command.id, name=command.name.strip(), roles=roles, password_hash=hashed))


@handles(AddMachine, "added a machine", roles=(ADMINISTRATOR,), books=lambda command: (f"user:{command.id}",))
def add_machine(doing: Doing, command: AddMachine) -> None:
    """Add an account for a program; it holds one role and cannot sign anything."""
    if command.role not in (INSTRUMENT, CLOCK):
        raise Malformed("role", "a machine is an instrument gateway or the clock")
    if doing.session.get(User, command.id):
        raise Refused(f"the id “{command.id}” was given before; ids are never given again")
    hashed = hashlib.sha256(command.token.encode()).hexdigest()
    if doing.session.scalars(select(User.id).where(User.token_hash == hashed)).first():
        raise Refused("another machine has this token: make a new one")
    doing.session.add(User(id=command.id, name=command.name, roles=[command.role], token_hash=hashed))


@handles(ChangeRoles, "changed roles", roles=(ADMINISTRATOR,), books=user_book)
def change_roles(doing: Doing, command: ChangeRoles) -> None:
    """Give other roles; they count from the next request on."""
    user = _user(doing, command.user)
    if user.id == doing.by.person.id:
        raise Refused("nobody changes their own roles")
    user.roles = _roles(command.roles)
    _say_why(doing, user, command.reason)


@handles(SetPassword, "gave a first password", roles=(ADMINISTRATOR,), books=user_book)
def set_password(doing: Doing, command: SetPassword) -> None:
    """Set a password that its owner will change; the account is unlocked by it."""
    user = _user(doing, command.user)
    user.password_hash = hash_password(command.password, user.id)
    user.locked, user.wrong_passwords = False, 0


@handles(SetActive, "activated or deactivated a user", roles=(ADMINISTRATOR,), books=user_book)
def set_active(doing: Doing, command: SetActive) -> None:
    """Deactivate or activate; a deactivated user is refused from the next request on."""
    user = _user(doing, command.user)
    if user.id == doing.by.person.id:
        raise Refused("nobody deactivates their own account")
    user.active = command.active
    _say_why(doing, user, command.reason)


@handles(Unlock, "unlocked a user", roles=(ADMINISTRATOR,), books=user_book)
def unlock(doing: Doing, command: Unlock) -> None:
    """Unlock an account."""
    user = _user(doing, command.user)
    user.locked, user.wrong_passwords = False, 0
    _say_why(doing, user, command.reason)


def _user(doing: Doing, id_: str) -> User:
    user = doing.session.get(User, id_)
    if user is None:
        raise Refused(f"there is no user “{id_}”")
    return user


def _roles(roles: tuple[str, ...]) -> list[str]:
    if strange := set(roles) - set(ROLES):
        raise Malformed("roles", f"“{strange.pop()}” is no role")
    if ADMINISTRATOR in roles and set(roles) - {ADMINISTRATOR, AUDITOR}:
        raise Refused("who administers the system holds no role in manufacture or quality")
    return sorted(set(roles))


def _say_why(doing: Doing, user: User, reason: str) -> None:
    if not reason.strip():
        raise Malformed("reason", "say why")
    doing.act.write(user.book, "reason given", {"reason": reason.strip()})
