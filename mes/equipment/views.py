"""The pages of equipment."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.equipment.commands import AddEquipment, Calibrate, Qualify, SetStatus
from mes.equipment.queries import equipment_page
from mes.execute import execute
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("equipment", __name__, url_prefix="/equipment", template_folder="templates")


@bp.get("/")
def equipment() -> str:
    """Show all equipment, and the log of the chosen one."""
    return render_template("equipment.html", **vars(equipment_page(frame.actor().person, request.args.get("item", ""))))


@bp.post("/")
def add_equipment() -> Response | tuple[str, int]:
    """Enter a piece of equipment or a room."""
    entered = form()
    code, name, class_ = (entered.text(each) for each in ("code", "name", "equipment_class"))
    try:
        command = AddEquipment(code, name, class_, entered.time("until"), entered.text("exclusive") == "yes")
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = equipment_page(frame.actor().person, "", sentence_of(error))
        return render_template("equipment.html", **vars(page)), status_of(error)
    return _back(code)


@bp.post("/<item>/status")
def set_status(item: str) -> Response | tuple[str, int]:
    """Say that equipment is ready, to be cleaned, or out of service."""
    entered = form()
    command = SetStatus(item, entered.text("status"), entered.reason())
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _again(item, error)
    return _back(item)


@bp.post("/<item>/calibration")
def calibrate(item: str) -> Response | tuple[str, int]:
    """Record a calibration."""
    entered = form()
    try:
        execute(Calibrate(item, entered.time("until"), entered.reason()), by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _again(item, error)
    return _back(item)


@bp.post("/<item>/qualification")
def qualify(item: str) -> Response | tuple[str, int]:
    """Record a qualification."""
    entered = form()
    try:
        execute(Qualify(item, entered.time("until"), entered.reason()), by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _again(item, error)
    return _back(item)


def _again(item: str, error: Exception) -> tuple[str, int]:
    page = equipment_page(frame.actor().person, item, sentence_of(error))
    if page.chosen is None:
        raise error  # there is no page of it to say so on
    return render_template("equipment.html", **vars(page)), status_of(error)


def _back(item: str) -> Response:
    frame.say_saved()
    return redirect(url_for("equipment.equipment", item=item))
