"""What stands round every page: who is signed in, the laboratory's name and time, headers, tokens.

Nothing but the sign-in page, static files and the health check answers without a session; a page asks for no more.
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as AnyResponse

from batch_records.executed.commands import Person
from batch_records.master.recipe import Role
from devices.clock import ProcessClock
from mes import log
from mes.alarms.queries import Band, band
from mes.context import installation
from mes.execute import Actor, execute
from mes.machine.queries import warnings
from mes.people import queries as people
from mes.people.commands import EndSession
from mes.people.models import ADMINISTRATOR, AUDITOR, SUPERVISOR
from mes.people.queries import LockedOut, Session, hash_of, open_session
from mes.web import steady
from mes.web.errors import Problem, answer
from mes.web.forms import came_from, is_for_programs

_TOUCHED_TO = 10.0  # seconds
_LONGEST = 20_000  # characters of one field: what is recorded is kept for ever, and somebody has to read it
_TIME_OF_DAY = re.compile("[0-9]{2}:[0-9]{2}:[0-9]{2}")
_OF_PEOPLE = (
    "people.people",
    "training.training",
    "badges.badges",
    "access.log",
    "access.review",
    "access.printed",
    "access.export",
)
_SEE_PEOPLE = {ADMINISTRATOR, AUDITOR, SUPERVISOR, Role.REVIEWER.value}
_LOOK_AFTER = {ADMINISTRATOR, SUPERVISOR, Role.REVIEWER.value}  # who is told at once that somebody is locked out
_ISSUER = ("sso.start", "sso.back", "sso.end")
_ALWAYS = ("people.lock", "people.sign_in", "people.enter", *_ISSUER, "static", "health")
_GIVING = ("factors.ask", "factors.give_code", "factors.give_passkey", "factors.options")
_CHOOSING = ("people.account", "people.choose_password")
_SETTING_UP = (
    "factors.factors",
    "factors.add_codes",
    "factors.confirm_codes",
    "factors.add_passkey",
    "factors.options",
)
_OPEN_TO_ALL = ("people.sign_in", "people.enter", *_ISSUER, "static", "health")
_OPEN_WITHOUT_ROLE = (*_OPEN_TO_ALL, "people.lock")
_PAGES = (
    "batches.board",
    "batches.batch",
    "samples.samples",
    "materials.lots",
    "equipment.equipment",
    "quality.deviations",
    "quality.review",
    "quality.release",
    "masters.recipes",
    "doses.plans",
    "audit.audit",
    "reports.record",
    "trends.batch",
    "alarms.alarms",
    "patients.orders",
    *_OF_PEOPLE,
)
_NO_ROLE = "You hold no role here yet: an administrator gives you one."
_REFUSALS = (401, 403, 429)
_CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self)",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class User:
    """Who is signed in, as the pages show it."""

    name: str
    full_name: str
    role: str
    pages: frozenset[str]
    idle_seconds: int


@dataclass(frozen=True)
class Signer:
    """Who is signed in, for the panel of a signature; ``alone``: the secret alone does, name and secret were given."""

    user: str
    full_name: str
    role: str
    now: datetime
    alone: bool


@dataclass(frozen=True)
class Laboratory:
    """The laboratory, as the pages show it."""

    name: str
    room: str
    now: datetime
    speed: float
    demonstration: bool


def init_app(app: Flask) -> None:
    """Put the frame round every page of the application."""
    app.before_request(_open)
    app.after_request(_close)
    app.context_processor(_context)
    app.add_url_rule("/health", "health", lambda: ("ok\n", 200, {"Content-Type": "text/plain"}))
    app.add_url_rule("/", "home", lambda: redirect(url_for("batches.board")))
    app.jinja_env.globals.update(csrf_token=generate_csrf, new_tap=lambda: str(uuid4()), signer_here=signer)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def actor() -> Actor:
    """Return who acts in this request. From another workstation than the sign-in's, every signature needs all of it."""
    held = g.session.id if _is_at_its_workstation(g.session) else ""
    return Actor(g.session.person, g.session.workstation, g.session.person.id, held)


