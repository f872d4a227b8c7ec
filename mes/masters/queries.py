"""What is asked about recipes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from flask import abort, url_for
from sqlalchemy import func, select

from batch_records.executed.commands import Person
from batch_records.master.lint import lint
from batch_records.master.recipe import ParameterClass, Recipe, Role
from mes.batches.models import BatchView
from mes.context import installation
from mes.execute import HANDLERS
from mes.masters.commands import DraftRecipe
from mes.masters.editions import EditionLine, edition_line
from mes.masters.models import RecipeEdition
from mes.people.queries import names
from mes.web import shapes
from mes.web.history import head_of


@dataclass(frozen=True)
class RecipeLine:
    """A recipe with its editions, the newest first."""

    title: str
    name: str
    batches: int
    editions: tuple[EditionLine, ...]


@dataclass(frozen=True)
class RecipesPage:
    """Everything that ``recipes.html`` asks for."""

    recipes: tuple[RecipeLine, ...]
    may_load: bool
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextLine:
    """A line of a recipe's text, with what was found in it."""

    number: int
    text: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class RecipePage:
    """Everything that ``recipe.html`` asks for."""

    title: str
    name: str
    edition: EditionLine
    lines: tuple[TextLine, ...]
    findings: tuple[tuple[int, str], ...]
    figures: tuple[tuple[str, int], ...]
    signature: shapes.Signature | None
    blocked: str
    error: str = ""


def recipes_page(person: Person, problems: tuple[str, ...] = ()) -> RecipesPage:
    """Return all recipes with their editions."""
    with installation().reading() as session:
        rows = session.scalars(select(RecipeEdition).order_by(RecipeEdition.code, RecipeEdition.edition.desc())).all()
        counted = select(BatchView.recipe, func.count()).group_by(BatchView.recipe)
        made = dict(session.execute(counted).all())
    people = names()
    recipes = []
    for code, group in groupby(rows, key=lambda row: row.code):
        editions = list(group)
        lines = tuple(_edition(row, people) for row in editions)
        recipes.append(RecipeLine(editions[0].title, code, made.get(code, 0), lines))
    return RecipesPage(tuple(recipes), bool(person.roles & HANDLERS[DraftRecipe].roles), problems)


def _edition(row: RecipeEdition, people: Mapping[str, str]) -> EditionLine:
    return edition_line(row, people, url_for("masters.recipe", recipe=row.code, edition=row.edition))


def recipe_page(code: str, edition: int, person: Person, error: str = "") -> RecipePage:
    """Return one edition with its text, line by line."""
    with installation().reading() as session:
        row = session.get(RecipeEdition, (code, edition))
        if row is None:
            abort(404, f"Recipe {code} has no edition {edition}.")
        recipe = installation().folds.recipe(session.connection(), code, edition)
        head = head_of(session, row.book)
    found: dict[int, list[str]] = {}
    for problem in lint(recipe):
        found.setdefault(problem.line, []).append(problem.message)
    lines = [
        TextLine(number, text, tuple(found.get(number, ())))
        for number, text in enumerate(row.text.splitlines(), start=1)
    ]
    draft, reviewer = row.status == "draft", Role.REVIEWER.value in person.roles
    own = row.author == person.id
    return RecipePage(
        title=row.title,
        name=row.code,
        edition=_edition(row, names()),
        lines=tuple(lines),
        findings=tuple((line, sentence) for line, sentences in found.items() for sentence in sentences),
        figures=tuple(_figures(recipe)),
        signature=_approving(row, head) if draft and reviewer and not own else None,
        blocked="Who wrote a recipe does not approve it: another person of quality does." if draft and own else "",
        error=error,
    )


def _figures(recipe: Recipe) -> list[tuple[str, int]]:
    fields = [field for _, field in recipe.fields.values()]
    counted = [(kind.value, sum(field.parameter_class is kind for field in fields)) for kind in ParameterClass]
    practice = recipe.text.count('note: "[A]') + recipe.text.count("note: '[A]")
    return [
        ("operations", len(recipe.operations)),
        ("steps", len(recipe.steps)),
        ("values", len(fields)),
        *((f"of class {words}", count) for words, count in counted),
        ("hold times", len(recipe.hold_times)),
        ("limits marked [A]: typical practice, for your quality unit to approve", practice),
    ]


def _approving(row: RecipeEdition, head: str) -> shapes.Signature:
    statement = f"Batches are issued by this text from now on. Digest {row.digest[:16]}…"
    return shapes.Signature("Approve the recipe", statement, "approved", head, f"{row.code}, edition {row.edition}")
