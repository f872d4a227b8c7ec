"""Passwords: argon2id, and the rule of NIST SP 800-63B-4: long, not composed, not known to everybody."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from batch_records.executed.draft import Malformed
from mes.people.guessing import is_guessed_first

# OWASP's figures for argon2id. The library's default asks 64 MiB for each hash: eight threads would need more
# memory than the whole web process may have.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash("nobody has this password")
SHORTEST, LONGEST = 15, 200


def hash_password(password: str, user: str = "", known: Iterable[str] = ()) -> str:
    """Return the hash to keep. Raise `Malformed` for a password that is too short, or that is guessed first.

    ``known`` is what everybody knows about the user: the full name, and where they work.
    """
    password = _composed(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise Malformed("password", f"a password has {SHORTEST} to {LONGEST} characters; a few words will do")
    has_the_name = user and user.lower() in password.lower()
    if len(set(password)) < 5 or has_the_name or is_guessed_first(password, (user, *known)):
        raise Malformed(
            "password", "this password is easily guessed: take a few words that have nothing to do with you"
        )
    return _HASHER.hash(password)


def is_password(hashed: str | None, password: str) -> bool:
    """Say whether a password is the one kept. It takes as long for a user who does not exist."""
    try:
        return _HASHER.verify(hashed or _NOBODY, _composed(password)) and bool(hashed)
    except (VerificationError, InvalidHashError):
        return False


def new_password(*users: str) -> str:
    """Return a first password that can be read aloud: four made-up words of 73 random bits, with no user's id in it."""
    while True:
        syllables = [secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou") for _ in range(12)]
        made = "-".join("".join(syllables[start : start + 3]) for start in range(0, 12, 3))
        if not any(user and user.lower() in made for user in users):
            return made


def _composed(password: str) -> str:
    """Return a password in one form: two keyboards write the same é as one character, or as two."""
    return unicodedata.normalize("NFC", password)
