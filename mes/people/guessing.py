"""What is guessed first: the blocklist of passwords that ships with the product, and what can be made of it.

Passwords here have fifteen characters or more, and lists of stolen passwords hold hardly any that long. What is long
and guessed all the same is put together: known words in a row, walks over the keyboard, the same once more, years. So
the list holds the pieces, and a password is refused that consists of nothing but a few of them, or is one of the
sentences that everybody knows. ``guessed_first.txt`` was written for this product; it is no copy of a list of
anybody's stolen passwords.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_PIECES = 4  # so many different ones in a row are still guessed; five words taken at random are not
_STANDS_FOR = str.maketrans("013457@$!|", "oieastasil")
_ROWS = (
    *("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "wxcvbn"),
    *("1234567890", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp"),
)
_WALK = 3  # letters beside each other on the keyboard, or in the alphabet
_NUMBER = re.compile("[0-9]{1,4}")


def is_guessed_first(password: str, known: Iterable[str] = ()) -> bool:
    """Say whether a password is a sentence that everybody knows, or consists of a few pieces that are tried first."""
    pieces, sentences = _shipped()
    words = {word for text in known for word in re.split(r"[\W_]+", text.lower()) if len(word) > 1}
    every = pieces | {_plain(word) for word in words}
    forms = {_plain(password), _plain(password.lower().translate(_STANDS_FOR))}
    return any(form in sentences or _is_made_of(form, every) for form in forms)


def _is_made_of(text: str, pieces: frozenset[str]) -> bool:
    """Say whether a text is nothing but a few different pieces, repeated as often as one likes."""
    unit = _repeated(text)
    fewest = [0] + [_PIECES + 1] * len(unit)
    for end in range(1, len(unit) + 1):
        for start in range(max(0, end - 40), end):
            if fewest[start] < fewest[end] and _is_piece(unit[start:end], pieces):
                fewest[end] = min(fewest[end], fewest[start] + (unit[start:end] not in unit[:start]))
    return fewest[-1] <= _PIECES or len(unit) <= len(text) // 3


def _repeated(text: str) -> str:
    """Return the shortest text that gives this one when it is written again and again."""
    return next(text[:n] for n in range(1, len(text) + 1) if (text[:n] * (len(text) // n + 1))[: len(text)] == text)


def _is_piece(text: str, pieces: frozenset[str]) -> bool:
    return text in pieces or bool(_NUMBER.fullmatch(text)) or len(set(text)) == 1 or _is_walk(text)


def _is_walk(text: str) -> bool:
    return len(text) >= _WALK and any(text in row or text in row[::-1] for row in _ROWS)


@cache
def _shipped() -> tuple[frozenset[str], frozenset[str]]:
    """Return the pieces, which are single words, and the sentences of the list."""
    text = Path(__file__).with_name("guessed_first.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    words = (word for line in lines if line.startswith("- ") for word in line[2:].split())
    return frozenset(map(_plain, words)), frozenset(_plain(line) for line in lines if not line.startswith("- "))


def _plain(text: str) -> str:
    """Return the letters and digits of a text, small, without their accents."""
    taken_apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in taken_apart if letter.isalnum())
