"""What a rule of the house is: where it holds, how a breach is found, and the proof that it bites.

A rule is a function that takes a file and yields a finding for each breach; its docstring states it. It carries the
snippets that break it and that keep it, so a rule that has gone blind fails its own test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.architecture.source import Source, matching

Finding = tuple[int, str]
Check = Callable[[Source], Iterable[Finding]]


@dataclass(frozen=True, repr=False)
class Rule:
    """A rule with its scope and its examples."""

    check: Check
    scope: tuple[str, ...]
    outside: tuple[str, ...]
    breaks: tuple[str, ...]
    keeps: tuple[str, ...]

    def __repr__(self) -> str:
        return self.check.__name__

    def breaches(self) -> Iterator[str]:
        """Yield every breach in the repository, as an editor can open it."""
        excused = matching(*self.outside)
        for source in matching(*self.scope):
            if source not in excused:
                yield from (f"{source.path}:{line}: {sentence}" for line, sentence in self.check(source))


RULES: list[Rule] = []


def rule(
    *scope: str, breaks: tuple[str, ...], keeps: tuple[str, ...] = (), outside: tuple[str, ...] = ()
) -> Callable[[Check], Check]:
    """Make a rule of a function. Scopes are patterns of paths; ``*`` also crosses folders."""

    def register(check: Check) -> Check:
        RULES.append(Rule(check, scope, outside, breaks, keeps))
        return check

    return register
