"""Tables of a TOML file, read key by key; what is missing, misspelt or of the wrong kind is noted with its line."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

_HEADER = re.compile(r"\s*\[")
_KEY = re.compile(r"""\s*((?:[\w.\s-]|"[^"]*"|'[^']*')+?)\s*=""")


class ConfigurationError(Exception):
    """A configuration with mistakes, a sentence with its line for each."""


class Mistakes:
    """The mistakes found so far, in a file whose lines are known."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = _places(text)
        self._found: list[tuple[int, str]] = []

    def add(self, place: tuple[str, ...], sentence: str) -> None:
        """Note a mistake at a key; its line is that of the nearest table around it that has one."""
        while place and place not in self._lines:
            place = place[:-1]
        self._found.append((self._lines.get(place, 1), sentence))

    def raise_any(self) -> None:
        """Raise `ConfigurationError` if there were mistakes."""
        if self._found:
            raise ConfigurationError("\n".join(f"{self._path}:{line}: {text}" for line, text in sorted(self._found)))


class Table:
    """One table. Every method returns something usable and notes what was wrong: all mistakes are told at once."""

    def __init__(self, values: dict[str, Any], place: tuple[str, ...], mistakes: Mistakes, folder: Path) -> None:
        self.values = values
        self._place, self._mistakes, self._folder = place, mistakes, folder
        self._asked: set[str] = set()

    def mistake(self, key: str, sentence: str) -> None:
        """Note a mistake at a key, or at the table itself."""
        self._mistakes.add((*self._place, key) if key else self._place, sentence)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; it is required where no default is given."""
        value = self._get(key, default)
        if isinstance(value, str):
            return value
        self.mistake(
            key, f"{self._name()} needs {key} = …" if value is None else f"{key} is a text: write it in quotes"
        )
        return ""

    def texts(self, key: str, default: Sequence[str]) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._get(key, [*default])
        if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
            self.mistake(key, f'{key} is a list of texts: write {key} = ["…", "…"]')
            return tuple(default)
        return tuple(value)

    def number(self, key: str, default: float, *, least: float) -> float:
        """Return a number that is not less than ``least``."""
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
            self.mistake(key, f"{key} is a number, {least} or more")
            return default
        return value

    def counts(self, key: str, default: Sequence[int]) -> tuple[int, ...]:
        """Return a list of whole numbers, 1 or more."""
        value = self._get(key, [*default])
        if not isinstance(value, list) or not all(type(each) is int and each > 0 for each in value):
            self.mistake(key, f"{key} is a list of whole numbers, 1 or more: write {key} = [12, 8]")
            return tuple(default)
        return tuple(value)

    def flag(self, key: str) -> bool:
        """Return true or false; false where it is not written."""
        value = self._get(key, default=False)
        if not isinstance(value, bool):
            self.mistake(key, f"{key} is true or false")
        return value is True

    def choice(self, key: str, options: Collection[str], default: str | None = None) -> str:
        """Return one of some words, or the empty text where it is none of them."""
        value = self.text(key, default)
        if value and value not in options:
            self.mistake(key, f"“{value}” is no {key}{_near(value, options)}")
            return ""
        return value

    def path(self, key: str, default: str | None = None) -> Path:
        """Return a path; a relative one starts at the configuration's folder."""
        return self._folder / self.text(key, default)

    def secret(self, key: str) -> str:
        """Return what the file named by a key holds, without the line's end."""
        name = self.text(key)
        try:
            return (self._folder / name).read_text("utf-8").strip() if name else ""
        except (OSError, UnicodeDecodeError) as error:
            self.mistake(key, f"the secret file {self._folder / name} cannot be read: {error}")
            return ""

    def table(self, key: str) -> Table:
        """Return a table inside this one; an empty one where it is not written."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            self.mistake(key, f"{key} is a table: write [{'.'.join((*self._place, key))}]")
            value = {}
        return Table(value, (*self._place, key), self._mistakes, self._folder)

    def tables(self) -> dict[str, Table]:
        """Return all that this table holds, which are tables too, by their names."""
        return {key: self.table(key) for key in self.values}

    def nothing_else(self) -> None:
        """Note every key that nobody asked for."""
        for key in self.values.keys() - self._asked:
            self.mistake(key, f"{self._name()} has no {key}{_near(key, self._asked)}")

    def _get(self, key: str, default: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
        self._asked.add(key)
        return self.values.get(key, default)

    def _name(self) -> str:
        return f"[{'.'.join(self._place)}]" if self._place else "the configuration"


def _near(word: str, options: Collection[str]) -> str:
    near = get_close_matches(word, options, 1, 0.5)
    return f"; did you mean {near[0]}?" if near else f"; there is {', '.join(sorted(options))}"


def _places(text: str) -> dict[tuple[str, ...], int]:
    """Return key → line, for tables and for keys at the start of a line (tomllib keeps no lines)."""
    places: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        key = _KEY.match(line)
        try:
            if _HEADER.match(line):
                table = _innermost(tomllib.loads(line))
                places.setdefault(table, number)
            elif key:
                places.setdefault((*table, *_innermost(tomllib.loads(f"{key[1]} = 0"))), number)
        except tomllib.TOMLDecodeError:
            continue  # a line inside a text or an array of several lines
    return places


def _innermost(values: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever TOML holds
    if isinstance(values, list):
        values = values[0]
    if not isinstance(values, dict) or not values:
        return ()
    ((key, inner),) = values.items()
    return (key, *_innermost(inner))
