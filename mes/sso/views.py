"""The way to the issuer and back, and who is linked to which of its accounts."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Refused
from mes.execute import Actor, execute
from mes.factors.queries import asked_of
from mes.people.queries import hash_of
from mes.people.signers import must_not_wait
from mes.people.views import door
from mes.sso import commands as c
from mes.sso import queries
from mes.sso.flow import Flow, flow_of, new_flow
from mes.sso.issuer import NotProven, Unanswered
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form, safe_next

bp = Blueprint("sso", __name__, template_folder="templates")


@bp.get("/sign-in/issuer")
def start() -> str | tuple[str, int]:
    """Send the browser to the issuer, from a page of ours. Nothing changes yet but what the browser itself keeps."""
    flow = new_flow(safe_next(request.args.get("next", "")) or "")
    try:
        to = queries.way(flow, _back())
    except Refused as refused:
        return _refused(refused)
    session["issuer"] = flow.kept()
    return render_template("onward.html", to=to, name=queries.name_of_issuer())


@bp.get("/sign-in/issuer/back")
def back() -> str:
    """Come back. From another site the browser brings no cookie of ours; from this page it does."""
    said = {name: request.args[name] for name in ("code", "state", "error") if name in request.args}
    return render_template("onward.html", to=f"{url_for('sso.end')}?{urlencode(said)}", name="")


@bp.get("/sign-in/issuer/end")
def end() -> Response | tuple[str, int]:
    """Open a session for whom the issuer proved to be there."""
    token = frame.new_token()
    try:
        queries.configured()
        flow = flow_of(session.pop("issuer", None))
        user = _begin(flow, token)
    except NotProven as refused:
        with suppress(Refused):  # it is written, and counted where it was tried
            execute(c.RefuseIdentity(_place(), str(refused)), by=frame.visitor(), tap="")
        return _refused(refused)
    except Refused as refused:
        return _refused(refused)
    frame.begin(token, user)
    return redirect(safe_next(flow.next) or url_for("batches.board"))


def _begin(flow: Flow, token: str) -> str:
    """Open the session, and return whose it is; the flow's own tap lets it be one session only."""
    if "user" not in session:  # who locked this very screen comes back all the same
        must_not_wait(_place())
    found = queries.found(flow, request.args, _back())
    user = found.person.id
    if user != session.get("user"):
        must_not_wait(_place())
    opened, waits_for = hash_of(token), asked_of(user, _place())
    command = c.BeginByIssuer(user, found.link, found.subject, opened, _place(), frame.held_session(), waits_for)
    execute(command, by=Actor(found.person, _place()), tap=flow.tap)
    return user


@bp.post("/people/<person>/issuer")
def link(person: str) -> Response:
    """Link a person to an account of the issuer."""
    entered = form()
    command = c.LinkAccount(person, str(uuid4()), entered.text("subject"), entered.text("email"))
    execute(command, by=frame.actor(), tap="")  # the second of two taps finds the person linked
    return _to(person)


@bp.post("/people/<person>/issuer/end")
def end_link(person: str) -> Response:
    """Let a person sign in by the issuer no longer."""
    entered = form()
    execute(c.EndLink(person, entered.reason()), by=frame.actor(), tap=entered.tap)
    return _to(person)


def _place() -> str:
    return request.remote_addr or ""


def _back() -> str:
    return url_for("sso.back", _external=True)


def _refused(refused: Refused) -> tuple[str, int]:
    status = 503 if isinstance(refused, Unanswered) else 403 if isinstance(refused, NotProven) else status_of(refused)
    return door(sentence_of(refused)), status


def _to(person: str) -> Response:
    frame.say_saved()
    return redirect(url_for("people.people", person=person))
