"""Signing in and out, and the administration of people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.batches.shown import local
from mes.execute import execute
from mes.people import commands as c
from mes.people import queries
from mes.people.passwords import new_password
from mes.web import frame
from mes.web.errors import sentence_of
from mes.web.forms import came_from, form, safe_next

bp = Blueprint("people", __name__, template_folder="templates")


@dataclass(frozen=True)
class Locked:
    """Who locked this screen, or was locked out, and since when."""

    name: str
    full_name: str
    since: datetime


@bp.get("/sign-in")
def sign_in() -> str:
    """Ask who is there."""
    return _door()


@bp.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Open a session; the one that this browser held before is over."""
    entered, token = form(), frame.new_token()
    command = c.BeginSession(
        entered.text("user"), queries.hash_of(token), request.remote_addr or "", frame.held_session()
    )
    try:
        # Without its tap: the second of two taps must open what its own cookie holds.
        execute(command, by=frame.visitor(), tap="", signing=entered.signing)
    except Refused as refused:
        return _door(sentence_of(refused), entered.text("user")), 403
    frame.begin(token, command.user)
    return redirect(safe_next(entered.text("next")) or url_for("batches.board"))


@bp.post("/lock")
def lock() -> Response:
    """Lock the screen: the session is over, what was typed stays in the browser."""
    by = frame.actor()
    execute(c.EndSession(by.person.id, frame.held_session(), "locked"), by=by, tap=form().tap)
    frame.end()
    return redirect(url_for("people.sign_in", next=came_from()))


@bp.get("/signer")
def signer() -> Response:
    """Say whose name this is, for the panel of a signature: a wrong badge is noticed before it signs."""
    return Response(queries.signer(request.args.get("user", "")), content_type="text/plain; charset=utf-8")


@bp.get("/people")
def people() -> str:
    """Show who may do what."""
    return _people()


@bp.post("/people")
def add_person() -> tuple[str, int] | str:
    """Add a person; the first password is shown once, on this answer."""
    entered = form()
    password = new_password(entered.text("name"))
    roles = tuple(request.form.getlist("role"))
    command = c.AddUser(entered.text("name"), entered.text("full_name"), roles, password)
    try:
        execute(command, by=frame.actor(), tap="")  # the second of two taps has another password to show
    except (Malformed, Refused) as error:
        return _people(error=str(error), draft=command), 400
    return _people(first_password=(command.id, password))


@bp.post("/people/<person>/roles")
def change_roles(person: str) -> Response:
    """Give other roles."""
    entered = form()
    command = c.ChangeRoles(person, tuple(request.form.getlist("role")), entered.reason())
    execute(command, by=frame.actor(), tap=entered.tap)
    return _back(person)


@bp.post("/people/<person>/unlock")
def unlock(person: str) -> Response:
    """Let a locked-out person in again."""
    entered = form()
    execute(c.Unlock(person, entered.reason() or "assessed and unlocked"), by=frame.actor(), tap=entered.tap)
    return _back(person)


@bp.post("/people/<person>/password")
def give_password(person: str) -> str:
    """Give a first password again; it is shown once, on this answer."""
    password = new_password(person)
    execute(c.SetPassword(person, password), by=frame.actor(), tap="")  # as above
    return _people(first_password=(person, password))


@bp.post("/people/<person>/deactivate")
def deactivate(person: str) -> Response:
    """Let a person sign in no longer."""
    entered = form()
    execute(c.SetActive(person, active=False, reason=entered.reason()), by=frame.actor(), tap=entered.tap)
    return _back(person)


@bp.post("/people/<person>/reactivate")
def reactivate(person: str) -> Response:
    """Let a person sign in again."""
    entered = form()
    reason = entered.reason() or "activated again"
    execute(c.SetActive(person, active=True, reason=reason), by=frame.actor(), tap=entered.tap)
    return _back(person)


def _door(error: str | None = None, user: str = "") -> str:
    locked = None
    if "user" in session and not error:
        since = local(datetime.fromtimestamp(session.get("touched", 0), UTC))
        locked = Locked(session["user"], queries.names().get(session["user"], session["user"]), since)
    next_ = safe_next(request.values.get("next", "")) or ""
    return render_template("sign_in.html", locked=locked, draft_user=user, error=error, next=next_)


def _people(
    error: str | None = None, draft: c.AddUser | None = None, first_password: tuple[str, str] | None = None
) -> str:
    everybody = queries.accounts()
    chosen = next((person for person in everybody if person.name == request.args.get("person")), None)
    drafted = {"draft_name": draft.id, "draft_full_name": draft.name, "draft_roles": draft.roles} if draft else {}
    page = {"people": everybody, "chosen": chosen, "roles": queries.roles_to_give(), "error": error}
    return render_template("people.html", **page, **drafted, first_password=first_password)


def _back(person: str) -> Response:
    frame.say_saved()
    return redirect(url_for("people.people", person=person))
