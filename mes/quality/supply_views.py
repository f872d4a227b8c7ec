"""The pages of a supply out of specification, and of whom to tell what."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response

import mes.quality.commands  # noqa: F401 - registers the handlers
from batch_records.executed import supply_commands as s
from batch_records.executed.commands import Command
from batch_records.executed.draft import Malformed, Refused
from mes.audit.commands import NoteCopy
from mes.execute import execute
from mes.quality.supply import supply_page
from mes.quality.told import notifications_page
from mes.reports.models import SUPPLY
from mes.reports.queries import newest_file
from mes.web import frame
from mes.web.errors import not_signed, status_of
from mes.web.forms import form

bp = Blueprint("supply", __name__, url_prefix="/batches/<batch>", template_folder="templates")


@bp.get("/supply")
def supply(batch: str) -> str:
    """Show the supply of a batch out of specification, and what comes next."""
    return render_template("supply.html", **vars(supply_page(batch, frame.actor().person)))


@bp.post("/supply/request")
def request_supply(batch: str) -> Response | tuple[str, int]:
    """Ask for the product, as the treating physician."""
    entered = form()
    answers = [entered.text(name) for name in ("hazard", "alternatives", "need")]
    return _sign(s.RequestSupply(batch, *answers, entered.text("seen")))


@bp.post("/supply/evaluation")
def evaluate_risk(batch: str) -> Response | tuple[str, int]:
    """Give the manufacturer's evaluation of the risk."""
    return _sign(s.EvaluateRisk(batch, form().text("evaluation"), form().text("seen")))


@bp.post("/supply/acceptance")
def accept_supply(batch: str) -> Response | tuple[str, int]:
    """Accept the product, as the physician who asked."""
    return _sign(s.AcceptSupply(batch, form().text("told"), form().text("seen")))


@bp.post("/supply/authorisation")
def authorise_supply(batch: str) -> Response | tuple[str, int]:
    """Authorise the use, as the medical director."""
    entered = form()
    answers = [entered.text(name) for name in ("reference", "answer", "consent")]
    return _sign(s.AuthoriseSupply(batch, *answers, entered.text("seen")))


@bp.post("/supply/release")
def release_out_of_specification(batch: str) -> Response | tuple[str, int]:
    """Release the batch out of specification."""
    return _sign(s.ReleaseOutOfSpecification(batch, form().text("seen")))


@bp.post("/supply/conclusion")
def conclude_supply(batch: str) -> Response | tuple[str, int]:
    """Conclude the record."""
    return _sign(s.ConcludeSupply(batch, form().text("seen")))


@bp.get("/supply/supply-out-of-specification.pdf")
def document(batch: str) -> Response:
    """Send the document that goes with the product; that it was taken is a line."""
    file = newest_file(batch, SUPPLY)
    note = NoteCopy(f"supply of {batch} out of specification as PDF", (("digest", file.stem),))
    execute(note, by=frame.actor(), tap="")
    return send_file(file, mimetype="application/pdf", download_name=f"{batch} out of specification.pdf")


@bp.get("/notifications")
def notifications(batch: str) -> str:
    """Show whom to tell of what."""
    return render_template("notifications.html", **vars(notifications_page(batch, frame.actor().person)))


@bp.post("/notifications")
def report_late_result(batch: str) -> Response | tuple[str, int]:
    """Report what was found after the release."""
    entered = form()
    return _tell(s.ReportLateResult(batch, entered.text("what"), entered.text("found")))


@bp.post("/notifications/<number>")
def make_notification(batch: str, number: str) -> Response | tuple[str, int]:
    """Say that somebody was told."""
    entered = form()
    return _tell(s.MakeNotification(batch, number, entered.text("told"), entered.text("how")))


@bp.post("/notifications/<number>/acknowledgement")
def acknowledge_notification(batch: str, number: str) -> Response | tuple[str, int]:
    """Acknowledge what one was told."""
    return _tell(s.AcknowledgeNotification(batch, number, form().text("follow_up")))


def _sign(command: Command) -> Response | tuple[str, int]:
    entered = form()
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        page = supply_page(command.batch, frame.actor().person)
        signature = not_signed(page.signature, entered, error)
        drawn = vars(replace(page, signature=signature, draft=entered.fields))
        return render_template("supply.html", **drawn), status_of(error)
    frame.say_saved()
    return redirect(url_for("supply.supply", batch=command.batch))


def _tell(command: Command) -> Response | tuple[str, int]:
    entered, number = form(), getattr(command, "number", "")
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        page = notifications_page(command.batch, frame.actor().person).again(number, entered, error)
        return render_template("notifications.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("supply.notifications", batch=command.batch))
