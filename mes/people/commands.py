"""What is done to users and sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes import log
from mes.context import installation
from mes.execute import Doing, Outcome, handles
from mes.ledger.act import Act
from mes.people.models import (
    ADMINISTRATOR,
    AUDITOR,
    CLOCK,
    INSTRUMENT,
    SCIENTIST,
    SUPERVISOR,
    SignIn,
    User,
    Workstation,
)
from mes.people.passwords import hash_password, is_password
from mes.signing import NoteWrongPassword

GMP_ROLES = (*(role.value for role in Role), SUPERVISOR, SCIENTIST)
ROLES = (*GMP_ROLES, ADMINISTRATOR, AUDITOR, INSTRUMENT, CLOCK)
_WRONG_PASSWORDS, _LONGEST = 5, 60
# One workstation guesses at two accounts at most before it has to wait: nobody locks a whole laboratory out from there.
_WRONG_AT_ONE_PLACE, _WAIT = 10, timedelta(minutes=15)
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
    badge: str = ""
    waits_for: str = ""
    began_by: str = ""


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
    """Give a gateway, the clock, or a program that reads records an account with a token instead of a password."""

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
    reason: str


@dataclass(frozen=True)
class ChoosePassword:
    """Choose one's own password, with the one that one has. ``session`` is the one it is chosen in, or empty."""

    user: str
    session: str
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


OfUser = BeginSession | EndSession | ChangeRoles | SetPassword | ChoosePassword | SetActive | Unlock


def user_book(command: OfUser) -> Iterable[str]:
    """Return the book of the user that a command is about."""
    return (f"user:{command.user}",)


def _books_of_attempt(command: NoteWrongPassword) -> Iterable[str]:
    # Whatever was typed for a name: a book's name has its limits.
    return (f"user:{command.user[:_LONGEST]}", f"workstation:{command.workstation}")


@handles(BeginSession, "signed in", books=user_book)
def begin_session(doing: Doing, command: BeginSession) -> Outcome:
    """Open a session; wrong passwords before it are forgotten, if it was a password that opened it."""
    if command.waits_for == "refused":
        raise Refused(
            "from here a second factor is asked for, and you have none: set one up at a workstation of the site"
        )
    user = _user(doing, command.user)
    if not command.waits_for and not command.began_by:
        user.wrong_passwords = 0
    at = doing.act.at
    _close(doing, command.before, "signed in again")
    session = SignIn(id=command.session, user=user.id, workstation=command.workstation, began=at)
    session.badge, session.waits_for = command.badge or None, command.waits_for or None
    session.began_by = command.began_by or None
    doing.session.add(session)
    return {"user": user.id}


@handles(EndSession, "signed out", books=user_book)
def end_session(doing: Doing, command: EndSession) -> None:
    """Close a session; the cookie is worth nothing from now on."""
    _close(doing, command.session, command.how)


def _close(doing: Doing, session: str, how: str) -> None:
    held = doing.session.get(SignIn, session) if session else None
    if held and not held.ended:
        held.ended, held.how, held.both_given = doing.act.at, how, False


def _close_all(doing: Doing, user: str, how: str, but: str = "") -> None:
    """End every session of a user: whoever holds one with the old password is out."""
    for held in doing.session.scalars(select(SignIn).where(SignIn.user == user, SignIn.ended.is_(None))):
        if held.id != but:
            _close(doing, held.id, how)


@handles(NoteWrongPassword, "gave a wrong password", books=_books_of_attempt)
def note_wrong_password(doing: Doing, command: NoteWrongPassword) -> None:
    """Count it, and lock the account in time. An id that nobody has is noted too, in a book of its own."""
    book, _ = _books_of_attempt(command)
    doing.act.write(book, "password refused", {"purpose": command.purpose})
    about = {"user": command.user, "purpose": command.purpose, "address": command.workstation}
    doing.after.append(lambda: log.refused("password refused", **about))
    count_wrong(doing.act, command.user, command.workstation)


def count_wrong(act: Act, id_: str, address: str) -> None:
    """Count a wrong password or code: against the account, if there is one, and against the workstation."""
    _count_at(act, address)
    user = act.session.get(User, id_)
    if user:
        user.wrong_passwords += 1
        if user.wrong_passwords >= _WRONG_PASSWORDS and not _is_last_to_unlock(act, user):
            user.locked = True


def _count_at(act: Act, address: str) -> None:
    """Count a wrong password where it was given, and have that place wait when there were too many in a while."""
    at = act.at
    place = act.session.get(Workstation, address)
    if place is None:
        act.session.add(Workstation(address=address, wrong_passwords=1, since=at))
        return
    if at - place.since > _WAIT:
        place.wrong_passwords, place.since, place.waits_until = 0, at, None
    place.wrong_passwords += 1
    if place.wrong_passwords >= _WRONG_AT_ONE_PLACE:
        place.waits_until = at + _WAIT


