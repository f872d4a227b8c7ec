"""The door. Every change that anybody makes goes through `execute`, and nothing else can write.

One call is one transaction: the books that the command names are locked, the command's handler decides, and rows,
views, ledger lines and the tap are committed together before the caller hears anything. A tap is written once: a
double tap, a retry or a replay changes nothing and gets the first answer again. A refusal is committed too: what was
tried stands in the book it was tried on. Passwords are checked before the lock, for that takes longer than all the
rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from mes import log
from mes.context import installation
from mes.ledger import tables
from mes.ledger.act import Act, Author
from mes.ledger.line import utc
from mes.ledger.vouched import vouch
from mes.people.signers import must_be_able_to_sign, must_not_wait
from mes.signing import (
    NoteWrongPassword,
    Signing,
    WrongPassword,
    authenticate,
    begin_series,
    begins_series,
    signer_alone,
    stamp,
)

Outcome = Mapping[str, Any]
_KNOWN = select(tables.tap).where(tables.tap.c.tap == bindparam("tap"))
_REMEMBER = insert(tables.tap)
_PAGES = select(tables.book.c.pages).where(tables.book.c.name == bindparam("name"))
_ATTEMPTS = 3
# What another transaction causes, and what is not so again: PostgreSQL ended one of two that waited for each other, or
# a row with the same key came in between.
_PASSES = ("40001", "40P01", "23505")


class Forbidden(Refused):
    """A wish of somebody who does not hold the role for it."""


@dataclass(frozen=True)
class Actor:
    """Who acts, at which workstation, and in whose session; ``session`` is its hash, where a browser holds one."""

    person: Person
    workstation: str
    session_of: str = ""
    session: str = ""

    def author(self, roles: frozenset[str]) -> Author:
        """Return whom the lines name: the role is one that the handler asks for, where it asks for any."""
        held = sorted(self.person.roles & roles if roles else self.person.roles)
        session_of = self.session_of if self.session_of != self.person.id else ""
        return Author(self.person.id, ", ".join(held), self.workstation, session_of)


@dataclass
class Doing:
    """What a handler works with: the act, who acts, and the signature where one was given.

    ``folded`` are the batches as they are after the lines that the act has written so far.
    """

    act: Act
    by: Actor
    signed: Mapping[str, str] | None = None
    folded: dict[str, Batch] = field(default_factory=dict)
    after: list[Callable[[], None]] = field(default_factory=list)  # run when the commit has succeeded

    @property
    def session(self) -> Session:
        """The act's session: what is added or changed in it is written with its lines."""
        return self.act.session


Run = Callable[[Doing, Any], Outcome | None]


@dataclass(frozen=True)
class Handler:
    """How a command is carried out: who may, which books it locks, what it does, and how the audit trail says it."""

    run: Run
    sentence: str
    roles: frozenset[str]
    books: Callable[[Any], Iterable[str]]
    meaning: str  # of a signature given with it; empty where none is given
    needs_signature: bool
    refused: Callable[[Act, Any], None]  # what else changes when a refused attempt was written
    then: Callable[[Any], Outcome]  # done before the answer, when all is committed and others may write again


HANDLERS: dict[type, Handler] = {}
_R = TypeVar("_R", bound=Run)


def handles(
    command: type,
    sentence: str,
    *,
    roles: Iterable[str] = (),
    books: Callable[[Any], Iterable[str]] = lambda _: (),
    signature: str = "",
    unsigned_too: bool = False,
    refused: Callable[[Act, Any], None] = lambda _, __: None,
    then: Callable[[Any], Outcome] = lambda _: {},
) -> Callable[[_R], _R]:
    """Register the function below as the handler of a command. Without ``roles`` everybody signed in may.

    ``signature`` is what a signature means here; it is needed, unless the command is carried out ``unsigned_too``.
    """

    def register(run: _R) -> _R:
        if command in HANDLERS:
            raise ValueError(f"{command.__name__} has two handlers")
        needs_signature = bool(signature) and not unsigned_too
        HANDLERS[command] = Handler(run, sentence, frozenset(roles), books, signature, needs_signature, refused, then)
        return run

    return register


def execute(command: object, *, by: Actor, tap: str, signing: Signing | None = None) -> Outcome:
    """Carry out a command once. Raise `Refused`, `Forbidden` or `Malformed`; what is returned is committed."""
    handler = HANDLERS[type(command)]
    if signing:
        signing, by = _signer(signing, by)
    outcome = _committed(command, handler, by, tap, signing)
    return {**outcome, **handler.then(command)}


