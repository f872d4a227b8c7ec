"""A tablet on the application itself, without a server between: forms are read off the page and sent as a browser does.

It speaks TLS as far as the application can tell, so cookies and tokens are those of a real installation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from apiflask import APIFlask

from mes.demonstration.tablet import Form, Page, read

HOST = "https://lab.example"


@dataclass
class Answer:
    """What came back: the page that a person finds, and what the browser is told with it."""

    status: int
    page: Page
    html: str
    headers: httpx.Headers

    @property
    def path(self) -> str:
        """Where the browser is now."""
        return self.page.url.removeprefix(HOST)

    @property
    def error(self) -> str:
        """The sentences of refusals on the page."""
        return "; ".join(self.page.errors) or (self.page.text if self.status >= 400 else "")

    def form(self, ending: str) -> Form:
        """Return the form that is sent to an address with this ending."""
        form = self.page.form(ending)
        assert form, f"no form for {ending} on {self.page.url}: {[each.action for each in self.page.forms]}"
        return form


class Tablet:
    """One browser: its cookies, and where it is."""

    def __init__(self, app: APIFlask, address: str = "192.0.2.17") -> None:
        transport = httpx.WSGITransport(app=app, remote_addr=address)
        self.http = httpx.Client(transport=transport, base_url=HOST, event_hooks={"request": [self._refer]})
        self.at = ""

    def _refer(self, request: httpx.Request) -> None:
        if self.at:
            request.headers.setdefault("Referer", self.at)

    def open(self, path: str, params: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Ask for a page, and follow where it leads."""
        return self._follow(self.http.get(path, params=params, headers=headers))

    def send(self, form: Form, values: Mapping[str, str] | None = None, **more: str) -> Answer:
        """Fill in a form and send it."""
        return self.post(form.action, {**form.fields, **(values or {}), **more})

    def post(self, path: str, data: Mapping[str, object]) -> Answer:
        """Send what is given, and follow where it leads."""
        return self._follow(self.http.post(path, data=data))

    def upload(self, form: Form, **files: tuple[str, bytes]) -> Answer:
        """Choose files for a form and send it."""
        fields = {name: text for name, text in form.fields.items() if name not in files}
        return self._follow(self.http.post(form.action, data=fields, files=files))

    def press(self, path: str, ending: str, values: Mapping[str, str] | None = None, **more: str) -> Answer:
        """Open a page, fill in one of its forms and send it."""
        return self.send(self.open(path).form(ending), values, **more)

    def sign_in(self, user: str, password: str) -> Answer:
        """Sign in."""
        return self.press("/sign-in", "/sign-in", user=user, password=password)

    def close(self) -> None:
        """Put the tablet away."""
        self.http.close()

    def _follow(self, answer: httpx.Response) -> Answer:
        self.at = str(answer.url)
        while answer.has_redirect_location:
            assert answer.next_request
            answer = self.http.send(answer.next_request)
            self.at = str(answer.url)
        page = read(str(answer.url), answer.text)
        return Answer(answer.status_code, page, answer.text, answer.headers)

    @contextmanager
    def flask_session(self, app: APIFlask) -> Iterator[dict[str, Any]]:
        """Look into the cookie, and change it as only the server could."""
        serializer = app.session_interface.get_signing_serializer(app)
        held: dict[str, Any] = serializer.loads(self.http.cookies.get("__Host-mes"))
        yield held
        self.http.cookies.delete("__Host-mes")
        self.http.cookies.set("__Host-mes", serializer.dumps(held), domain="lab.example", path="/")
