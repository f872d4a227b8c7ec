"""The pages of second factors: setting one up, and being asked for it at sign-in."""

from __future__ import annotations

from uuid import uuid4

import pyotp
from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from batch_records.executed.draft import Malformed, Refused
from mes.execute import execute
from mes.factors import commands as c
from mes.factors import queries
from mes.factors.proofs import Ceremony
from mes.signing import Signing
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import Form, form

bp = Blueprint("factors", __name__, url_prefix="/account/factors", template_folder="templates")


@bp.get("/")
def factors() -> str:
    """Show what a person has, and let them set up more."""
    return _page()


@bp.post("/codes")
def add_codes() -> AnyResponse:
    """Set up an authenticator that makes codes."""
    user = frame.actor().person.id
    command = c.AddCodes(user, str(uuid4()), form().text("name"), pyotp.random_base32())
    execute(command, by=frame.actor(), tap="")
    return redirect(url_for("factors.factors"))


@bp.post("/codes/<factor>")
def confirm_codes(factor: str) -> AnyResponse | tuple[str, int]:
    """Show its first code."""
    entered, by = form(), frame.actor()
    command = c.ConfirmCodes(by.person.id, factor, frame.held_session(), entered.text("code"))
    try:
        execute(command, by=by, tap=entered.tap, signing=_own(entered))
    except (Malformed, Refused) as error:
        return _page(sentence_of(error)), status_of(error)
    return _saved()


@bp.post("/passkeys")
def add_passkey() -> AnyResponse | tuple[str, int]:
    """Keep the passkey that a device has just made."""
    entered, by = form(), frame.actor()
    name, session = entered.text("name"), frame.held_session()
    command = c.AddPasskey(by.person.id, str(uuid4()), name, session, _ceremony(entered))
    try:
        execute(command, by=by, tap="", signing=_own(entered))
    except (Malformed, Refused) as error:
        return _page(sentence_of(error)), status_of(error)
    return _saved()


@bp.get("/options")
def options() -> Response:
    """Answer with what a device is asked: to answer with a passkey, or to make one."""
    person, session, host = frame.actor().person, frame.held_session(), _host()
    if g.session.waits_for == "factor":
        return Response(queries.to_authenticate(person.id, session, host), mimetype="application/json")
    return Response(queries.to_register(person, session, host), mimetype="application/json")


@bp.get("/ask")
def ask() -> str:
    """Ask for the second factor."""
    return _ask()


@bp.post("/ask/code")
def give_code() -> AnyResponse | tuple[str, int]:
    """Take a code."""
    by = frame.actor()
    command = c.GiveCode(by.person.id, frame.held_session(), by.workstation, form().text("code"))
    try:
        execute(command, by=by, tap="")
    except Refused as error:
        return _ask(sentence_of(error)), status_of(error)
    return redirect(url_for("batches.board"))


@bp.post("/ask/passkey")
def give_passkey() -> AnyResponse | tuple[str, int]:
    """Take a passkey's answer."""
    by = frame.actor()
    command = c.GivePasskey(by.person.id, frame.held_session(), by.workstation, _ceremony(form()))
    try:
        execute(command, by=by, tap="")
    except Refused as error:
        return _ask(sentence_of(error)), status_of(error)
    return redirect(url_for("batches.board"))


def _ceremony(entered: Form) -> Ceremony:
    origin = request.host_url.rstrip("/")
    return queries.ceremony(frame.held_session(), _host(), origin, entered.fields.get("answer", ""))


def _host() -> str:
    return request.host.partition(":")[0]


def _own(entered: Form) -> Signing:
    return Signing(frame.actor().person.id, entered.fields.get("password", ""), "")


def _page(error: str = "") -> str:
    must = g.session.waits_for == "set-up"
    return render_template(
        "factors.html", **vars(queries.factors_page(frame.actor().person.id, must=must, error=error))
    )


def _ask(error: str = "") -> str:
    return render_template("ask.html", **vars(queries.ask_page(frame.actor().person.id, error)))


def _saved() -> AnyResponse:
    frame.say_saved()
    return redirect(url_for("factors.factors"))
