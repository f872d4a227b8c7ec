"""Security in large numbers: guessed ids, forged forms, the interface fuzzed, scripts in every text.

python -m tests.soak api --cases 10000         the interface after its own document, as everybody
python -m tests.soak security --guesses 2000   ids guessed, every role at every address, scripts in a browser

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
from tests.security.fuzz import WHO, fuzz
from tests.security.guessing import guess
from tests.security.scripts import SHORT, WHOLE, run_on_every_page
from tests.security.sinks import typed_everywhere
from tests.services import chromium

_OPERATIONS = 6


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--cases", type=int, default=10_000, help="of the interface, in all (10000)")
    parser.add_argument("--guesses", type=int, default=2_000, help="ids made up (2000)")
    parser.add_argument("--seed", type=int, default=1)


def fuzz_api(options: argparse.Namespace) -> int:
    """Ask the interface at random, as everybody."""
    wrong: list[str] = []
    with _laboratory() as laboratory:
        door = Door(laboratory)
        for role in WHO:
            found = fuzz(door, role, each=-(-options.cases // (len(WHO) * _OPERATIONS)), seed=options.seed)
            _say(f"{role}: {found}")
            wrong += found.wrong
    return _verdict(wrong, options.seed)


def main(options: argparse.Namespace) -> int:
    """Sweep roles and addresses, guess ids, and look for scripts that run."""
    wrong: list[str] = []
    with _laboratory() as laboratory:
        door, table = Door(laboratory), written()
        for route in door.routes:
            said, expected = row(door, route), table.get((route.rule, route.method), {})
            wrong += [f"{route.method} {route.rule}: {who}" for who, got in said.items() if expected.get(who) != got]
        _say(f"{len(door.routes)} routes × {len(door.everybody)} roles, {len(wrong)} differences")
        each = sum("<batch>" in it.rule or "<person>" in it.rule or "<recipe>" in it.rule for it in door.routes)
        found = guess(door, rounds=-(-options.guesses // each), seed=options.seed)
        _say(str(found))
        wrong += found.wrong
    return _verdict([*wrong, *_scripts()], options.seed)


def _scripts() -> Iterator[str]:
    with chromium.running() as browser, served(application()) as origin:
        for payload in (WHOLE, *SHORT):
            with _laboratory() as laboratory:
                batch = typed_everywhere(laboratory, payload)
                for person in (QUINN, ADAM):
                    looked = run_on_every_page(browser, origin, laboratory, person, batch, payload)
                    _say(f"{payload[:40]!r} as {person.id}: {looked}")
                    yield from looked.wrong


@contextmanager
def _laboratory() -> Iterator[Laboratory]:
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/lab.db"
        upgrade(url)
        with opened(url, Path(name)) as laboratory:
            furnish(laboratory)
            yield laboratory


def _verdict(wrong: list[str], seed: int) -> int:
    for each in wrong:
        _say(f"  WRONG {each}")
    _say(f"seed {seed}: {len(wrong)} wrong")
    return 1 if wrong else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
