"""The pages of recipes."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.execute import execute
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.masters.queries import recipe_page, recipes_page
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form, uploaded_text

bp = Blueprint("masters", __name__, url_prefix="/recipes", template_folder="templates")


@bp.get("/")
def recipes() -> str:
    """Show all recipes with their editions."""
    return render_template("recipes.html", **vars(recipes_page(frame.actor().person)))


@bp.post("/")
def load_recipe() -> Response | tuple[str, int]:
    """Enter a recipe's file as a draft, or show every mistake with its line."""
    code, text = uploaded_text("file")
    try:
        outcome = execute(DraftRecipe(code, text), by=frame.actor(), tap=form().tap)
    except Malformed as error:
        page = recipes_page(frame.actor().person, tuple(str(error).splitlines()))
        return render_template("recipes.html", **vars(page)), status_of(error)
    return redirect(url_for("masters.recipe", recipe=code, edition=outcome["edition"]))


@bp.get("/<recipe>/<int(max=999999):edition>")
def recipe(recipe: str, edition: int) -> str:
    """Show one edition's text."""
    return render_template("recipe.html", **vars(recipe_page(recipe, edition, frame.actor().person)))


@bp.post("/<recipe>/<int(max=999999):edition>/approval")
def approve_recipe(recipe: str, edition: int) -> Response | tuple[str, int]:
    """Approve a draft, with a signature."""
    entered = form()
    try:
        execute(ApproveRecipe(recipe, edition), by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        page = recipe_page(recipe, edition, frame.actor().person, sentence_of(error))
        return render_template("recipe.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("masters.recipe", recipe=recipe, edition=edition))
