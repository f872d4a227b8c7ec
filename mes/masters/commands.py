"""What is done to recipes: drafted, approved by another person, succeeded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.lint import lint
from batch_records.master.load import RecipeError, load
from batch_records.master.recipe import Role
from mes.execute import Doing, Outcome, handles
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
    query = select(func.max(RecipeEdition.edition)).where(RecipeEdition.code == command.code)
    edition = (doing.session.execute(query).scalar() or 0) + 1
    doing.session.add(
        RecipeEdition(
            code=recipe.code,
            edition=edition,
            title=recipe.title,
            text=command.text,
            digest=recipe.digest,
            status="draft",
            author=doing.by.person.id,
        )
    )
    return {"edition": edition}


@handles(ApproveRecipe, "approved a recipe", roles=(Role.REVIEWER.value,), books=_book, signature="approved")
def approve_recipe(doing: Doing, command: ApproveRecipe) -> None:
    """Approve a draft that another person wrote (21 CFR 211.186(a)); the edition before is retired."""
    edition = doing.session.get(RecipeEdition, (command.code, command.edition))
    if edition is None or edition.status != "draft":
        raise Refused(f"recipe {command.code} has no draft {command.edition}")
    if edition.author == doing.by.person.id:
        raise Refused("who wrote a recipe does not approve it")
    before = select(RecipeEdition).where(RecipeEdition.code == command.code, RecipeEdition.status == "approved")
    for old in doing.session.scalars(before):
        old.status = "retired"
    edition.status, edition.approved_by, edition.approved_at = "approved", doing.by.person.id, doing.act.at
    doing.act.write(
        edition.book, "recipe approved", {"edition": edition.edition, "digest": edition.digest}, signed=doing.signed
    )
