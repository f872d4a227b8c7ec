"""Quality's pages: deviations, review, release, holds."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Stage
from mes.batches.queries import batch_page
from mes.execute import execute
from mes.quality import deviations as about
from mes.quality import queries
from mes.web import frame
from mes.web.errors import not_signed, sentence_of, status_of
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
def raise_deviation(batch: str) -> Response | tuple[str, int]:
    """Report a departure from the recipe."""
    entered = form()
    command = c.RaiseDeviation(batch, entered.text("happened"), entered.text("step"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = about.report_page(batch, command.step)
        page = replace(page, error=sentence_of(error), draft=command.description)
        return render_template("report.html", **vars(page)), status_of(error)
    return _back("batches.batch", batch)


@bp.post("/batches/<batch>/deviations/<number>/explanation")
def explain_deviation(batch: str, number: str) -> Response | tuple[str, int]:
    """Say what happened and what was done at once."""
    entered = form()
    command = c.ExplainDeviation(batch, number, entered.text("explanation"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _deviation_again(batch, number, error)
    return redirect(url_for("quality.deviation", batch=batch, number=number))


@bp.post("/batches/<batch>/deviations/<number>/closing")
def close_deviation(batch: str, number: str) -> Response | tuple[str, int]:
    """Conclude a deviation, with a signature."""
    entered = form()
    answers = (entered.text(name) for name in ("conclusion", "impact", "other_batches"))
    try:
        execute(c.CloseDeviation(batch, number, *answers), by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _deviation_again(batch, number, error)
    return redirect(url_for("quality.deviation", batch=batch, number=number))


@bp.post("/batches/<batch>/hold")
def hold(batch: str) -> Response | tuple[str, int]:
    """Put a batch on hold, with a signature."""
    entered = form()
    command = c.HoldBatch(batch, entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _batch_again(batch, error)
    return _back("batches.batch", batch)


@bp.post("/batches/<batch>/hold/end")
def lift_hold(batch: str) -> Response | tuple[str, int]:
    """Let a batch go on, with a signature."""
    entered = form()
    command = c.LiftHold(batch, entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _batch_again(batch, error)
    return _back("batches.batch", batch)


@bp.get("/batches/<batch>/review")
def review(batch: str) -> str:
    """Show the record by its exceptions."""
    return render_template("review.html", **vars(queries.review_page(batch, frame.actor().person)))


@bp.post("/batches/<batch>/review")
def sign_review(batch: str) -> Response | tuple[str, int]:
    """Sign the review."""
    entered = form()
    command = c.ReviewBatch(batch, queries.stage_of(entered.text("stage")), entered.text("seen"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        page = queries.review_page(batch, frame.actor().person)
        page = replace(page, signature=not_signed(page.signature, entered, error))
        return render_template("review.html", **vars(page)), status_of(error)
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
        return _release_again(batch, error, "rejection")
    return _back("quality.release", batch)


def _release_again(batch: str, error: Exception, panel: str = "signature") -> tuple[str, int]:
    page = queries.release_page(batch, frame.actor().person)
    drawn = vars(page) | {panel: not_signed(getattr(page, panel), form(), error)}
    return render_template("release.html", **drawn), status_of(error)


def _deviation_again(batch: str, number: str, error: Exception) -> tuple[str, int]:
    entered, page = form(), about.deviation(batch, number, frame.actor().person)
    signature = page.signature and replace(page.signature, draft_user=entered.text("user"))
    page = replace(page, error=sentence_of(error), draft=entered.fields, signature=signature)
    return render_template("deviation.html", **vars(page)), status_of(error)


def _batch_again(batch: str, error: Exception) -> tuple[str, int]:
    page = batch_page(batch, frame.actor().person)
    page = replace(page, signature=not_signed(page.signature, form(), error))
    return render_template("batch.html", **vars(page)), status_of(error)


def _back(endpoint: str, batch: str) -> Response:
    frame.say_saved()
    return redirect(url_for(endpoint, batch=batch))
