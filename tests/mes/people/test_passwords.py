"""Passwords."""

from __future__ import annotations

import re

import pytest

from batch_records.executed.draft import Malformed
from mes.people.passwords import hash_password, is_password, new_password
from tests.mes.laboratory import PASSWORD


def test_a_password_is_kept_as_argon2id() -> None:
    """What is kept cannot be turned back, and is another each time."""
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", first)
    assert first != second
    assert is_password(first, PASSWORD)
    assert not is_password(first, PASSWORD + " ")


@pytest.mark.parametrize("kept", [None, "", "plain", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_nobody_has_a_password_that_is_not_kept(kept: str | None) -> None:
    """A user without one, or with something else in its place, is not let in and breaks nothing."""
    assert not is_password(kept, PASSWORD)
    assert not is_password(kept, "nobody has this password")


@pytest.mark.requirement("RQ-072")
@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "15 to 200"),
        ("x" * 14, "15 to 200"),
        ("a word too many " * 13, "15 to 200"),
        ("aaaaaaaaaaaaaaaa", "easily guessed"),
        ("abababababababab", "easily guessed"),
        ("i am ALICE and I work here", "easily guessed"),
    ],
)
def test_a_weak_password_is_refused(password: str, sentence: str) -> None:
    """Too short, too long, hardly two letters, one's own name: said in a sentence."""
    with pytest.raises(Malformed, match=sentence):
        hash_password(password, "alice")


@pytest.mark.parametrize(
    "password",
    ["пятнадцать букв здесь", "一二三四五六七八九十一二三四五", "no digit nor capital in it", "éàüöñ sont des lettres aussi"],
)
def test_length_counts_and_nothing_else(password: str) -> None:
    """Any letters in any script, spaces too: no rule says which must be among them."""
    assert is_password(hash_password(password, "alice"), password)


def test_a_first_password_can_be_read_aloud() -> None:
    """Four made-up words, never twice the same, and strong enough to be accepted."""
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"([a-z]{6}-){3}[a-z]{6}", each) for each in made)
    assert hash_password(made.pop())
