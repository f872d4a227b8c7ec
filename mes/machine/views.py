"""The page of the machine."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.execute import execute
from mes.machine.commands import CompareClock
from mes.machine.queries import machine_page
from mes.web import frame
from mes.web.errors import not_signed, status_of
from mes.web.forms import form

bp = Blueprint("machine", __name__, url_prefix="/server", template_folder="templates")


@bp.get("/")
def machine() -> str:
    """Show how the server's clock and disks are, and which copies of the records were made."""
    return render_template("machine.html", **vars(machine_page(frame.actor().person)))


@bp.post("/comparison")
def compare() -> Response | tuple[str, int]:
    """Sign what the clock showed beside another one."""
    entered = form()
    command = CompareClock(entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        page = machine_page(frame.actor().person)
        page = replace(page, signature=not_signed(page.signature, entered, error))
        return render_template("machine.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("machine.machine"))