def _is_last_to_unlock(act: Act, user: User) -> bool:
    """Say whether nobody else could let people in again: the last administrator is made to wait, never locked out."""
    if ADMINISTRATOR not in user.roles:
        return False
    others = act.session.scalars(select(User).where(User.active, ~User.locked, User.id != user.id))
    return not any(ADMINISTRATOR in other.roles for other in others)


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
    user = User(id=command.id, name=command.name.strip(), roles=roles, password_hash=hashed)
    user.is_first_password, user.secret_set = True, doing.act.at
    doing.session.add(user)


@handles(AddMachine, "added a machine", roles=(ADMINISTRATOR,), books=lambda command: (f"user:{command.id}",))
def add_machine(doing: Doing, command: AddMachine) -> None:
    """Add an account for a program; it holds one role and cannot sign anything."""
    if command.role not in (INSTRUMENT, CLOCK, AUDITOR):
        raise Malformed(
            "role", "a machine is an instrument gateway, the clock, or an auditor's program that only reads"
        )
    if doing.session.get(User, command.id):
        raise Refused(f"the id “{command.id}” was given before; ids are never given again")
    hashed = hashlib.sha256(command.token.encode()).hexdigest()
    if doing.session.scalars(select(User.id).where(User.token_hash == hashed)).first():
        raise Refused("another machine has this token: make a new one")
    machine = User(id=command.id, name=command.name, roles=[command.role], token_hash=hashed)
    machine.secret_set = doing.act.at
    doing.session.add(machine)


@handles(ChangeRoles, "changed roles", roles=(ADMINISTRATOR,), books=user_book)
def change_roles(doing: Doing, command: ChangeRoles) -> None:
    """Give other roles; they count from the next request on."""
    user = _user(doing, command.user)
    if user.id == doing.by.person.id:
        raise Refused("nobody changes their own roles")
    user.roles = _roles(command.roles)
    say_why(doing, user.book, command.reason)


@handles(SetPassword, "gave a first password", roles=(ADMINISTRATOR,), books=user_book)
def set_password(doing: Doing, command: SetPassword) -> None:
    """Set a password that its owner will change; the account is unlocked by it, and signs nothing before long.

    Who sets a password could use it: before the next signature somebody else sees again who the person is.
    """
    user = _user(doing, command.user)
    user.password_hash = hash_password(command.password, user.id)
    user.is_first_password, user.secret_set = True, doing.act.at
    user.proven_by = user.proven_at = user.proof = None
    user.locked, user.wrong_passwords = False, 0
    _close_all(doing, user.id, "first password given")
    say_why(doing, user.book, command.reason)


@handles(ChoosePassword, "chose a password", books=user_book)
def choose_password(doing: Doing, command: ChoosePassword) -> None:
    """Keep the password that a person chose; nobody else knows it, and no other session stays open."""
    user = _user(doing, command.user)
    if not doing.signed or doing.by.person.id != user.id:
        raise Refused("everybody chooses their own password, with the one that they have now")
    if is_password(user.password_hash, command.password):
        raise Malformed("new_password", "this is the password that you have: choose another")
    settings = installation().settings
    hashed = hash_password(command.password, user.id, (user.name, settings.laboratory, settings.room))
    user.password_hash, user.is_first_password, user.secret_set = hashed, None, doing.act.at
    _close_all(doing, user.id, "password changed", command.session)


@handles(SetActive, "activated or deactivated a user", roles=(ADMINISTRATOR,), books=user_book)
def set_active(doing: Doing, command: SetActive) -> None:
    """Deactivate or activate; a deactivated user is refused from the next request on."""
    user = _user(doing, command.user)
    if user.id == doing.by.person.id:
        raise Refused("nobody deactivates their own account")
    user.active = command.active
    say_why(doing, user.book, command.reason)


@handles(Unlock, "unlocked a user", roles=(ADMINISTRATOR, SUPERVISOR), books=user_book)
def unlock(doing: Doing, command: Unlock) -> None:
    """Unlock an account."""
    user = _user(doing, command.user)
    if user.id == doing.by.person.id:
        raise Refused("nobody unlocks their own account")
    user.locked, user.wrong_passwords = False, 0
    say_why(doing, user.book, command.reason)


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


def say_why(doing: Doing, book: str, reason: str) -> None:
    """Write why something that exists is changed, beside the line of the change. Raise `Malformed` without a reason."""
    if not reason.strip():
        raise Malformed("reason", "say why")
    doing.act.write(book, "reason given", {"reason": reason.strip()}, reason=reason.strip())
