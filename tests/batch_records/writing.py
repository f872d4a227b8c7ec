"""Small recipes for tests: a few steps as YAML, wrapped into a whole recipe."""

from __future__ import annotations

from functools import cache
from textwrap import dedent, indent

from batch_records.master.load import load, shipped
from batch_records.master.recipe import Recipe


def recipe_text(steps: str, head: str = "", operation: str = "") -> str:
    """Return the text of a recipe of one operation; ``head`` are its other keys, ``operation`` the operation's."""
    return whole_text(
        "- operation: 1 Work\n" + indent(dedent(operation), "  ") + "  steps:\n" + indent(dedent(steps), "    "), head
    )


def whole_text(operations: str, head: str = "") -> str:
    """Return the text of a recipe with these operations."""
    facts = "" if "facts:" in head else "facts: {}\n"
    start = f"recipe: A small one\ncode: small\nproduct: Cells\n{facts}{dedent(head)}"
    return start + "operations:\n" + indent(dedent(operations), "  ")


@cache
def small(steps: str, head: str = "", operation: str = "") -> Recipe:
    """Return a recipe of one operation."""
    return load(recipe_text(steps, head, operation))


@cache
def larger(operations: str, head: str = "") -> Recipe:
    """Return a recipe of several operations."""
    return load(whole_text(operations, head))


@cache
def cd7() -> Recipe:
    """Return the shipped recipe."""
    return load(shipped()["cd7_car_t_autologous_pebl"])
