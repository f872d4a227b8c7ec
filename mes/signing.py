"""Electronic signatures: both components asked, checked before anything is locked, bound to what was seen.

A signature is an attribute of the ledger line it stands on: its meaning, the signer's full name, the hash of the last
line that the signer saw, and whose session it was given in. The line's own hash covers all of it (21 CFR 11.70).

The first signature of a session asks both components, the name and the secret; those after it may ask the secret alone,
of the person who is signed in, at the workstation where they signed in (21 CFR 11.200(a)(1)). A lock, a sign-out and
idleness end the session, so what comes after them begins with both again. Whoever signs on somebody else's tablet gives
both, always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from mes.context import installation
from mes.people.models import SignIn, User
from mes.people.passwords import is_password


@dataclass(frozen=True)
class Signing:
    """What a signer gives: user id and password, and the hash of the last line on the screen.

    Without a user it is the one who is signed in, who gives the secret alone.
    """

    user: str
    password: str = field(repr=False)
    seen: str
    first: bool = False  # of its session, as the door finds out


@dataclass(frozen=True)
class NoteWrongPassword:
    """A command of the system: count a wrong password, and lock the account in time."""

    user: str
    purpose: str
    workstation: str = ""


class WrongPassword(Exception):  # noqa: N818 - an answer, not an error
    """The id and the password do not belong together, or the account is locked; which, the answer does not say."""


def authenticate(user: str, password: str) -> Person:
    """Return who has this id and password. Raise `WrongPassword`."""
    with installation().reading() as session:
        found = session.get(User, user)
    known = found if found and found.active and not found.locked else None
    if not is_password(known.password_hash if known else None, password) or known is None:
        raise WrongPassword
    return known.person()


def signer_alone(session_of: str, held: str) -> str:
    """Return who may sign with the secret alone: whose session it is, if it saw both components before.

    ``held`` is the hash of the session, empty where the request came from another workstation than the sign-in.
    """
    with installation().reading() as session:
        found = session.get(SignIn, held) if held else None
        if found and found.user == session_of and found.both_given and not found.ended:
            return found.user
    raise Refused(
        "enter the name to sign in with as well: the first signature of a session, and after a lock, needs both; "
        "nothing was signed"
    )


def begins_series(signing: Signing, session_of: str, held: str) -> bool:
    """Say whether this signature is the first of its session, with both components given by whose session it is."""
    if not held or signing.user != session_of:
        return False
    with installation().reading() as session:
        found = session.get(SignIn, held)
        return found is not None and not found.both_given


def begin_series(session: Session, held: str) -> None:
    """Let the secret alone do from here on, in this session."""
    found = session.get(SignIn, held)
    if found and not found.ended:
        found.both_given = True


def stamp(signing: Signing, meaning: str, by: Person, session_of: str) -> Mapping[str, str]:
    """Return a signature as it stands on its line."""
    signed = {"meaning": meaning, "name": by.name, "seen": signing.seen}
    return signed if session_of in ("", by.id) else signed | {"session": session_of}
