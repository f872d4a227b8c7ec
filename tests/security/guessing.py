"""Ids that somebody made up, in every part of every address."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.security.access import OPEN_TO_ALL
from tests.security.door import FILLED, PARTS, Door, Route

_MARKS = ("..", "%2e%2e", "'", '" OR 1=1', "\u202e", "ü", "0", "-1", "9" * 30, "NUL", "con.txt", "a/b", "{{7*7}}", "\\")
_CODES = (302, 400, 403, 404, 405, 409)


@dataclass
class Guessed:
    """What guesses were answered."""

    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """How many were asked."""
        return sum(self.codes.values())

    def __str__(self) -> str:
        return f"{self.asked} guesses: {dict(sorted(self.codes.items()))}, {len(self.wrong)} wrong"


def guess(door: Door, rounds: int, seed: int = 1) -> Guessed:
    """Ask each address that has a part for ids that are made up; the batch is among them, the seed repeats it."""
    chance, found = random.Random(seed), Guessed()  # noqa: S311 - a repeatable trial, no secret
    for _ in range(rounds):
        for route in door.routes:
            if "<batch>" in route.rule or "<person>" in route.rule or "<recipe>" in route.rule:
                _ask(door, route, chance, found)
    return found


def _ask(door: Door, route: Route, chance: random.Random, found: Guessed) -> None:
    made = {name: _id(value, chance) for name, value in PARTS.items()} | {"edition": str(chance.randrange(2, 10**6))}
    form = {**FILLED, **door.signed("operator", {})} if route.method == "POST" else None
    # latin-1, as a server hands an address to the application
    path = route.path({name: quote(text.encode().decode("latin-1"), safe="") for name, text in made.items()})
    answer = door.send("operator", route.method, path, data=form)
    found.codes[answer.status_code] += 1
    is_quiet = answer.status_code == 200 and route.endpoint in (*OPEN_TO_ALL, "trends.trend")
    if answer.status_code not in _CODES and not is_quiet:
        found.wrong.append(f"{route.method} {path}: {answer.status_code}")


def _id(like: str, chance: random.Random) -> str:
    """Return an id that is like a real one, or nothing like it."""
    if chance.random() < 0.3:
        return chance.choice(_MARKS)
    return "".join(chance.choice("0123456789") if each.isdigit() else each for each in like) + str(chance.randrange(99))
