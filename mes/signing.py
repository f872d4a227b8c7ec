"""Electronic signatures: both components asked, checked before anything is locked, bound to what was seen.

A signature is an attribute of the ledger line it stands on: its meaning, the signer's full name, the hash of the last
line that the signer saw, and whose session it was given in. The line's own hash covers all of it (21 CFR 11.70).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batch_records.executed.commands import Person
from mes.context import installation
from mes.people.models import User
from mes.people.passwords import is_password


@dataclass(frozen=True)
class Signing:
    """What a signer gives: user id and password, and the hash of the last line on the screen."""

    user: str
    password: str = field(repr=False)
    seen: str


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


def stamp(signing: Signing, meaning: str, by: Person, session_of: str) -> Mapping[str, str]:
    """Return a signature as it stands on its line."""
    signed = {"meaning": meaning, "name": by.name, "seen": signing.seen}
    return signed if session_of in ("", by.id) else signed | {"session": session_of}
