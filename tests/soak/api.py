"""The interface asked at random, after its own document, as everybody: no answer of 5xx, none that it does not tell of.

Each figure is printed with the seed that repeats it; the exit code is 1 if anything was wrong.
"""

from __future__ import annotations

import argparse

from tests.security.door import Door
from tests.security.fuzz import WHO, fuzz
from tests.soak.security import furnished, say, verdict

_OPERATIONS = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--cases", type=int, default=10_000, help="in all (10000)")
    parser.add_argument("--seed", type=int, default=1)


def main(options: argparse.Namespace) -> int:
    """Ask the interface at random, as everybody."""
    wrong: list[str] = []
    with furnished() as laboratory:
        door = Door(laboratory)
        for role in WHO:
            found = fuzz(door, role, each=-(-options.cases // (len(WHO) * _OPERATIONS)), seed=options.seed)
            say(f"{role}: {found}")
            wrong += found.wrong
    return verdict(wrong, options.seed)
