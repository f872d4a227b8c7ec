"""The page of the tables of codes that the site has loaded."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.codes.commands import LoadCodes
from mes.codes.queries import codes_page
from mes.execute import execute
from mes.web import frame
from mes.web.errors import not_signed, status_of
from mes.web.forms import form, uploaded_text

bp = Blueprint("codes", __name__, url_prefix="/codes", template_folder="templates")


@bp.get("/")
def codes() -> str:
    """Show the tables."""
    return render_template("codes.html", **vars(codes_page(frame.actor().person)))


@bp.post("/")
def load() -> Response | tuple[str, int]:
    """Load an edition of a table, with a signature."""
    entered = form()
    try:
        _, text = uploaded_text("file")
        command = LoadCodes(entered.text("kind"), entered.text("edition"), text)
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        page = codes_page(frame.actor().person, entered.fields)
        page = replace(page, signature=not_signed(page.signature, entered, error))
        return render_template("codes.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("codes.codes"))
