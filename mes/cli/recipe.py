"""Check recipes before anybody signs them.

./lab recipe lint FILE …     every mistake with its line, and what was meant; exit code 0 if there is none
./lab recipe digest FILE …   the digest that a batch keeps of the recipe it was issued by
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from batch_records.master.digest import digest
from batch_records.master.lint import lint
from batch_records.master.load import RecipeError, load
from mes.cli import Missing

about = "check recipes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("what", choices=("lint", "digest"))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")


def main(options: argparse.Namespace) -> int:
    """Do it for every file; the exit code is 1 if any has a mistake."""
    wrong = [file for file in options.files if not (_lint(file) if options.what == "lint" else _digest(file))]
    return 1 if wrong else 0


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Missing(f"{file} cannot be read: {error}") from None


def _lint(file: Path) -> bool:
    try:
        recipe = load(_text(file))
        problems = lint(recipe)
    except RecipeError as error:
        problems = list(error.problems)
    for problem in problems:
        sys.stdout.write(f"{file}:{problem.line}:{problem.column}: {problem.message}\n")
    if not problems:
        steps = f"{len(recipe.operations)} operations, {len(recipe.steps)} steps, {len(recipe.fields)} values"
        sys.stdout.write(f"{file}: no problem found in {steps}\n")
    return not problems


def _digest(file: Path) -> bool:
    sys.stdout.write(f"{digest(_text(file))}  {file}\n")
    return True
