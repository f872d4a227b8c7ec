"""The page of badges."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.badges import commands as c
from mes.badges import queries
from mes.execute import execute
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("badges", __name__, url_prefix="/badges", template_folder="templates")


@bp.get("/")
def badges() -> str:
    """Show all badges."""
    return _page(request.args.get("person", ""))


@bp.post("/")
def issue() -> Response | tuple[str, int]:
    """Give a person a badge."""
    entered = form()
    try:
        command = c.IssueBadge(entered.text("code"), entered.text("holder"))
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _page("", sentence_of(error)), status_of(error)
    return _back()


@bp.post("/temporary")
def issue_temporary() -> Response | tuple[str, int]:
    """Give a person a badge for some hours, with a second person's signature."""
    entered = form()
    holder = entered.text("holder")
    try:
        command = c.IssueTemporaryBadge(entered.text("code"), holder, entered.time("until"))
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _page(holder, sentence_of(error)), status_of(error)
    return _back()


@bp.post("/<code>/test")
def test(code: str) -> Response:
    """Say that a badge was scanned and named its holder."""
    entered = form()
    execute(c.NoteBadgeTest(code, entered.text("holder")), by=frame.actor(), tap=entered.tap)
    return _back()


@bp.post("/<code>/end")
def end(code: str) -> Response:
    """Say that a badge was lost, or given back."""
    entered = form()
    execute(c.EndBadge(code, entered.text("holder"), entered.text("how")), by=frame.actor(), tap=entered.tap)
    return redirect(url_for("people.account")) if entered.text("own") else _back()


def _page(person: str, error: str = "") -> str:
    return render_template("badges.html", **vars(queries.badges_page(frame.actor().person, person, error)))


def _back() -> Response:
    frame.say_saved()
    return redirect(url_for("badges.badges"))
