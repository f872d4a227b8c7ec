"""Attack a ledger in every way that is known, a hundred times each, on SQLite and on PostgreSQL.

Each attack is carried out on lines that chance picks, with the owner's rights or the server's keys, is looked for as
`./lab verify` does, and taken back. A named one must be named each time, at the place where it was done.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mes.schema import upgrade
from tests.mes.furnishing import furnish as furnish_laboratory
from tests.mes.laboratory import Laboratory, opened
from tests.mes.ledger.attacks import ATTACKS, Attack, attempt
from tests.mes.ledger.scene import furnish
from tests.services import postgres

KINDS = ("sqlite", "postgresql")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--rounds", type=int, default=100, help="of each attack (100)")
    parser.add_argument("--on", choices=KINDS, action="append", help="this database alone")


def main(options: argparse.Namespace) -> int:
    """Attack, print a line for each attack, and return 1 where one was not as the table says."""
    wrong = 0
    for kind in options.on or KINDS:
        with attacked(kind) as lab:
            for attack in ATTACKS:
                right = sum(is_as_told(lab, attack, seed) for seed in range(options.rounds))
                wrong += options.rounds - right
                verdict = "named" if attack.shows else "not seen, as told"
                sys.stdout.write(f"{kind:<11} {attack.name:<70} {verdict} {right} of {options.rounds}\n")
                sys.stdout.flush()
    return 1 if wrong else 0


def is_as_told(lab: Laboratory, attack: Attack, seed: int) -> bool:
    """Carry out an attack once; say whether what the table says of it came true."""
    tried = attempt(lab, attack, seed)
    return tried.shows(attack) if attack.shows else tried.found.holds


@contextmanager
def attacked(kind: str) -> Iterator[Laboratory]:
    """Lend a laboratory with records that are worth attacking."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mes-attacks-")))
        url = f"sqlite:///{folder}/lab.db"
        if kind == "postgresql":
            url = stack.enter_context(stack.enter_context(postgres.running()).database())
        upgrade(url)
        lab = stack.enter_context(opened(url, folder))
        furnish_laboratory(lab)
        furnish(lab)
        yield lab