def _is_at_its_workstation(held: Session) -> bool:
    return held.workstation == (request.remote_addr or "")


def signer() -> Signer:
    """Return who is signed in, as a signature shows them before they sign, and the time."""
    person, now = g.session.person, installation().now().astimezone(installation().settings.zone)
    alone = g.session.both_given and _is_at_its_workstation(g.session)
    return Signer(person.id, person.name, ", ".join(sorted(person.roles)), now, alone)


def visitor() -> Actor:
    """Return who acts while nobody is signed in: the workstation itself."""
    nobody = Person("nobody", "nobody signed in", frozenset())
    return Actor(nobody, request.remote_addr or "unknown")


def begin(token: str, user: str) -> None:
    """Let this browser hold a session."""
    session.clear()  # a new session id at every sign-in: a fixed one is worth nothing
    session.update(token=token, began=time.time(), touched=time.time(), steady=steady.stamp(), user=user)


def new_token() -> str:
    """Return a token that opens a session, of 256 random bits."""
    return secrets.token_urlsafe(32)


def end() -> None:
    """Let this browser hold no session; it remembers who held one, for the lock screen."""
    session.pop("token", None)


def held_session() -> str:
    """Return the hash of the session that this browser holds, or empty."""
    return hash_of(session["token"]) if "token" in session else ""


def _open() -> AnyResponse | None:
    _must_be_texts(request.path, *request.args.values(), *request.form.values())
    g.session = _session()
    if request.method == "GET" and _holds_no_role():
        abort(403, _NO_ROLE)
    if g.session and request.endpoint in _PAGES and request.endpoint not in _pages_of(g.session.person):
        abort(403, "This page is for who administers, supervises, reviews or inspects.")
    if g.session and request.endpoint not in _ALWAYS and (comes_first := _comes_first(g.session)):
        return redirect(url_for(comes_first))
    if g.session or request.endpoint in _OPEN_TO_ALL or is_for_programs():
        return None
    return redirect(url_for("people.sign_in", next=request.full_path if request.method == "GET" else came_from()))


def _must_be_texts(*texts: str) -> None:
    if any("\0" in text for text in texts):
        abort(400, "There is a character in this that no text has.")
    if any(len(text) > _LONGEST for text in texts):
        abort(413, f"This is longer than {_LONGEST} characters: enter what matters, and keep the rest as a document.")


def _comes_first(held: Session) -> str:
    """Return the page that somebody has to be on before any other: there is none for a session that has begun."""
    for is_owed, places in (
        (held.waits_for == "factor", _GIVING),
        (held.must_choose, _CHOOSING),
        (held.waits_for, _SETTING_UP),
    ):
        if is_owed:
            return "" if request.endpoint in places else places[0]
    return ""


def _session() -> Session | None:
    token = session.get("token")
    if not token or request.endpoint in ("static", "health"):
        return None
    settings, found = installation().settings, open_session(token)
    is_over = time.time() - session.get("began", 0) > settings.longest.total_seconds()
    if is_over or _untouched() > settings.idle.total_seconds():
        _end(found, "session too long" if is_over else "left idle")
        return None
    refreshes_itself = "HX-Request" in request.headers or request.headers.get("Accept") == "text/event-stream"
    if found and not refreshes_itself:  # that is no sign of a person
        _touch()
    return found


def _end(found: Session | None, how: str) -> None:
    """End a session that is over, for the server as well: no cookie kept from before opens it again."""
    if found:
        by = Actor(found.person, found.workstation, found.person.id)
        with suppress(OperationalError):  # it opens nothing in any case
            execute(EndSession(found.person.id, found.id, how), by=by, tap="")


