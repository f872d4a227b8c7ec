"""What is done to recipes: drafted, approved by another person, succeeded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from batch_records.executed.draft import Malformed
from batch_records.master.lint import lint
from batch_records.master.load import RecipeError, load
from batch_records.master.recipe import Role
from mes.execute import Doing, Outcome, handles
from mes.masters.editions import add_draft, approve, must_be_approvable
from mes.masters.models import RecipeEdition
from mes.people.models import SCIENTIST


@dataclass(frozen=True)
class DraftRecipe:
    """Enter a recipe's text as a draft of its next edition."""

    code: str
    text: str


@dataclass(frozen=True)
class ApproveRecipe:
    """Approve a draft: batches are issued by it from now on, and the edition before is retired."""

    code: str
    edition: int


def _book(command: DraftRecipe | ApproveRecipe) -> Iterable[str]:
    return (f"recipe:{command.code}",)


@handles(DraftRecipe, "drafted a recipe", roles=(SCIENTIST, Role.REVIEWER.value), books=_book)
def draft_recipe(doing: Doing, command: DraftRecipe) -> Outcome:
    """Keep a text that reads and lints without a problem, as a draft."""
    try:
        recipe = load(command.text)
    except RecipeError as error:
        raise Malformed("text", str(error)) from None
    if problems := lint(recipe):
        raise Malformed("text", "\n".join(map(str, problems)))
    if recipe.code != command.code:
        raise Malformed("text", f"the text is of recipe “{recipe.code}”, not of “{command.code}”")
    row = RecipeEdition(code=recipe.code, title=recipe.title, text=command.text, digest=recipe.digest)
    return {"edition": add_draft(doing, row)}


@handles(ApproveRecipe, "approved a recipe", roles=(Role.REVIEWER.value,), books=_book, signature="approved")
def approve_recipe(doing: Doing, command: ApproveRecipe) -> None:
    """Approve a draft that another person wrote (21 CFR 211.186(a)); the edition before is retired."""
    found = doing.session.get(RecipeEdition, (command.code, command.edition))
    edition = must_be_approvable(doing, found, "recipe", command.code, command.edition)
    before = select(RecipeEdition).where(RecipeEdition.code == command.code, RecipeEdition.status == "approved")
    approve(doing, edition, doing.session.scalars(before), "recipe approved")
