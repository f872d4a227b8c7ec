"""The pages of alarms: the list for tablets, the band on every page, and the limits."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.alarms import queries
from mes.alarms.commands import (
    AcknowledgeAlarm,
    ApproveAlarm,
    ProposeAlarm,
    RetireAlarm,
    ShelveAlarm,
    UnshelveAlarm,
)
from mes.execute import execute
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("alarms", __name__, url_prefix="/alarms", template_folder="templates")
_PARTS = (
    "equipment_class",
    "channel",
    "kind",
    "limit",
    "priority",
    "justification",
    "deadband",
    "on_delay",
    "off_delay",
)


@bp.get("/")
def alarms() -> str:
    """Show the alarms that are not normal, and the chosen one."""
    page = queries.alarms_page(frame.actor().person, request.args.get("item", ""), request.args.get("number", ""))
    return render_template("alarms.html", **vars(page))


@bp.get("/band")
def band() -> str:
    """Show what every page says about alarms that wait, for the page to refresh itself."""
    return render_template("band.html", band=queries.band())


@bp.post("/<item>/<number>/acknowledgement")
def acknowledge(item: str, number: str) -> Response | tuple[str, int]:
    """Say that an alarm was seen; a critical one, with a signature."""
    entered = form()
    command = AcknowledgeAlarm(item, number, entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing_if_given)
    except (Malformed, Refused) as error:
        return _again(item, number, error, entered.text("comment"))
    return _back()


@bp.post("/<item>/<number>/shelf")
def shelve(item: str, number: str) -> Response | tuple[str, int]:
    """Take an alarm off the list for some hours."""
    entered = form()
    command = ShelveAlarm(item, number, entered.text("hours"), entered.text("why"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing_if_given)
    except (Malformed, Refused) as error:
        return _again(item, number, error)
    return _back()


@bp.post("/<item>/<number>/list")
def unshelve(item: str, number: str) -> Response | tuple[str, int]:
    """Put an alarm back on the list."""
    entered = form()
    try:
        execute(UnshelveAlarm(item, number, entered.text("why")), by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _again(item, number, error)
    return _back()


@bp.get("/limits")
def limits() -> str:
    """Show every alarm limit, and the chosen one."""
    page = queries.limits_page(frame.actor().person, request.args.get("number", ""))
    return render_template("limits.html", **vars(page))


@bp.post("/limits")
def propose() -> Response | tuple[str, int]:
    """Propose a limit."""
    entered = form()
    parts = {name: entered.text(name) for name in _PARTS}
    try:
        outcome = execute(ProposeAlarm(**parts), by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = queries.limits_page(frame.actor().person, "", sentence_of(error), parts)
        return render_template("limits.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("alarms.limits", number=outcome["number"]))


@bp.post("/limits/<number>/approval")
def approve(number: str) -> Response | tuple[str, int]:
    """Approve a limit, with a signature."""
    entered = form()
    try:
        execute(ApproveAlarm(number), by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _limit_again(number, error)
    frame.say_saved()
    return redirect(url_for("alarms.limits", number=number))


@bp.post("/limits/<number>/retirement")
def retire(number: str) -> Response | tuple[str, int]:
    """Watch a limit no more, with a signature."""
    entered = form()
    command = RetireAlarm(number, entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _limit_again(number, error)
    frame.say_saved()
    return redirect(url_for("alarms.limits", number=number))


def _again(item: str, number: str, error: Exception, draft: str = "") -> tuple[str, int]:
    page = queries.alarms_page(frame.actor().person, item, number, sentence_of(error), draft)
    return render_template("alarms.html", **vars(page)), status_of(error)


def _limit_again(number: str, error: Exception) -> tuple[str, int]:
    page = queries.limits_page(frame.actor().person, number, sentence_of(error))
    return render_template("limits.html", **vars(page)), status_of(error)


def _back() -> Response:
    frame.say_saved()
    return redirect(url_for("alarms.alarms"))
