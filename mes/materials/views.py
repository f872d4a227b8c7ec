"""The pages of lots."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.execute import execute
from mes.materials.commands import DisposeOfLot, ReceiveLot
from mes.materials.queries import lots_page
from mes.web import frame
from mes.web.errors import not_signed, sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("materials", __name__, url_prefix="/lots", template_folder="templates")


@bp.get("/")
def lots() -> str:
    """Show the lots in the store."""
    page = lots_page(frame.actor().person, request.args.get("search", ""), request.args.get("lot", ""))
    return render_template("lots.html", **vars(page))


@bp.post("/")
def receive_lot() -> Response | tuple[str, int]:
    """Receive a lot into quarantine."""
    entered = form()
    gives = {name: entered.text(name) for name in ("titre", "titre_method") if entered.text(name)}
    try:
        command = ReceiveLot(entered.text("number"), entered.text("material"), entered.time("expiry"), gives)
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = replace(lots_page(frame.actor().person, error=sentence_of(error)), draft=entered.fields)
        return render_template("lots.html", **vars(page)), status_of(error)
    return _back(command.number)


@bp.post("/<lot>/disposition")
def decide_lot(lot: str) -> Response | tuple[str, int]:
    """Release or reject a lot, with a signature."""
    entered = form()
    status = "rejected" if entered.text("answer") == "reject" else "released"
    command = DisposeOfLot(lot, status, entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        page = lots_page(frame.actor().person, chosen=lot)
        page = replace(page, signature=not_signed(page.signature, entered, error))
        return render_template("lots.html", **vars(page)), status_of(error)
    return _back(lot)


def _back(lot: str) -> Response:
    frame.say_saved()
    return redirect(url_for("materials.lots", lot=lot))
