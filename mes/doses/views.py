"""The pages of dose plans."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.doses.commands import ApproveDosePlan, DraftDosePlan, RecordOutcome
from mes.doses.queries import plan_page, plans_page, search_page
from mes.execute import execute
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form, uploaded_text

bp = Blueprint("doses", __name__, url_prefix="/dose-plans", template_folder="templates")


@bp.get("/")
def plans() -> str:
    """Show all dose plans with their editions."""
    return render_template("dose_plans.html", **vars(plans_page(frame.actor().person)))


@bp.post("/")
def load() -> Response | tuple[str, int]:
    """Enter a plan's file as a draft, or show every mistake with its line."""
    code, text = uploaded_text("file")
    try:
        outcome = execute(DraftDosePlan(code, text), by=frame.actor(), tap=form().tap)
    except Malformed as error:
        page = plans_page(frame.actor().person, tuple(str(error).splitlines()))
        return render_template("dose_plans.html", **vars(page)), status_of(error)
    return redirect(url_for("doses.plan", plan=code, edition=outcome["edition"]))


@bp.get("/<plan>/<int(max=999999):edition>")
def plan(plan: str, edition: int) -> str:
    """Show one edition."""
    return render_template("dose_plan.html", **vars(plan_page(plan, edition, frame.actor().person)))


@bp.post("/<plan>/<int(max=999999):edition>/approval")
def approve(plan: str, edition: int) -> Response | tuple[str, int]:
    """Approve a draft, with a signature."""
    entered = form()
    try:
        execute(ApproveDosePlan(plan, edition), by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        page = plan_page(plan, edition, frame.actor().person, sentence_of(error))
        return render_template("dose_plan.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("doses.plan", plan=plan, edition=edition))


@bp.get("/<plan>/levels")
def search(plan: str) -> str:
    """Show what was found at each level, and what the design advises."""
    page = search_page(plan, frame.actor().person, request.args.get("coi", ""))
    return render_template("dose_search.html", **vars(page))


@bp.post("/<plan>/levels")
def record_outcome(plan: str) -> Response | tuple[str, int]:
    """Record what was seen of a patient."""
    entered = form()
    coi, seen = entered.text("coi"), (entered.text("toxicity"), entered.text("response"))
    try:
        execute(RecordOutcome(plan, coi, *seen, entered.text("why")), by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = search_page(plan, frame.actor().person, coi, sentence_of(error))
        return render_template("dose_search.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("doses.search", plan=plan, coi=coi))
