"""The commands that a guide prints, and a checkout in which they can be typed as they stand."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from tests.architecture.source import ROOT
from tests.journeys.terminal import Terminal

GUIDES = ROOT / "docs" / "how-to"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LAB = re.compile(r"\./lab (.*)")
_ENDS = frozenset("();<>|&")
# What only root or a service manager does, or brings the checkout itself.
_OF_THE_MACHINE = ("apt-get ", "git ", "cd ", "systemctl ", "runuser -u postgres", "chown ", "useradd ", "set -a")


def blocks(text: str) -> list[str]:
    """Return what stands in a text between fences without a language, with continued lines joined."""
    return [re.sub(r"\\\n\s*", "", block) for language, block in _FENCE.findall(text) if not language]


def commands(text: str) -> Iterator[str]:
    """Return every line that a reader would type, in order."""
    for block in blocks(text):
        yield from (line for line in block.splitlines() if line and not line.startswith(_OF_THE_MACHINE))


def of_the_front_door(text: str) -> list[list[str]]:
    """Return every use of ``./lab`` that is printed in a text, as words."""
    return [_words(found) for block in blocks(text) for found in _LAB.findall(block)]


def _words(line: str) -> list[str]:
    """Return the words of a command as a shell reads them, up to where another begins."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return list(takewhile(lambda word: not set(word) <= _ENDS, lexer))


def section(guide: str, *titles: str) -> str:
    """Return some sections of a guide."""
    parts = re.split(r"^## ", (GUIDES / guide).read_text("utf-8"), flags=re.MULTILINE)
    found = [part for part in parts if part.startswith(titles)]
    assert len(found) == len(titles), titles
    return "\n".join(found)


@dataclass
class Reader:
    """Somebody who follows a guide in a checkout of their own, with its folders elsewhere."""

    checkout: Path
    places: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    password: str = ""

    def __post_init__(self) -> None:
        self.checkout.mkdir()
        lab = self.checkout / "lab"
        lab.write_text(f'#!/bin/sh\nexec {sys.executable} -m mes "$@"\n')  # what the real one ends with
        lab.chmod(0o755)

    def choose(self, line: str, first: str, own: str) -> None:
        """Type the command that asks for a password of one's own, with the first one that was given."""
        for printed, here in self.places.items():
            line = line.replace(printed, here)
        with Terminal(line, self.environment, self.checkout) as terminal:
            for asked, answer in (("now: ", first), ("New password: ", own), ("Once more: ", own)):
                terminal.until(asked)
                terminal.type(answer)
            assert terminal.end() == 0, terminal.shown
        self.password = own

    def type(self, line: str) -> str:
        """Type a line, and a password where one is asked for; it must succeed. Return what was shown."""
        for printed, here in self.places.items():
            line = line.replace(printed, here)
        with Terminal(line, self.environment, self.checkout) as terminal:
            if " --as " in line:
                terminal.until("Password of ")
                terminal.type(self.password)
            assert terminal.end() == 0, f"{line}\n{terminal.shown}"
            return terminal.shown