def _committed(command: object, handler: Handler, by: Actor, tap: str, signing: Signing | None) -> Outcome:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with installation().database.turn():
                return _once(command, handler, by, tap, signing)
        except DBAPIError as error:
            if attempt == _ATTEMPTS or getattr(error.orig, "sqlstate", "") not in _PASSES:
                raise
    raise AssertionError("the loop above returns or raises")


def _signer(signing: Signing, by: Actor) -> tuple[Signing, Actor]:
    """Return what is signed with and who signs, checked before anything is locked."""
    first = begins_series(signing, by.session_of, by.session)
    signing = signing if signing.user else replace(signing, user=signer_alone(by.session_of, by.session))
    if by.session_of not in ("", signing.user):  # who guesses at their own is stopped by the account's own lock
        must_not_wait(by.workstation)
    try:
        person = authenticate(signing.user, signing.password)
        return replace(signing, first=first), replace(by, person=person)
    except WrongPassword:
        purpose = "signature" if by.session_of else "sign-in"
        execute(NoteWrongPassword(signing.user, purpose, by.workstation), by=by, tap=str(uuid4()))
        raise Refused(
            "user and password do not belong together, or the account is locked; nothing was signed"
        ) from None


def _once(command: object, handler: Handler, by: Actor, tap: str, signing: Signing | None) -> Outcome:
    books = tuple(handler.books(command))
    with installation().database.writer.connect() as connection:
        doing = Doing(Act(connection, by.author(handler.roles), installation().now()), by)
        try:
            doing.act.lock({*books, f"user:{by.session_of}"} if signing and signing.first else books)
            if signing:
                doing.signed = stamp(signing, handler.meaning, by.person, by.session_of)
            _permit(handler, by, signing)
            if signing and handler.meaning:
                must_be_able_to_sign(connection, by.person)
            _must_be_bound(doing, books)
            outcome = dict(handler.run(doing, command) or {})
            if signing and signing.first:
                begin_series(doing.session, by.session)
            _commit(doing, tap, command, outcome)
        except (Refused, IntegrityError) as stopped:
            connection.rollback()
            # Was it stopped because the same tap did it before? Then the answer is the one given then.
            known = connection.execute(_KNOWN, {"tap": tap}).first() if tap else None
            if known and (known.author, known.command) == (by.person.id, _said(command)):
                return dict(json.loads(known.outcome))
            if known and isinstance(stopped, IntegrityError):
                stopped = Refused("this was sent before with something else in it: open the page again, then enter it")
            if isinstance(stopped, Refused):
                _write_attempt(connection, command, handler, by, stopped)
            raise stopped from None
        finally:
            doing.act.close()
    for callback in doing.after:
        callback()
    return outcome


def _permit(handler: Handler, by: Actor, signing: Signing | None) -> None:
    if handler.roles and not handler.roles & by.person.roles:
        needed = " or ".join(f"“{role}”" for role in sorted(handler.roles))
        raise Forbidden(f"this is for a person with the role {needed}; {by.person.name} does not hold it")
    if handler.needs_signature and not signing:
        raise Refused("this needs a signature: enter user and password")


def _must_be_bound(doing: Doing, books: tuple[str, ...]) -> None:
    """Refuse a signature on nothing that its signer can have looked at."""
    if doing.signed and doing.signed["meaning"] and not doing.act.has_line(books, doing.signed["seen"]):
        raise Refused("the signature names no line of this record: open the page again, then sign")


def _commit(doing: Doing, tap: str, command: object, outcome: Outcome) -> None:
    doing.act.flush()
    vouch(doing.act.connection, doing.act.lines, installation().sealing.keyring)
    if tap:  # a machine's delivery has keys of its own, and needs none
        values = {"tap": tap, "author": doing.by.person.id, "command": _said(command), "at": utc(doing.act.at)}
        doing.act.connection.execute(_REMEMBER, values | {"outcome": json.dumps(outcome)})
    doing.act.connection.commit()


def _said(command: object) -> str:
    """Return a command's name with a digest of what it says: the same tap with something else in it is not the same."""
    return f"{type(command).__name__} {hashlib.sha256(repr(command).encode()).hexdigest()}"


def _write_attempt(connection: Connection, command: object, handler: Handler, by: Actor, refused: Refused) -> None:
    act = Act(connection, by.author(frozenset()), installation().now())
    books = handler.books(command)
    book = next((book for book in books if connection.execute(_PAGES, {"name": book}).scalar()), "")
    body = {"command": type(command).__name__, "sentence": str(refused), "step": getattr(command, "step", "")}
    act.write(book or f"user:{by.person.id}", "attempt refused", {key: value for key, value in body.items() if value})
    act.flush()
    handler.refused(act, command)
    connection.commit()
    log.refused("attempt refused", by=by.person.id, address=by.workstation, **body)
