"""The pages of therapy orders: the list, and the chain of identity of each."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask import Response as Sent
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.execute import execute
from mes.patients import queries
from mes.patients.commands import PlaceOrder, RecordDonation
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("patients", __name__, url_prefix="/orders", template_folder="templates")


@bp.get("/")
def orders() -> str:
    """Show the therapy orders; those that a scanned code belongs to."""
    searched = request.args.get("code", "").strip()
    return render_template("orders.html", **vars(queries.orders_page(frame.actor().person, searched)))


@bp.post("/")
def place_order() -> Response | tuple[str, int]:
    """Order a therapy."""
    entered = form()
    names = ("coi", "recipe", "note", "recipient", "donor", "level")
    command = PlaceOrder(*(entered.text(name) for name in names))
    try:
        outcome = execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = queries.orders_page(frame.actor().person, error=sentence_of(error))
        return render_template("orders.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("patients.chain", coi=outcome["coi"]))


@bp.get("/<coi>")
def chain(coi: str) -> str:
    """Show the chain of identity of a therapy: for whom, whose cells, every collection, and the batch."""
    return render_template("chain.html", **vars(queries.chain_page(coi, frame.actor().person)))


@bp.get("/<coi>/chain.xml")
def chain_xml(coi: str) -> Sent:
    """Hand out the chain of identity for other systems."""
    name = f"attachment; filename={coi}.xml"
    return Sent(queries.chain_as_xml(coi), content_type="application/xml", headers={"Content-Disposition": name})


@bp.post("/<coi>/donations")
def record_donation(coi: str) -> Response | tuple[str, int]:
    """Record a collection for a therapy."""
    entered = form()
    try:
        collected = entered.time("collected")
        command = RecordDonation(coi, entered.text("number"), entered.text("donor"), collected)
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = queries.chain_page(coi, frame.actor().person, sentence_of(error))
        return render_template("chain.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("patients.chain", coi=coi))
