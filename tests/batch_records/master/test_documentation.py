"""The guide to writing recipes: what it shows can be copied, and it leaves nothing out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from batch_records.master.lint import lint
from batch_records.master.load import load
from batch_records.master.recipe import Consequence, ParameterClass, Role, Stage
from batch_records.master.step_text import STEP_TYPES
from batch_records.values.expression import FUNCTIONS, OF_DOSES, SERIES
from batch_records.values.unit import _ATOMS
from tests.batch_records.writing import small

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "write-a-recipe.md"
TEXT = GUIDE.read_text("utf-8")
# How deep a piece stands in a recipe, by the first words of it.
DEPTHS = {"- step:": 6, "- operation:": 2, "": 0}


@cache
def blocks() -> dict[int, list[str]]:
    """Return the lines of each YAML block by the number of its first line."""
    found: dict[int, list[str]] = {}
    at = 0
    for number, line in enumerate(TEXT.splitlines(), 1):
        if line == "```yaml":
            at = number + 1
            found[at] = []
        elif line.startswith("```"):
            at = 0
        elif at:
            found[at].append(line)
    return found


def is_whole(block: list[str]) -> bool:
    """Say whether a block is a recipe by itself."""
    return {"recipe:", "operations:"} <= {line.split(" ")[0] for line in block}


def pieces() -> str:
    """Return the pieces as one recipe, each line where it stands in the guide: a problem's line is the guide's."""
    lines = [""] * len(TEXT.splitlines())
    for first, block in blocks().items():
        if not is_whole(block):
            depth = next(depth for begin, depth in DEPTHS.items() if block[0].startswith(begin))
            lines[first - 1 : first - 1 + len(block)] = [f"{' ' * depth}{line}".rstrip() for line in block]
    return "\n".join(lines) + "\n"


def test_the_pieces_of_the_guide_are_one_sound_recipe() -> None:
    """Put together, they load and the lint finds nothing."""
    recipe = load(pieces())
    assert [str(problem) for problem in lint(recipe)] == []
    assert {step.type for step in recipe.steps.values()} == set(STEP_TYPES)


@pytest.mark.parametrize("first", [first for first, block in blocks().items() if is_whole(block)])
def test_a_whole_recipe_of_the_guide_is_sound(first: int) -> None:
    """Somebody who starts from it starts from a recipe."""
    assert lint(load("\n".join(blocks()[first]) + "\n")) == []


def test_a_mistake_in_the_guide_would_be_found() -> None:
    """The check is not blind: one letter less, and the line of the guide is named."""
    assert "matches: coi" in pieces()
    with pytest.raises(ValueError, match=r"line \d+, column \d+: “matche” is not known here"):
        load(pieces().replace("matches: coi", "matche: coi"))


@pytest.mark.parametrize("sign", re.findall(r"`(\S)`", next(line for line in TEXT.splitlines() if "**Quote" in line)))
def test_what_must_be_quoted_really_must(sign: str) -> None:
    """A text that begins with one of the signs that the guide lists is refused without quotes."""
    assert small(f"- step: 1.1 Look\n  do: '{sign}x Look'\n")
    with pytest.raises(ValueError, match="line"):
        small(f"- step: 1.1 Look\n  do: {sign}x Look\n")


WORDS = [
    *STEP_TYPES,
    *(extra for found in STEP_TYPES.values() for extra in (*found.extra, *found.needs)),
    *(member.value for of in (Role, Stage, Consequence) for member in of),
    *ParameterClass.__members__,
    *(unit for unit in _ATOMS if unit.isascii() or unit == "°C"),
]


@pytest.mark.parametrize("word", sorted(set(WORDS)))
def test_every_word_of_the_language_is_in_the_guide(word: str) -> None:
    """Whoever adds a step type, a role or a unit adds it to the guide."""
    assert re.search(rf"`{re.escape(word)}(: [^`]*)?`", TEXT)


@pytest.mark.parametrize("function", sorted({*FUNCTIONS, *SERIES, *OF_DOSES, "min", "max"}))
def test_every_function_is_in_the_guide(function: str) -> None:
    """Whoever adds a function adds it to the guide."""
    assert f"`{function}(" in TEXT
