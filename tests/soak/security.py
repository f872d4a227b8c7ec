"""Security in large numbers: ids guessed, every role at every address, scripts in every text in a browser.

Each figure is printed with the seed that repeats it; the exit code is 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mes.schema import upgrade
from tests.browser.serving import served
from tests.cast import QUINN
from tests.mes.furnishing import furnish
from tests.mes.laboratory import ADAM, Laboratory, application, opened
from tests.security.access import row, written
from tests.security.door import Door
from tests.security.guessing import guess
from tests.security.scripts import SHORT, WHOLE, run_on_every_page
from tests.security.sinks import typed_everywhere
from tests.services import chromium


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--guesses", type=int, default=2_000, help="ids made up (2000)")
    parser.add_argument("--seed", type=int, default=1)


def main(options: argparse.Namespace) -> int:
    """Sweep roles and addresses, guess ids, and look for scripts that run."""
    wrong: list[str] = []
    with furnished() as laboratory:
        door, table = Door(laboratory), written()
        for route in door.routes:
            said, expected = row(door, route), table.get((route.rule, route.method), {})
            wrong += [f"{route.method} {route.rule}: {who}" for who, got in said.items() if expected.get(who) != got]
        say(f"{len(door.routes)} routes × {len(door.everybody)} roles, {len(wrong)} differences")
        each = sum("<batch>" in it.rule or "<person>" in it.rule or "<recipe>" in it.rule for it in door.routes)
        found = guess(door, rounds=-(-options.guesses // each), seed=options.seed)
        say(str(found))
        wrong += found.wrong
    return verdict([*wrong, *_scripts()], options.seed)


def _scripts() -> Iterator[str]:
    with chromium.running() as browser, served(application()) as origin:
        for payload in (WHOLE, *SHORT):
            with furnished() as laboratory:
                batch = typed_everywhere(laboratory, payload)
                for person in (QUINN, ADAM):
                    looked = run_on_every_page(browser, origin, laboratory, person, batch, payload)
                    say(f"{payload[:40]!r} as {person.id}: {looked}")
                    yield from looked.wrong


@contextmanager
def furnished() -> Iterator[Laboratory]:
    """Give a furnished laboratory of its own."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/lab.db"
        upgrade(url)
        with opened(url, Path(name)) as laboratory:
            furnish(laboratory)
            yield laboratory


def verdict(wrong: list[str], seed: int) -> int:
    """Say what was wrong, and return the exit code."""
    for each in wrong:
        say(f"  WRONG {each}")
    say(f"seed {seed}: {len(wrong)} wrong")
    return 1 if wrong else 0


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
