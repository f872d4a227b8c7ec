"""What is done with second factors: set up, given at sign-in, taken away."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from batch_records.executed.draft import Malformed, Refused
from mes.context import installation
from mes.execute import Doing, handles
from mes.factors.models import CODES, PASSKEY, SecondFactor
from mes.factors.proofs import Ceremony, new_count, opened, registered, sealed, used_step
from mes.ledger.act import Act
from mes.people.commands import count_wrong, say_why
from mes.people.models import ADMINISTRATOR, SignIn, User


@dataclass(frozen=True)
class AddCodes:
    """Set up an authenticator that makes codes from a secret; it counts when it has shown one."""

    user: str
    id: str
    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ConfirmCodes:
    """Show a first code of an authenticator, with the password."""

    user: str
    id: str
    session: str
    code: str = field(repr=False)


@dataclass(frozen=True)
class AddPasskey:
    """Keep a passkey that a device has just made, with the password."""

    user: str
    id: str
    name: str
    session: str
    ceremony: Ceremony


@dataclass(frozen=True)
class GiveCode:
    """Give a code at sign-in."""

    user: str
    session: str
    workstation: str
    code: str = field(repr=False)


@dataclass(frozen=True)
class GivePasskey:
    """Give a passkey's answer at sign-in."""

    user: str
    session: str
    workstation: str
    ceremony: Ceremony


@dataclass(frozen=True)
class EndFactors:
    """Take away all second factors of a person who lost theirs."""

    user: str
    reason: str


OfUser = AddCodes | ConfirmCodes | AddPasskey | GiveCode | GivePasskey | EndFactors


def _book(command: OfUser) -> Iterable[str]:
    return (f"user:{command.user}",)


def _books_of_attempt(command: GiveCode | GivePasskey) -> Iterable[str]:
    return (f"user:{command.user}", f"workstation:{command.workstation}")


def _count(act: Act, command: GiveCode | GivePasskey) -> None:
    """Count a wrong second factor as a wrong password is counted."""
    act.write(f"user:{command.user}", "password refused", {"purpose": "second factor"})
    count_wrong(act, command.user, command.workstation)
    act.flush()


@handles(AddCodes, "set up an authenticator", books=_book)
def add_codes(doing: Doing, command: AddCodes) -> None:
    """Keep the secret, encrypted; a set-up that was never finished is ended."""
    _must_be_own(doing, command.user)
    for row in _of(doing, command.user, CODES):
        if not row.confirmed:
            row.ended = doing.act.at
    secret = sealed(command.secret, installation().settings.secret_key)
    made = SecondFactor(id=command.id, user=command.user, kind=CODES, name=_name(command.name), secret=secret)
    made.added = doing.act.at
    doing.session.add(made)


@handles(ConfirmCodes, "confirmed an authenticator", books=_book)
def confirm_codes(doing: Doing, command: ConfirmCodes) -> None:
    """Let it count, once it has shown a right code; the authenticator before it is ended."""
    _must_be_own(doing, command.user, with_password=True)
    row = doing.session.get(SecondFactor, command.id)
    if row is None or row.user != command.user or row.ended or row.confirmed:
        raise Refused("this authenticator is not being set up: begin again")
    step = used_step(opened(row.secret, installation().settings.secret_key), command.code, row.count)
    if step is None:
        raise Malformed("code", "this is not the code that it shows now: look again")
    for old in _of(doing, command.user, CODES):
        if old.id != row.id:
            old.ended = doing.act.at
    row.confirmed, row.count = doing.act.at, step
    _let_in(doing, command.session, "set-up")


@handles(AddPasskey, "added a passkey", books=_book)
def add_passkey(doing: Doing, command: AddPasskey) -> None:
    """Keep its public key."""
    _must_be_own(doing, command.user, with_password=True)
    credential, key, count = registered(command.ceremony)
    if doing.session.scalars(select(SecondFactor).where(SecondFactor.credential == credential)).first():
        raise Refused("this passkey is known already")
    made = SecondFactor(id=command.id, user=command.user, kind=PASSKEY, name=_name(command.name), secret=key)
    made.credential, made.count, made.added, made.confirmed = credential, count, doing.act.at, doing.act.at
    doing.session.add(made)
    _let_in(doing, command.session, "set-up")


@handles(GiveCode, "gave a second factor", books=_books_of_attempt, refused=_count)
def give_code(doing: Doing, command: GiveCode) -> None:
    """Let the session begin, if the code is right and was not used before."""
    _must_be_own(doing, command.user)
    key = installation().settings.secret_key
    for row in _of(doing, command.user, CODES):
        step = used_step(opened(row.secret, key), command.code, row.count) if row.confirmed else None
        if step is not None:
            row.count = step
            _let_in(doing, command.session, "factor")
            return
    raise Refused("this code is not right, or was used before: wait for the next one")


@handles(GivePasskey, "gave a second factor", books=_books_of_attempt, refused=_count)
def give_passkey(doing: Doing, command: GivePasskey) -> None:
    """Let the session begin, if the passkey is this person's and its answer is to our question."""
    _must_be_own(doing, command.user)
    credential = _credential(command.ceremony.answer)
    for row in _of(doing, command.user, PASSKEY):
        count = new_count(command.ceremony, row.secret, row.count) if row.credential == credential else None
        if count is not None:
            row.count = count
            _let_in(doing, command.session, "factor")
            return
    raise Refused("this passkey is not known here")


@handles(EndFactors, "took second factors away", roles=(ADMINISTRATOR,), books=_book)
def end_factors(doing: Doing, command: EndFactors) -> None:
    """End them all. Before the next signature somebody else sees again who the person is."""
    user = doing.session.get(User, command.user)
    if user is None or user.id == doing.by.person.id:
        raise Refused("an administrator takes second factors from others only")
    for row in _of(doing, user.id, CODES, PASSKEY):
        row.ended = doing.act.at
    user.proven_by = user.proven_at = user.proof = None
    say_why(doing, user.book, command.reason)


def _of(doing: Doing, user: str, *kinds: str) -> list[SecondFactor]:
    query = select(SecondFactor).where(SecondFactor.user == user, SecondFactor.ended.is_(None))
    return list(doing.session.scalars(query.where(SecondFactor.kind.in_(kinds))))


def _must_be_own(doing: Doing, user: str, *, with_password: bool = False) -> None:
    if doing.by.person.id != user or (with_password and not doing.signed):
        raise Refused("everybody looks after their own second factors, with the password")


def _let_in(doing: Doing, session: str, from_: str) -> None:
    held = doing.session.get(SignIn, session) if session else None
    if held and held.waits_for == from_ and not held.ended:
        held.waits_for = None
        if not held.began_by:  # only who knew the password is forgiven wrong ones
            doing.session.get_one(User, held.user).wrong_passwords = 0


def _name(name: str) -> str:
    if not name.strip():
        raise Malformed("name", "give it a name, to tell it from others")
    return name.strip()


def _credential(answer: str) -> str:
    try:
        said = json.loads(answer)
        return str(said["id"])
    except (ValueError, TypeError, KeyError):
        return ""
