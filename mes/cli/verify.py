"""Walk the ledger, and say whether every line is as it was written.

Every line is hashed again, every book followed, every head compared, every sealed range of readings and every view
checked against what the lines say. Exit code 0 if all holds, 1 with each flaw named if not.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Mapping

from mes.cli import Missing, folder_argument
from mes.db import Database
from mes.integrity import check
from mes.settings import place
from mes.site.queries import exists

about = "walk the ledger"

_LONGEST = 400  # characters


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    head_argument(parser)


def head_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a head."""
    parser.add_argument(
        "--head", type=_head, action="append", default=[], metavar="BOOK:PAGE:HASH", help="a head known from paper"
    )


def main(options: argparse.Namespace) -> int:
    """Verify one installation."""
    heads = dict(options.head)
    if len(heads) < len(options.head):
        sys.stderr.write("Compare one head of a book at a time.\n")
        return 2
    environment = os.environ | {"MES_FOLDER": str(options.folder.resolve())}
    return 0 if report(environment, heads) else 1


def report(environment: Mapping[str, str], heads: Mapping[str, tuple[int, str]] | None = None) -> bool:
    """Verify, print what was found, and return whether everything holds."""
    folder, url = place(environment)
    if not exists(url):
        raise Missing(f"there is no database in {folder}")
    database = Database(url)
    began = time.monotonic()
    with database.snapshot() as connection:
        verified = check(connection, heads)
    database.dispose()
    seconds = time.monotonic() - began
    for flaw in verified.flaws:
        sys.stdout.write(f"  {flaw.book}, page {flaw.page}: {_on_a_line(flaw.sentence)}\n")
    verdict = "whole" if verified.holds else f"NOT whole: {len(verified.flaws)} flaws"
    sys.stdout.write(
        f"  The ledger is {verdict}: {verified.lines:,} lines in {verified.books} books, "
        f"{verified.readings:,} readings sealed, checked in {seconds:.1f} s.\n"
    )
    return verified.holds


def _on_a_line(sentence: str) -> str:
    """Return a sentence on one line: a recipe that was altered would be told twice, in full."""
    words = " ".join(sentence.split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} …"


def _head(text: str) -> tuple[str, tuple[int, str]]:
    match = re.fullmatch(r"(.+):([0-9]+):([0-9A-Fa-f]{64})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"“{text}” is no head: write the book, the page and all 64 digits of the hash")
    return match[1], (int(match[2]), match[3].lower())
