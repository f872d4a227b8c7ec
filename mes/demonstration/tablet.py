"""A tablet without a screen: it asks for pages, fills in the forms on them and sends them, as a browser does.

The demonstration's people work through it, so every tap of theirs goes the way of a person's: the page, its form with
its hidden fields, the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx


class NotDone(Exception):  # noqa: N818 - what the page answered
    """The laboratory refused something, with the sentence on the page."""


@dataclass
class Form:
    """A form as it was drawn: where it is sent, and its fields with what they hold."""

    action: str
    id: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    asks: list[str] = field(default_factory=list)  # the fields that a person fills in
    closed: bool = False  # its button cannot be pressed now


@dataclass
class Page:
    """What a person finds on a page: forms, links by their class, and the sentences of refusals."""

    url: str
    forms: list[Form]
    links: dict[str, str]
    errors: list[str]
    text: str

    def form(self, ending: str) -> Form | None:
        """Return the form that is sent to an address with this ending."""
        return next((form for form in self.forms if form.action.endswith(ending) and not form.closed), None)

    def waits(self, ending: str) -> bool:
        """Say whether there is such a form whose button cannot be pressed yet."""
        return any(form.action.endswith(ending) and form.closed for form in self.forms)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.loose: list[tuple[str, dict[str, str]]] = []  # fields that name their form by id
        self.links: dict[str, str] = {}
        self.errors: list[str] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._textarea: tuple[Form, str] | None = None
        self._error = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        classes = given.get("class", "").split()
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("id", ""))
            self.forms.append(self._form)
        elif tag in ("input", "textarea", "select") and given.get("name"):
            self._field(tag, given)
        elif tag == "button" and "disabled" in given and self._form:
            self._form.closed = True
        elif tag == "a" and "primary" in classes:
            self.links["primary"] = given.get("href", "")
        if self._error or "error" in classes:
            self._error += tag not in ("input", "use", "br")
            if "error" in classes:
                self.errors.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea":
            self._textarea = None
        if self._error and tag not in ("input", "use", "br"):
            self._error -= 1

    def handle_data(self, data: str) -> None:
        if self._textarea:
            form, name = self._textarea
            form.fields[name] = form.fields.get(name, "") + data.strip()
        if self._error:
            self.errors[-1] += data
        self.text.append(data)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form = next((form for form in self.forms if form.id == given["form"]), None) if "form" in given else self._form
        if form is None:
            return
        name, kind = given["name"], given.get("type", "text")
        if kind in ("radio", "checkbox"):
            form.asks.append(name)
            if "checked" in given:
                form.fields[name] = given.get("value", "")
            return
        form.fields[name] = given.get("value", "")
        if kind != "hidden":
            form.asks.append(name)
        if tag == "textarea":
            self._textarea = (form, name)


def read(url: str, html: str) -> Page:
    """Return what a person finds on a page."""
    reader = _Reader()
    reader.feed(html)
    errors = [" ".join(error.split()) for error in reader.errors if error.strip()]
    return Page(url, reader.forms, reader.links, errors, " ".join(" ".join(reader.text).split()))


class Tablet:
    """One person's tablet."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, follow_redirects=True, timeout=60)

    def open(self, path: str) -> Page:
        """Ask for a page."""
        return self._read(self._http.get(path))

    def json(self, path: str) -> Mapping[str, object]:
        """Ask for data."""
        answer: Mapping[str, object] = self._http.get(path).raise_for_status().json()
        return answer

    def send(self, form: Form, values: Mapping[str, str]) -> Page:
        """Fill in a form and send it. Raise `NotDone` with what the page says when it is refused."""
        return self._read(self._http.post(form.action, data={**form.fields, **values}))

    def sign_in(self, user: str, password: str) -> None:
        """Sign in."""
        page = self.open("/sign-in")
        form = page.form("/sign-in")
        if form is None:
            raise NotDone("there is no sign-in page")
        self.send(form, {"user": user, "password": password})

    def download(self, path: str) -> bytes:
        """Ask for a file."""
        return self._http.get(path).raise_for_status().content

    def close(self) -> None:
        """Put the tablet away."""
        self._http.close()

    def _read(self, answer: httpx.Response) -> Page:
        page = read(str(answer.url), answer.text)
        if answer.status_code >= 400:
            raise NotDone("; ".join(page.errors) or page.text[-400:])
        return page
