"""The page of training: who may work by which edition of a recipe, and on which batch."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.context import installation
from mes.execute import execute
from mes.training import commands as c
from mes.training import queries
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("training", __name__, url_prefix="/training", template_folder="templates")


@bp.get("/")
def training() -> str:
    """Show who is trained on an edition."""
    edition = request.args.get("edition", "")
    number = int(edition) if edition.isascii() and edition.isdigit() and len(edition) < 6 else 0
    return _page(request.args.get("recipe", ""), number)


@bp.post("/<recipe>/<int:edition>")
def record(recipe: str, edition: int) -> Response | tuple[str, int]:
    """Record that people were trained."""
    entered = form()
    try:
        users = tuple(request.form.getlist("trained"))
        command = c.RecordTraining(recipe, edition, users, entered.time("until"))
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _page(recipe, edition, sentence_of(error)), status_of(error)
    return _back(recipe, edition)


@bp.post("/<recipe>/<int:edition>/<person>/withdrawal")
def withdraw(recipe: str, edition: int, person: str) -> Response:
    """Say that a person's training counts no longer."""
    entered = form()
    command = c.WithdrawTraining(recipe, edition, person, entered.reason())
    execute(command, by=frame.actor(), tap=entered.tap)
    return _back(recipe, edition)


@bp.post("/assignments/<batch>")
def assign(batch: str) -> Response:
    """Say who works on a batch."""
    users = tuple(request.form.getlist("works"))
    entered = form()
    execute(c.Assign(batch, users, entered.reason()), by=frame.actor(), tap=entered.tap)
    frame.say_saved()
    return redirect(url_for("training.training"))


def _page(recipe: str, edition: int, error: str = "") -> str:
    page = queries.training_page(recipe, edition, frame.actor().person, error)
    in_a_year = installation().now().astimezone(installation().settings.zone) + timedelta(days=365)
    return render_template("training.html", **vars(page), in_a_year=f"{in_a_year:%Y-%m-%d}")


def _back(recipe: str, edition: int) -> Response:
    frame.say_saved()
    return redirect(url_for("training.training", recipe=recipe, edition=edition))
