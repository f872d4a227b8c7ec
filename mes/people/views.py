"""Signing in and out, and the administration of people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Malformed, Refused
from mes.badges.queries import badges_of
from mes.batches.shown import local
from mes.execute import Forbidden, execute
from mes.factors.commands import EndFactors
from mes.factors.queries import asked_of
from mes.people import commands as c
from mes.people import identity, queries
from mes.people.passwords import new_password
from mes.people.signers import must_not_wait
from mes.signing import Signing
from mes.sso.queries import link_of, name_of_issuer
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import Form, came_from, form, safe_next

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
    return door()


@bp.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Open a session; the one that this browser held before is over."""
    entered, token = form(), frame.new_token()
    signing, typed = entered.signing, entered.text("user")
    badge, place = typed if typed != signing.user else "", request.remote_addr or ""
    session_, waits_for = queries.hash_of(token), asked_of(signing.user, place)
    command = c.BeginSession(signing.user, session_, place, frame.held_session(), badge, waits_for)
    try:
        if signing.user != session.get("user"):  # who locked this very screen comes back all the same
            must_not_wait(place)
        execute(command, by=frame.visitor(), tap="", signing=signing)  # the second of two taps opens its own cookie
    except Refused as refused:
        return door(sentence_of(refused), typed), 403
    frame.begin(token, command.user)
    return redirect(safe_next(entered.text("next")) or url_for("batches.board"))


@bp.post("/lock")
def lock() -> Response:
    """Lock the screen: the session is over, what was typed stays in the browser."""
    by = frame.actor()
    entered = form()
    how = "locked after inactivity" if entered.text("how") == "idle" else "locked"
    execute(c.EndSession(by.person.id, frame.held_session(), how), by=by, tap=entered.tap)
    frame.end()
    return redirect(url_for("people.sign_in", next=came_from()))


@bp.get("/account")
def account() -> str:
    """Show a person their own account."""
    return _account()


@bp.post("/account/password")
def choose_password() -> Response | tuple[str, int]:
    """Choose one's own password."""
    entered, by = form(), frame.actor()
    new, again = (request.form.get(name, "") for name in ("new_password", "again"))
    command = c.ChoosePassword(by.person.id, frame.held_session(), new)
    try:
        _must_agree(new, again)
        execute(command, by=by, tap=entered.tap, signing=_own(entered))
    except (Malformed, Refused) as error:
        return _account("password", sentence_of(error)), status_of(error)
    return _account_saved()


@bp.post("/account/statement")
def accept_statement() -> Response | tuple[str, int]:
    """Accept the accountability statement, with the password."""
    entered, by = form(), frame.actor()
    command = identity.AcceptStatement(by.person.id, entered.number("edition"))
    try:
        execute(command, by=by, tap=entered.tap, signing=_own(entered))
    except (Malformed, Refused) as error:
        return _account("statement", sentence_of(error)), status_of(error)
    return _account_saved()


@bp.post("/account/statement/issue")
def issue_statement() -> Response | tuple[str, int]:
    """Put another accountability statement in force, with a signature."""
    entered = form()
    command = identity.IssueStatement(entered.text("text"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return _account("issue", sentence_of(error), entered.text("text")), status_of(error)
    return _account_saved()


@bp.get("/people/locked-out")
def locked_out() -> str:
    """Show who is locked out now, for every page of who looks after it to refresh."""
    return render_template("locked_out.html", locked_out=frame.locked_out())


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
    except Forbidden:
        raise  # the list is not for everybody
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
    execute(c.Unlock(person, entered.reason()), by=frame.actor(), tap=entered.tap)
    return _back(person)


@bp.post("/people/<person>/identity")
def prove_identity(person: str) -> Response:
    """Say that one saw who a person is."""
    entered = form()
    execute(identity.ProveIdentity(person, entered.text("document")), by=frame.actor(), tap=entered.tap)
    return _back(person)


@bp.post("/people/<person>/password")
def give_password(person: str) -> str:
    """Give a first password again; it is shown once, on this answer."""
    password = new_password(person)
    execute(c.SetPassword(person, password, form().reason()), by=frame.actor(), tap="")  # as above
    return _people(first_password=(person, password))


@bp.post("/people/<person>/factors")
def end_factors(person: str) -> Response:
    """Take away the second factors of a person who lost theirs."""
    entered = form()
    execute(EndFactors(person, entered.reason()), by=frame.actor(), tap=entered.tap)
    return _back(person)


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
    execute(c.SetActive(person, active=True, reason=entered.reason()), by=frame.actor(), tap=entered.tap)
    return _back(person)


def door(error: str | None = None, user: str = "") -> str:
    """Draw the page that asks who is there."""
    locked = None
    if "user" in session and not error:
        since = local(datetime.fromtimestamp(session.get("touched", 0), UTC))
        locked = Locked(session["user"], queries.names().get(session["user"], session["user"]), since)
    next_ = safe_next(request.values.get("next", "")) or ""
    page = {"locked": locked, "draft_user": user, "error": error, "next": next_}
    return render_template("sign_in.html", **page, issuer=name_of_issuer())


def _must_agree(new: str, again: str) -> None:
    if new != again:
        raise Malformed("again", "the two new passwords are not the same")


def _own(entered: Form) -> Signing:
    """Return the password that was entered, as the one of who is signed in."""
    return Signing(frame.actor().person.id, entered.fields.get("password", ""), "")


def _account(wrong: str = "", error: str = "", draft: str = "") -> str:
    person = frame.actor().person
    page = {"account": queries.my_account(person), "badges": badges_of(person.id), "wrong": wrong, "error": error}
    page["draft"] = draft
    return render_template("account.html", **page)


def _account_saved() -> Response:
    frame.say_saved()
    return redirect(url_for("people.account"))


def _people(
    error: str | None = None, draft: c.AddUser | None = None, first_password: tuple[str, str] | None = None
) -> str:
    everybody = queries.accounts()
    chosen = next((person for person in everybody if person.name == request.args.get("person")), None)
    drafted = {"draft_name": draft.id, "draft_full_name": draft.name, "draft_roles": draft.roles} if draft else {}
    page = {"people": everybody, "chosen": chosen, "roles": queries.roles_to_give(), "error": error}
    more = {"documents": identity.DOCUMENTS, "first_password": first_password, "issuer": name_of_issuer()}
    link = link_of(chosen.name) if chosen else None
    return render_template("people.html", **page, **drafted, **more, link=link)


def _back(person: str) -> Response:
    frame.say_saved()
    return redirect(url_for("people.people", person=person))
