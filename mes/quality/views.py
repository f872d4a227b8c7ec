"""Quality's pages: deviations, review, release, holds."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Stage
from mes.execute import execute
from mes.quality import deviations as about
from mes.quality import queries
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("quality", __name__, template_folder="templates")


@bp.get("/deviations")
def deviations() -> str:
    """List the deviations of all batches."""
    return render_template("deviations.html", **vars(about.deviations(request.args.get("show", "open"))))


@bp.get("/batches/<batch>/deviations/<number>")
def deviation(batch: str, number: str) -> str:
    """Show one deviation."""
    return render_template("deviation.html", **vars(about.deviation(batch, number, frame.actor().person)))


@bp.get("/batches/<batch>/deviations/report")
def report(batch: str) -> str:
    """Ask what departed from the recipe."""
    return render_template("report.html", **vars(about.report_page(batch, request.args.get("step", ""))))


@bp.post("/batches/<batch>/deviations")
def raise_deviation(batch: str) -> Response:
    """Report a departure from the recipe."""
    entered = form()
    command = c.RaiseDeviation(batch, entered.text("happened"), entered.text("step"))
    execute(command, by=frame.actor(), tap=entered.tap)
    return _back("batches.batch", batch)


@bp.post("/batches/<batch>/deviations/<number>/explanation")
def explain_deviation(batch: str, number: str) -> Response:
    """Say what happened and what was done at once."""
    entered = form()
    execute(c.ExplainDeviation(batch, number, entered.text("explanation")), by=frame.actor(), tap=entered.tap)
    return redirect(url_for("quality.deviation", batch=batch, number=number))


@bp.post("/batches/<batch>/deviations/<number>/closing")
def close_deviation(batch: str, number: str) -> Response | tuple[str, int]:
    """Conclude a deviation, with a signature."""
    entered = form()
    answers = (entered.text(name) for name in ("conclusion", "impact", "other_batches"))
    try:
        execute(c.CloseDeviation(batch, number, *answers), by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        page = replace(about.deviation(batch, number, frame.actor().person), error=sentence_of(error))
        return render_template("deviation.html", **vars(page)), status_of(error)
    return redirect(url_for("quality.deviation", batch=batch, number=number))


@bp.post("/batches/<batch>/hold")
def hold(batch: str) -> Response:
    """Put a batch on hold, with a signature."""
    entered = form()
    execute(c.HoldBatch(batch, entered.text("comment")), by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("batches.batch", batch)


@bp.post("/batches/<batch>/hold/end")
def lift_hold(batch: str) -> Response:
    """Let a batch go on, with a signature."""
    entered = form()
    execute(c.LiftHold(batch, entered.text("comment")), by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("batches.batch", batch)


@bp.get("/batches/<batch>/review")
def review(batch: str) -> str:
    """Show the record by its exceptions."""
    return render_template("review.html", **vars(queries.review_page(batch, frame.actor().person)))


@bp.post("/batches/<batch>/review")
def sign_review(batch: str) -> Response | tuple[str, int]:
    """Sign the review."""
    entered = form()
    command = c.ReviewBatch(batch, Stage(entered.text("stage")), entered.text("seen"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        page = queries.review_page(batch, frame.actor().person)
        return render_template("review.html", **vars(queries.with_error(page, error))), status_of(error)
    return _back("quality.release", batch)


@bp.get("/batches/<batch>/release")
def release(batch: str) -> str:
    """Show whether the batch may leave."""
    return render_template("release.html", **vars(queries.release_page(batch, frame.actor().person)))


@bp.post("/batches/<batch>/release/conditional")
def release_conditionally(batch: str) -> Response | tuple[str, int]:
    """Release while results are awaited, with a signature."""
    entered = form()
    command = c.ReleaseBatch(batch, Stage.CONDITIONAL, entered.text("seen"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        return _release_again(batch, error)
    return _back("quality.release", batch)


@bp.post("/batches/<batch>/release/final")
def release_finally(batch: str) -> Response | tuple[str, int]:
    """Release with every result in, with a signature."""
    entered = form()
    command = c.ReleaseBatch(batch, Stage.FINAL, entered.text("seen"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        return _release_again(batch, error)
    return _back("quality.release", batch)


@bp.post("/batches/<batch>/rejection")
def reject(batch: str) -> Response | tuple[str, int]:
    """Reject a batch, with a signature."""
    entered = form()
    command = c.RejectBatch(batch, entered.text("comment"), entered.text("seen"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _release_again(batch, error)
    return _back("quality.release", batch)


def _release_again(batch: str, error: Exception) -> tuple[str, int]:
    page = queries.release_page(batch, frame.actor().person)
    return render_template("release.html", **vars(queries.with_error(page, error))), status_of(error)


def _back(endpoint: str, batch: str) -> Response:
    frame.say_saved()
    return redirect(url_for(endpoint, batch=batch))
