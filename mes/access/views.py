"""The pages of access: the log, the review, and lists to print."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from batch_records.executed.draft import Malformed, Refused
from mes.access import queries
from mes.access.commands import ReviewAccess
from mes.execute import execute
from mes.web import frame
from mes.web.errors import not_signed, status_of
from mes.web.forms import form

bp = Blueprint("access", __name__, url_prefix="/access", template_folder="templates")


@bp.get("/")
def log() -> str:
    """Show who came, who went, and who was not let in."""
    return render_template("access_log.html", **vars(queries.log_page(_asked())))


@bp.get("/log.csv")
def export() -> Response:
    """Answer with the log as a table."""
    name = {"Content-Disposition": "attachment; filename=access-log.csv"}
    return Response(queries.exported(_asked()), mimetype="text/csv", headers=name)


@bp.get("/review")
def review() -> str:
    """Show who may do what, to be reviewed; or a review that was signed."""
    number = request.args.get("number", "")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 0
    return render_template("access_review.html", **vars(queries.review_page(frame.actor().person, wanted)))


@bp.post("/review")
def sign_review() -> AnyResponse | tuple[str, int]:
    """Sign the review."""
    entered = form()
    command = ReviewAccess(entered.text("digest"), entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        page = queries.review_page(frame.actor().person)
        page = replace(page, signature=not_signed(page.signature, entered, error))
        return render_template("access_review.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("access.review"))


@bp.get("/printed/<any(users, signers, letter):what>")
def printed(what: str) -> str:
    """Show a list to print."""
    return render_template("printed.html", **vars(queries.printed(what)))


def _asked() -> queries.Asked:
    return queries.Asked(*(request.args.get(name, "").strip() for name in ("who", "where", "since", "until")))
