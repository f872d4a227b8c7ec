"""Answers that are not pages: each says what happened, in a sentence, and what would unblock it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from uuid import uuid4

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from batch_records.executed.draft import Malformed, Refused
from mes import log
from mes.execute import Forbidden
from mes.web.forms import Form, came_from, is_for_programs
from mes.web.shapes import Signature

_LOG = logging.getLogger("mes")
_WORDS = {404: "There is no such page.", 405: "This cannot be done here.", 413: "This is larger than anything we take."}


@dataclass(frozen=True)
class Problem:
    """What happened and what would unblock it."""

    kind: str
    sentence: str
    unblock: str | None = None
    reference: str | None = None
    recorded: bool = False  # the attempt stands in the ledger


def init_app(app: Flask) -> None:
    """Register one handler for each kind of answer."""
    app.register_error_handler(
        Refused, lambda error: answer(409, Problem("refused", sentence_of(error), recorded=True))
    )
    app.register_error_handler(
        Forbidden, lambda error: answer(403, Problem("forbidden", sentence_of(error), recorded=True))
    )
    app.register_error_handler(Malformed, lambda error: answer(400, Problem("not understood", sentence_of(error))))
    app.register_error_handler(RecursionError, _too_deep)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failed)


def answer(status: int, problem: Problem) -> Response:
    """Answer with a problem: as a page, or as JSON to a program."""
    if is_for_programs():
        return make_response(jsonify(problem=problem.kind, detail=problem.sentence), status)
    back = came_from() or url_for("batches.board")
    return make_response(render_template("problem.html", problem=problem, back_url=back, retry_url=None), status)


def status_of(error: Exception | None) -> int:
    """Return the HTTP status that goes with an answer."""
    if error is None:
        return 200
    return 403 if isinstance(error, Forbidden) else 400 if isinstance(error, Malformed) else 409


def sentence_of(error: Exception) -> str:
    """Return what an answer says, as a sentence."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def not_signed(signature: Signature | None, entered: Form, error: Exception) -> Signature:
    """Return a signature panel again after a refusal: with its sentence and what was typed, but never the password.

    On a page without the panel there is no place for the sentence: the error becomes a page of its own.
    """
    if signature is None:
        raise error
    user, comment = entered.text("user"), entered.text("comment")
    return replace(signature, error=sentence_of(error), draft_user=user, draft_comment=comment)


def _too_deep(error: RecursionError) -> Response:
    del error
    return answer(400, Problem("not understood", "This is nested deeper than anything we are told."))


def _expired(error: CSRFError) -> AnyResponse:
    log.refused("form without its token", address=request.remote_addr, path=request.path, why=error.description)
    return redirect(url_for("people.sign_in"))


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    kind = {404: "not found", 403: "forbidden"}.get(code, "not understood")
    said = error.description if error.description != type(error).description else None  # the library's own words
    response = answer(code, Problem(kind, said or _WORDS.get(code, f"{error.name}.")))
    told = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    response.headers.update(told | ({"WWW-Authenticate": "Bearer"} if code == 401 else {}))
    return response


def _unavailable(error: OperationalError) -> Response:
    _LOG.error("the database did not answer: %s", error.orig)
    sentence = "The database cannot be reached, or its disk is full. Nothing was saved."
    response = answer(503, Problem("failed", sentence, "Try again; what you typed is kept on this tablet."))
    response.headers["Retry-After"] = "5"
    return response


def _failed(error: Exception) -> Response:
    reference = str(uuid4())[:8]
    _LOG.error("request %s failed", reference, exc_info=error)
    return answer(500, Problem("failed", "This could not be done. Nothing was saved.", None, reference))
