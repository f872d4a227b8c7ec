"""Parts that recipes share, written once and put in where a recipe says ``include:``.

    operations:
      - include: isolation

puts the lines of ``parts/isolation.yaml`` there, as far in as the line stands. What comes out is the recipe: that text
is read, proved, signed and kept with each batch, and its digest covers every line of every part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batch_records.master.text import Problem

_INCLUDE = re.compile(r"( *)(?:- )?include: ([a-z][a-z0-9_]*) *")
_DEEPEST = 3


class Absent(LookupError):  # noqa: N818 - reads as what happened
    """There is no part of that name."""


@dataclass(frozen=True)
class Line:
    """A line of the whole recipe, and where it was written: in which part (empty for the recipe itself), which line."""

    text: str
    part: str
    number: int


@dataclass(frozen=True)
class Whole:
    """A recipe with its parts put in."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The text that is read and signed."""
        return "".join(f"{line.text}\n" for line in self.lines)

    def place(self, problem: Problem) -> tuple[str, int]:
        """Return the part and the line that a problem stands in."""
        if not self.lines:
            return "", problem.line
        line = self.lines[min(problem.line, len(self.lines)) - 1]
        return line.part, line.number


def put_in(text: str, part: Callable[[str], str]) -> Whole:
    """Put the parts into a recipe's text. ``part`` gives a part's text by its name. Raise `Absent` where it cannot."""
    return Whole(tuple(_lines(text, "", part, "", _DEEPEST)))


def _lines(text: str, name: str, part: Callable[[str], str], indent: str, deep: int) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        included = _INCLUDE.fullmatch(line)
        if included and not deep:
            raise Absent(f"“{included[2]}” is included too deep: parts include each other")
        if included:
            yield from _lines(part(included[2]), included[2], part, indent + included[1], deep - 1)
        else:
            yield Line(f"{indent}{line}" if line else "", name, number)
