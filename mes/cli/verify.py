"""Walk the ledger, and say whether every line is as it was written.

Every line is hashed again, every book followed, every head compared, every sealed range of readings and every view
checked against what the lines say. Every line is held against its leaf in the log of seals, every checkpoint against
the leaves and the key that was announced for it, and all of it against what witnesses keep. Exit code 0 if all holds,
1 with each flaw named if not.

On another machine, a copy of the database, a witness's file and the public key are all it takes:

    ./lab verify --folder COPY --witness FILE --key KEY
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mes.cli import Missing, folder_argument
from mes.db import Database
from mes.integrity import check
from mes.ledger.checkpoint import Key, NotACheckpoint
from mes.ledger.verify import Verified
from mes.seals.configured import witnesses_of
from mes.seals.file_witness import known_in
from mes.seals.verify import asked, forgotten, wrong_answers
from mes.settings import place
from mes.site.queries import exists

about = "walk the ledger"

_LONGEST = 400  # characters


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    witness_argument(parser)
    parser.add_argument(
        "--key", type=_key, action="append", default=[], metavar="KEY", help="that may sign, known from elsewhere"
    )
    head_argument(parser)


def head_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a head."""
    parser.add_argument(
        "--head", type=_head, action="append", default=[], metavar="BOOK:PAGE:HASH", help="a head known from paper"
    )


def witness_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that names what a witness kept."""
    parser.add_argument("--witness", type=Path, action="append", default=[], metavar="FILE", help="what a witness kept")


def main(options: argparse.Namespace) -> int:
    """Verify one installation."""
    heads = dict(options.head)
    if len(heads) < len(options.head):
        sys.stderr.write("Compare one head of a book at a time.\n")
        return 2
    environment = os.environ | {"MES_FOLDER": str(options.folder.resolve())}
    return 0 if report(environment, heads, options.witness, options.key) else 1


def report(
    environment: Mapping[str, str],
    heads: Mapping[str, tuple[int, str]] | None = None,
    files: Sequence[Path] = (),
    keys: Sequence[Key] = (),
) -> bool:
    """Verify, print what was found, and return whether everything holds."""
    folder, url = place(environment)
    if not exists(url):
        raise Missing(f"there is no database in {folder}")
    database = Database(url)
    began = time.monotonic()
    known = [known_in(file, f"the witness {file}") for file in files]
    witnesses, unasked = asked(witnesses_of(folder))
    with database.snapshot() as connection:
        verified = check(connection, heads, (*known, *witnesses), keys)
        answers = wrong_answers(connection, witnesses_of(folder))
        # A file given by hand stands for those that are configured: a copy is checked where they are not.
        gone = () if files else forgotten(connection, witnesses_of(folder))
        verified = replace(verified, flaws=(*verified.flaws, *answers, *gone))
    database.dispose()
    seconds = time.monotonic() - began
    for flaw in verified.flaws:
        sys.stdout.write(f"  {flaw.place}: {_on_a_line(flaw.sentence)}\n")
    sys.stdout.writelines(f"  {each}\n" for each in (*unasked, _seals(verified)))
    verdict = "whole" if verified.holds else f"NOT whole: {len(verified.flaws)} flaws"
    sys.stdout.write(
        f"  The ledger is {verdict}: {verified.lines:,} lines in {verified.books} books, "
        f"{verified.readings:,} readings sealed, checked in {seconds:.1f} s.\n"
    )
    return verified.holds


def _seals(verified: Verified) -> str:
    waiting = f", {verified.waiting:,} wait" if verified.waiting else ""
    compared = f"compared with {verified.compared:,} that witnesses keep" if verified.compared else "compared with none"
    return f"{verified.sealed:,} lines are sealed{waiting}; {verified.checkpoints:,} checkpoints, {compared}."


def _key(text: str) -> Key:
    try:
        return Key.read(text)
    except NotACheckpoint as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _on_a_line(sentence: str) -> str:
    """Return a sentence on one line: a recipe that was altered would be told twice, in full."""
    words = " ".join(sentence.split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} …"


def _head(text: str) -> tuple[str, tuple[int, str]]:
    match = re.fullmatch(r"(.+):([0-9]+):([0-9A-Fa-f]{64})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"“{text}” is no head: write the book, the page and all 64 digits of the hash")
    return match[1], (int(match[2]), match[3].lower())
