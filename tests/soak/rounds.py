"""What all trials share: rounds that depend on a seed and their number alone, and a report of what was found."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median

KINDS = ("sqlite", "postgresql")


@dataclass
class Report:
    """What a trial did, and the sentences about what it found wrong: the bar is that there are none."""

    what: str
    seed: int
    rounds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)

    def took(self, what: str, seconds: float) -> None:
        """Remember how long something took."""
        self.seconds.setdefault(what, []).append(seconds)

    def __str__(self) -> str:
        counted = [f"  {count:>9,} {what}" for what, count in self.counts.items()]
        timed = [
            f"  {what}: median {median(each):.3f} s, 99 % within {share(each, 0.99):.3f} s, at most {max(each):.3f} s"
            for what, each in self.seconds.items()
        ]
        found = [f"  WRONG: {flaw}" for flaw in self.flaws] or ["  nothing wrong was found"]
        return "\n".join([f"{self.what}, seed {self.seed}: {self.rounds} rounds", *counted, *timed, *found])


def share(values: Sequence[float], of: float) -> float:
    """Return what so large a share of values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * of))]


def luck(seed: int, number: int) -> Random:
    """Return the chance of one round: the same for the same seed and number, whatever was played before."""
    return Random(f"{seed}:{number}")  # noqa: S311 - played again from its seed


def rounds_arguments(parser: argparse.ArgumentParser, rounds: int, *, databases: bool = True) -> None:
    """Add the options that every trial has."""
    parser.add_argument("--rounds", type=int, default=rounds, help=f"how many ({rounds})")
    parser.add_argument("--seed", type=int, default=1, help="what the rounds depend on (1)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first round's number (0)")
    if databases:
        parser.add_argument("--database", choices=KINDS, action="append", help="only this kind; both if not given")


def tell(reports: Iterable[Report]) -> int:
    """Print each report as it comes; the exit code is 1 where anything is wrong."""
    wrong = False
    for report in reports:
        sys.stdout.write(f"{report}\n")
        sys.stdout.flush()
        wrong = wrong or bool(report.flaws)
    return 1 if wrong else 0


def on_each(options: argparse.Namespace, trial: Callable[[str, int, int, int], Report]) -> int:
    """Run a trial on each kind of database that was asked for: its kind, how many rounds, the seed, the first."""
    kinds = options.database or KINDS
    return tell(trial(kind, options.rounds, options.seed, options.first) for kind in kinds)
