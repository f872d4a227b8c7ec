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
    [
        "пятнадцать букв здесь",
        "一二三四五六七八九十一二三四五",
        "no digit nor capital in it",
        "éàüöñ sont des lettres aussi",
    ],
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


@pytest.mark.requirement("RQ-072")
@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "P@ssw0rdP@ssw0rd",
        "Password1234567!",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc4rfv",
        "1234567890123456789",
        "zyxwvutsrqponmlk",
        "correct horse battery staple",
        "The quick brown fox jumps over the lazy dog.",
        "letmeinletmeinletmein",
        "welcome welcome 2026",
        "summer2026summer2026",
        "iloveyou-iloveyou",
        "cleanroom operator 7",
        "\uff41dministrator\uff11234",  # in full width, as some keyboards write
        "abcabcabcabcabcabc",
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    """Known words in a row, walks over the keys, repetitions, sentences that everybody knows; in other letters, too."""
    with pytest.raises(Malformed, match="easily guessed"):
        hash_password(password)


@pytest.mark.requirement("RQ-072")
def test_what_everybody_knows_of_a_person_is_guessed_first() -> None:
    """A full name with a year, or the laboratory's own name; another person may well have such a password."""
    for known in ("Seraphina Quillfeather 2026", "Quillfeather Seraphina", "Hillside Ward Seven Hillside"):
        with pytest.raises(Malformed, match="easily guessed"):
            hash_password(known, "sq", ("Seraphina Quillfeather", "Hillside Ward Seven"))
    assert hash_password("Seraphina Quillfeather 2026", "other", ("Somebody Else",))


def test_five_words_taken_at_random_are_accepted() -> None:
    """The list refuses what is guessed, not what is long: common words at random, a sentence of one's own."""
    assert hash_password("lamp apple river monday the seven crows")
    assert hash_password("my neighbour's bicycle squeaks on hills")


@pytest.mark.requirement("RQ-072")
def test_one_letter_written_in_two_ways_is_one_password() -> None:
    """Two keyboards send é as one character or as two: both open what the other closed."""
    one, two = "caf\u00e9 noir sans sucre", "cafe\u0301 noir sans sucre"
    assert is_password(hash_password(one), two)
    assert is_password(hash_password(two), one)


@pytest.mark.parametrize("length", [64, 128, 200])
def test_long_passwords_count_to_the_last_letter(length: int) -> None:
    """Nothing is cut off: another last letter is another password."""
    password = ("every word of this counts, up to the last one, and then some " * 4)[: length - 1]
    assert is_password(hash_password(password + "a"), password + "a")
    assert not is_password(hash_password(password + "a"), password + "b")
