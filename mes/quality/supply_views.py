"""The pages of a supply out of specification, of whom to tell what, and of an end without an infusion."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask import Response as AnyResponse
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

import mes.quality.commands  # noqa: F401 - registers the handlers
from batch_records.executed import supply_commands as s
from batch_records.executed.draft import Malformed, Refused
from mes.audit.commands import NoteCopy
from mes.execute import execute
from mes.quality.endings import EndingPage, ending_of, ending_page
from mes.quality.supply import SupplyPage, supply_page
from mes.quality.told import NotificationsPage, notifications_page
from mes.quality.waiver import WaiverPage, waiver_page
from mes.reports.models import SUPPLY
from mes.reports.queries import newest_file
from mes.web import frame
from mes.web.errors import Problem, answer, sentence_of, status_of
from mes.web.forms import form

_PAGES: dict[str, tuple[str, Callable[..., SupplyPage | NotificationsPage | EndingPage | WaiverPage]]] = {
    "supply": ("supply.html", supply_page),
    "notifications": ("notifications.html", notifications_page),
    "ending": ("ending.html", ending_page),
    "steps": ("waiver.html", waiver_page),
}
bp = Blueprint("supply", __name__, url_prefix="/batches/<batch>", template_folder="templates")


@bp.get("/supply")
def supply(batch: str) -> str:
    """Show the supply of a batch out of specification, and what comes next."""
    return render_template("supply.html", **vars(supply_page(batch, frame.actor().person)))


@bp.post("/supply/request")
def request_supply(batch: str) -> Response:
    """Ask for the product, as the treating physician."""
    entered = form()
    hazard, alternatives, need = entered.text("hazard"), entered.text("alternatives"), entered.text("need")
    command = s.RequestSupply(batch, hazard, alternatives, need, entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.supply", batch)


@bp.post("/supply/evaluation")
def evaluate_risk(batch: str) -> Response:
    """Give the manufacturer's evaluation of the risk."""
    entered = form()
    command = s.EvaluateRisk(batch, entered.text("evaluation"), entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.supply", batch)


@bp.post("/supply/acceptance")
def accept_supply(batch: str) -> Response:
    """Accept the product, as the physician who asked."""
    entered = form()
    command = s.AcceptSupply(batch, entered.text("told"), entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.supply", batch)


@bp.post("/supply/authorisation")
def authorise_supply(batch: str) -> Response:
    """Authorise the use, as the medical director."""
    entered = form()
    reference, answer_, consent = entered.text("reference"), entered.text("answer"), entered.text("consent")
    command = s.AuthoriseSupply(batch, reference, answer_, consent, entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.supply", batch)


@bp.post("/supply/release")
def release_out_of_specification(batch: str) -> Response:
    """Release the batch out of specification."""
    entered = form()
    command = s.ReleaseOutOfSpecification(batch, entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.supply", batch)


@bp.post("/supply/conclusion")
def conclude_supply(batch: str) -> Response:
    """Conclude the record."""
    entered = form()
    command = s.ConcludeSupply(batch, entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.supply", batch)


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
def report_late_result(batch: str) -> Response:
    """Report what was found after the release."""
    entered = form()
    command = s.ReportLateResult(batch, entered.text("what"), entered.text("found"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.notifications", batch)


@bp.post("/notifications/<number>")
def make_notification(batch: str, number: str) -> Response:
    """Say that somebody was told."""
    entered = form()
    command = s.MakeNotification(batch, number, entered.text("told"), entered.text("how"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.notifications", batch)


@bp.post("/notifications/<number>/acknowledgement")
def acknowledge_notification(batch: str, number: str) -> Response:
    """Acknowledge what one was told."""
    entered = form()
    command = s.AcknowledgeNotification(batch, number, entered.text("follow_up"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("supply.notifications", batch)


@bp.get("/ending")
def ending(batch: str) -> str:
    """Show how the batch can end without an infusion."""
    return render_template("ending.html", **vars(ending_page(batch, frame.actor().person)))


@bp.post("/ending")
def end_batch(batch: str) -> Response:
    """End a batch that nobody gets."""
    entered = form()
    asked = ending_of(entered.text("ending"))
    command = s.EndBatch(batch, asked, entered.text("reason"), entered.text("comment"), entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    return _back("quality.release", batch)


@bp.get("/steps/<step>/waiver")
def waiver(batch: str, step: str) -> str:
    """Show who has signed that a gate may be passed although it is not met."""
    return render_template("waiver.html", **vars(waiver_page(batch, step, frame.actor().person)))


@bp.post("/steps/<step>/waiver")
def waive_gate(batch: str, step: str) -> Response:
    """Sign that a gate may be passed although it is not met."""
    entered = form()
    command = s.WaiveGate(batch, step, entered.text("choice"), entered.text("comment"), entered.text("seen"))
    execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    frame.say_saved()
    return redirect(url_for("supply.waiver", batch=batch, step=step))


@bp.errorhandler(Malformed)
@bp.errorhandler(Refused)
def again(error: Malformed | Refused) -> AnyResponse | tuple[str, int]:
    """Show the page again after a refusal, with its sentence where the form was and what was typed."""
    parts, entered = request.view_args or {}, form()
    template, ask = _PAGES[request.path.split("/")[3]]
    which = parts.get("number") or entered.text("ending") or entered.text("choice")
    named = {name: text for name, text in parts.items() if name != "number"}
    try:
        page = ask(**named, person=frame.actor().person).again(which, entered, error)
    except NotFound as absent:  # what is refused here was asked of no batch, or of nothing in it
        return answer(absent.code, Problem("not found", str(absent.description)))
    if page is None:  # the form is not on the page any more
        return answer(status_of(error), Problem("refused", sentence_of(error), recorded=isinstance(error, Refused)))
    return render_template(template, **vars(page)), status_of(error)


def _back(endpoint: str, batch: str) -> Response:
    frame.say_saved()
    return redirect(url_for(endpoint, batch=batch))
