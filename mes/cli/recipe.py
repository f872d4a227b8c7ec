"""Check recipes before anybody signs them.

./lab recipe lint FILE …        every mistake with its line, and what was meant; exit code 0 if there is none
./lab recipe prove FILE …       walk every path, and say what holds on all of them; exit code 0 if everything does
./lab recipe simulate FILE …    play batches by it, some with values out of limits, and say how they end
./lab recipe diff OLD NEW       what the new text changes: limits, roles, order, materials; exit code 0 if nothing
./lab recipe print FILE         the whole text, its shared parts put in: what is entered as a draft and signed
./lab recipe digest FILE …      the digest that a batch keeps of the recipe it was issued by
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from batch_records.master.diff import diff
from batch_records.master.digest import digest
from batch_records.master.include import Absent, Whole, put_in
from batch_records.master.lint import lint
from batch_records.master.load import RecipeError, load, shipped_part
from batch_records.master.prove import ASSUMED, Proof, prove
from batch_records.master.recipe import Recipe
from batch_records.release.simulate import STUCK, simulate
from mes.cli import Missing

about = "check recipes, prove them, try them out, compare them"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("what", choices=(*_EACH, "diff"))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--batches", type=int, default=20, help="simulate: how many (20)")
    parser.add_argument("--out", type=float, default=0.01, help="simulate: share of values out of limits (0.01)")
    parser.add_argument("--values", type=Path, help='simulate: the values to be expected, a line each: name = "1.5 mL"')
    parser.add_argument("--seed", type=int, default=1, help="simulate: what chance depends on (1)")


def main(options: argparse.Namespace) -> int:
    """Do it for every file; the exit code is 1 if any has a mistake."""
    if options.what == "diff":
        return 0 if _diff(options.files) else 1
    wrong = [file for file in options.files if not _EACH[options.what](file, options)]
    return 1 if wrong else 0


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Missing(f"{file} cannot be read: {error}") from None


def _read(file: Path) -> Recipe | None:
    """Read a recipe and lint it; say each problem."""
    whole = _whole(file)
    try:
        recipe = load(whole.text)
        problems = lint(recipe)
    except RecipeError as error:
        recipe, problems = None, list(error.problems)
    for problem in problems:
        part, line = whole.place(problem)
        sys.stdout.write(f"{_file_of(part, file) if part else file}:{line}:{problem.column}: {problem.message}\n")
    return None if problems else recipe


def _whole(file: Path) -> Whole:
    """Return a recipe with its parts: those in ``parts/`` beside it, else those that the shipped recipes share."""

    def part(name: str) -> str:
        own = _file_of(name, file)
        return _text(own) if own.exists() else shipped_part(name)

    try:
        return put_in(_text(file), part)
    except Absent as absent:
        raise Missing(f"{file}: {absent}") from None


def _file_of(part: str, file: Path) -> Path:
    return file.parent / "parts" / f"{part}.yaml"


def _lint(file: Path, _: argparse.Namespace) -> bool:
    recipe = _read(file)
    if recipe:
        steps = f"{len(recipe.operations)} operations, {len(recipe.steps)} steps, {len(recipe.fields)} values"
        sys.stdout.write(f"{file}: no problem found in {steps}\n")
    return recipe is not None


def _prove(file: Path, _: argparse.Namespace) -> bool:
    recipe = _read(file)
    if recipe is None:
        return False
    began = time.perf_counter()
    proof = prove(recipe)
    took = time.perf_counter() - began
    verdict = "proved" if proof.holds else "NOT proved"
    sys.stdout.write(f"{file}: {verdict} in {took:.1f} s, {proof.paths:,} paths through {len(recipe.steps)} steps\n")
    sys.stdout.write(f"{_in_words(proof)}\n")
    return proof.holds


def _in_words(proof: Proof) -> str:
    claims = [
        line
        for sentence, against in proof.claims.items()
        for line in (f"  {'fails' if against else 'holds'}  {sentence}", *(f"       {each}" for each in against[:3]))
    ]
    ends = [f"  {paths:>26,}  {end}" for end, paths in proof.ends.items()]
    people = ", ".join(f"{number} × {role}" for role, number in proof.people.items())
    assumed = [f"  - {sentence}" for sentence in ASSUMED]
    head = "Paths by their end (each that is released could be rejected as well):"
    least = f"People needed at least: {people}"
    return "\n".join(["On every path:", *claims, head, *ends, least, "Taken for granted:", *assumed])


def _simulate(file: Path, options: argparse.Namespace) -> bool:
    recipe = _read(file)
    if recipe is None:
        return False
    usual = tomllib.loads(_text(options.values)) if options.values else {}
    played = [
        simulate(recipe, Random(f"{options.seed}:{number}"), options.out, usual)  # noqa: S311 - played again from its seed
        for number in range(options.batches)
    ]
    share = f"{100 * options.out:g} % of values out of limits"
    sys.stdout.write(f"{file}: {len(played)} batches simulated, {share}, seed {options.seed}\n")
    for end, number in Counter(each.end for each in played).most_common():
        sys.stdout.write(f"  {number:>6}  {end}\n")
    longest = max(played, key=lambda each: each.days)
    sys.stdout.write(f"At most {longest.steps} steps in {longest.days:.1f} days. Deviations, the most common first:\n")
    for what, number in Counter(_cause(said) for each in played for said in each.deviations).most_common(10):
        sys.stdout.write(f"  {number:>6}  {what}\n")
    return not any(each.end.startswith(STUCK) for each in played)


def _cause(deviation: str) -> str:
    return deviation.partition(":")[0]


def _digest(file: Path, _: argparse.Namespace) -> bool:
    sys.stdout.write(f"{digest(_whole(file).text)}  {file}\n")
    return True


def _print(file: Path, _: argparse.Namespace) -> bool:
    sys.stdout.write(_whole(file).text)
    return True


def _diff(files: list[Path]) -> bool:
    if len(files) != 2:
        raise Missing("diff compares two recipes: the old file, then the new one")
    old, new = (_read(file) for file in files)
    if old is None or new is None:
        return False
    changes = list(diff(old, new))
    sys.stdout.write("".join(f"{change}\n" for change in changes) or "They mean the same.\n")
    return not changes


_EACH: dict[str, Callable[[Path, argparse.Namespace], bool]] = {
    "lint": _lint,
    "prove": _prove,
    "simulate": _simulate,
    "digest": _digest,
    "print": _print,
}
