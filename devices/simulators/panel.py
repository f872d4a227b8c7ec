"""The instruments' front panels: one page on loopback for people, and the same as JSON for programs.

A person's browser sends forms and is shown the page again; no script is needed. A program sends JSON and gets JSON; a
wish that cannot be is answered 409 with its sentence, a wrong address 404. What may be posted is `Panel.wishes`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from devices.simulators.culture import NotSoError
from devices.simulators.page import page
from devices.simulators.world import World

Values = Mapping[str, Any]
Counting = Callable[[str, str], dict[str, Any]]

LARGEST = 65_536  # bytes of a request


class Panel:
    """What can be asked of the simulated instruments, and wished."""

    def __init__(
        self, world: World, count: Counting, export: Counting | None = None, opcua: Counting | None = None
    ) -> None:
        self._world, self._count, self._export, self._opcua = world, count, export, opcua
        self.last_count: dict[str, Any] = {}
        self.questions: dict[str, Callable[[Values], dict[str, Any]]] = {
            "/flow": lambda values: {"vessel": _text(values, "vessel"), **world.flow(_text(values, "vessel"))},
            "/state": lambda _values: world.state(),
        }
        self.wishes: dict[str, Callable[[Values], dict[str, Any]]] = {
            "/counter/count": self._counted,
            "/counter/export": self._exported,
            "/counter/opcua": self._counted_over_opcua,
            "/culture/event": self._told,
            "/clock/skip": lambda values: {"time": world.skip(_number(values, "hours")).isoformat()},
            "/fault": self._faulted,
        }

    def page(self, said: str) -> str:
        """Return the page for people."""
        return page(self._world, self.last_count, said)

    def _counted(self, values: Values) -> dict[str, Any]:
        self.last_count = self._count(_text(values, "sample"), _text(values, "vessel"))
        return self.last_count

    def _exported(self, values: Values) -> dict[str, Any]:
        if self._export is None:
            raise NotSoError("there is no counter that exports files; start the simulators with --exports")
        self.last_count = self._export(_text(values, "sample"), _text(values, "vessel"))
        return self.last_count

    def _counted_over_opcua(self, values: Values) -> dict[str, Any]:
        if self._opcua is None:
            raise NotSoError("there is no Vi-CELL BLU; start the simulators with --vicell PORT")
        self.last_count = self._opcua(_text(values, "sample"), _text(values, "vessel"))
        return self.last_count

    def _told(self, values: Values) -> dict[str, Any]:
        event = self._world.tell(
            _text(values, "event"), volume=_number(values, "volume", 0), cells=_number(values, "cells", 0)
        )
        return asdict(event) | {"at": event.at.isoformat()}

    def _faulted(self, values: Values) -> dict[str, Any]:
        instrument, fault = _text(values, "instrument"), _text(values, "fault")
        self._world.fault(instrument, fault)
        return {"instrument": instrument, "fault": fault}


def serve(panel: Panel, port: int) -> ThreadingHTTPServer:
    """Return a server on loopback; port 0 takes a free one. The caller runs it."""
    return ThreadingHTTPServer(("127.0.0.1", port), type("_Handler", (_Handler,), {"panel": panel}))


class _Handler(BaseHTTPRequestHandler):
    panel: Panel
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Show the page, or answer a question."""
        address = urlsplit(self.path)
        values = {key: texts[-1] for key, texts in parse_qs(address.query).items()}
        if address.path == "/":
            self._send(HTTPStatus.OK, self.panel.page(values.get("said", "")), "text/html")
        else:
            self._answer(self.panel.questions.get(address.path), values)

    def do_POST(self) -> None:
        """Do what is wished: show a person the page again, tell a program what was done."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST))
        wish = self.panel.wishes.get(self.path)
        if self.headers.get_content_type() == "application/json":
            self._answer(wish, _json(body))
            return
        values = {key: texts[-1] for key, texts in parse_qs(body.decode("utf-8", "replace")).items()}
        _, told = _done(wish, values)
        said = told.get("error") or " · ".join(f"{key} {value}" for key, value in told.items())
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", f"/?{urlencode({'said': said})}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, act: Callable[[Values], dict[str, Any]] | None, values: Values) -> None:
        status, told = _done(act, values)
        self._send(status, json.dumps(told), "application/json")

    def _send(self, status: HTTPStatus, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the instruments' users read the page."""


def _done(act: Callable[[Values], dict[str, Any]] | None, values: Values) -> tuple[HTTPStatus, dict[str, Any]]:
    if act is None:
        return HTTPStatus.NOT_FOUND, {"error": "there is nothing at this address"}
    try:
        return HTTPStatus.OK, act(values)
    except NotSoError as sentence:
        return HTTPStatus.CONFLICT, {"error": str(sentence)}


def _json(body: bytes) -> Values:
    try:
        values = json.loads(body or b"{}")
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return values if isinstance(values, dict) else {}


def _text(values: Values, key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value.strip():
        raise NotSoError(f"{key} is missing")
    return value.strip()


def _number(values: Values, key: str, default: float | None = None) -> float:
    value = values.get(key)
    if value in (None, "") and default is not None:
        return default
    try:
        return float(value)  # type: ignore[arg-type]  # None and lists raise TypeError, as they should
    except (TypeError, ValueError):
        raise NotSoError(f"{key} is a number") from None
