"""The page of therapy orders."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.execute import execute
from mes.patients.commands import PlaceOrder
from mes.patients.queries import orders_page
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("patients", __name__, url_prefix="/orders", template_folder="templates")


@bp.get("/")
def orders() -> str:
    """Show the therapy orders."""
    return render_template("orders.html", **vars(orders_page(frame.actor().person)))


@bp.post("/")
def place_order() -> Response | tuple[str, int]:
    """Order a therapy."""
    entered = form()
    command = PlaceOrder(entered.text("coi"), entered.text("recipe"), entered.text("note"), entered.text("level"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = orders_page(frame.actor().person, sentence_of(error))
        return render_template("orders.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("patients.orders"))