def _untouched() -> float:
    """Return for how many seconds nobody touched this browser; a clock that is set back makes it no less."""
    touched: float = session.get("touched", 0)
    return max(time.time() - touched, steady.seconds_since(session.get("steady", "")))


def _touch() -> None:
    """Remember that somebody is there; to ten seconds, for each change signs the cookie anew."""
    if _untouched() > _TOUCHED_TO:
        session.update(touched=time.time(), steady=steady.stamp())


def _holds_no_role() -> bool:
    """Say whether somebody is signed in whom nothing here is for."""
    held = g.get("session")
    return bool(held and not held.person.roles and request.endpoint not in _OPEN_WITHOUT_ROLE)


def _close(response: Response) -> Response:
    if request.method != "GET" and _holds_no_role():  # the wish was refused and is on record; its page is not shown
        response = answer(403, Problem("forbidden", _NO_ROLE, recorded=True))
    if "saved" in g:
        _keep_saved(response)
    for name, value in _HEADERS.items():
        if name != "Cache-Control" or request.endpoint != "static":
            response.headers.setdefault(name, value)
    if installation().settings.secure_cookies:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if response.status_code in _REFUSALS:
        who = g.session.person if g.get("session") else g.get("machine")
        by = who.id if who else ""
        about = {"status": response.status_code, "method": request.method, "path": request.path}
        log.refused("request refused", by=by, address=request.remote_addr or "", **about)
    return response


def _context() -> dict[str, object]:
    settings = installation().settings
    speed = settings.clock.rate if isinstance(settings.clock, ProcessClock) else 1.0
    now = installation().now().astimezone(settings.zone)
    laboratory = Laboratory(settings.laboratory, settings.room, now, speed, settings.is_demonstration)
    return {
        "laboratory": laboratory,
        "user": _user(g.session) if g.get("session") else None,
        "saved": _saved() if g.get("session") else None,
        "batch": None,
        "step": None,
        "band": _band() if g.get("session") else None,
        "warnings": _warnings() if g.get("session") else (),
        "looks_after": looks_after(),
        "locked_out": locked_out(),
    }


def _band() -> Band | None:
    with suppress(OperationalError):  # the page that says so has no band
        return band()
    return None


def _warnings() -> tuple[str, ...]:
    with suppress(OperationalError):  # the page that says so has no warnings
        return warnings()
    return ()


def looks_after() -> bool:
    """Say whether who is signed in looks after accounts, and is told at once of a lock-out."""
    return bool(g.get("session") and g.session.person.roles & _LOOK_AFTER)


def locked_out() -> LockedOut | None:
    """Return who is locked out, to somebody who looks after it."""
    with suppress(OperationalError):  # the page that says so tells of nobody
        return people.locked_out() if looks_after() else None
    return None


def _user(held: Session) -> User:
    person = held.person
    idle = int(installation().settings.idle.total_seconds())
    return User(person.id, person.name, ", ".join(sorted(person.roles)), _pages_of(person), idle)


def _pages_of(person: Person) -> frozenset[str]:
    seen = (page for page in _PAGES if page not in _OF_PEOPLE or person.roles & _SEE_PEOPLE)
    return frozenset(seen if person.roles else ())


def say_saved() -> None:
    """Say on the next page when something was saved."""
    g.saved = installation().now().astimezone(installation().settings.zone).strftime("%H:%M:%S")


def _saved() -> str | None:
    """Return when something was saved, once. The browser keeps it unsigned: it is a courtesy, not a record."""
    told = request.cookies.get(_saved_cookie(), "")
    if not _TIME_OF_DAY.fullmatch(told):
        return None
    g.saved = ""
    return told


def _keep_saved(response: Response) -> None:
    secure = installation().settings.secure_cookies
    kept = 60 if g.saved else 0
    response.set_cookie(_saved_cookie(), g.saved, max_age=kept, secure=secure, httponly=True, samesite="Strict")


def _saved_cookie() -> str:
    return "__Host-saved" if installation().settings.secure_cookies else "saved"
