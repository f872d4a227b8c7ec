"""What forms share: the tap, the signature, and where to go after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from batch_records.executed.draft import Malformed
from mes.badges.scanned import user_of
from mes.context import installation
from mes.signing import Signing

_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?")


@dataclass(frozen=True)
class Form:
    """The form of this request."""

    fields: Mapping[str, str]

    @property
    def tap(self) -> str:
        """The UUID that was made when the form was drawn."""
        try:
            return str(UUID(self.fields.get("tap", "")))
        except ValueError:
            return str(uuid4())  # a program that sends none has nothing to be counted once

    @property
    def signing(self) -> Signing:
        """The signature given with the form. A badge that was scanned names its holder, and no more."""
        return Signing(user_of(self.text("user")), self.fields.get("password", ""), self.text("seen"))

    @property
    def signing_if_given(self) -> Signing | None:
        """The signature, where the form has one."""
        return self.signing if self.fields.get("password") else None

    @property
    def is_signed(self) -> bool:
        """Whether the form asked for a signature."""
        return "password" in self.fields

    def text(self, name: str) -> str:
        """Return a field's text without blanks around it."""
        return self.fields.get(name, "").strip()

    def number_after(self, mark: str, name: str) -> int | None:
        """Return the number at the end of a field, after a mark: 17 of ``CC-01/17``."""
        digits = self.text(name).rpartition(mark)[2]
        return int(digits) if re.fullmatch("[0-9]{1,15}", digits) else None

    def number(self, name: str) -> int:
        """Return a small number, or 0 where there is none."""
        return int(self.text(name)) if re.fullmatch("[0-9]{1,9}", self.text(name)) else 0

    def reason(self) -> str:
        """Return the reason: the one picked, and what was added in words."""
        return ": ".join(filter(None, (self.text("reason"), self.text("why") or self.text("comment"))))

    def time(self, name: str) -> datetime:
        """Return a time; one without a zone is the site's."""
        return local_time(name, self.text(name))

    def typed(self) -> dict[str, str]:
        """Return what was entered by field, as it was typed."""
        prefix = "value."
        return {key.removeprefix(prefix): text for key, text in self.fields.items() if key.startswith(prefix)}

    def values(self) -> dict[str, str]:
        """Return the values entered by field; a date and time without a zone is the site's."""
        return {name: with_zone(text) for name, text in self.typed().items()}


def form() -> Form:
    """Return the form of this request."""
    return Form(request.form)


def local_time(name: str, text: str) -> datetime:
    """Read a date and time as typed; without a zone it is the site's."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(name, "enter a date and time: 2026-11-22 14:05") from None
    if not 1900 <= time.year <= 2999:
        raise Malformed(name, "enter a year from 1900 to 2999")
    return time if time.tzinfo else time.replace(tzinfo=installation().settings.zone)


def with_zone(text: str) -> str:
    """Add the site's zone to a date and time without one; leave every other text alone."""
    if not _LOCAL_TIME.fullmatch(text.strip()):
        return text
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=installation().settings.zone).isoformat()
    except ValueError:  # the thirteenth month: whoever asks for a time says so
        return text


def safe_next(target: str) -> str | None:
    """Return where to go after signing in, if it is a place of ours."""
    is_ours = target.startswith("/") and not target.startswith("//") and target.isprintable() and "\\" not in target
    return target if is_ours else None


def is_for_programs() -> bool:
    """Say whether what is asked for is the interface's, or would be if there were such an address."""
    return request.blueprint == "api" or (request.endpoint is None and request.path.startswith("/api/"))


def came_from() -> str | None:
    """Return the page of ours that this request came from; of a form that was refused, the page that it stood on."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host:
        return None
    if _is_page(came.path):
        return safe_next(came.path + (f"?{came.query}" if came.query else ""))
    parts = came.path.split("/")
    above = ("/".join(parts[:length]) for length in range(len(parts) - 1, 1, -1))
    return next((safe_next(path) for path in above if _is_page(path)), None)


def _is_page(path: str) -> bool:
    """Say whether there is something to look at under an address."""
    try:
        current_app.url_map.bind(request.host).match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def uploaded_text(name: str) -> tuple[str, str]:
    """Return the name, without its ending, and the text of an uploaded file."""
    file = request.files.get(name)
    if file is None or not file.filename:
        raise Malformed(name, "choose a file")
    try:
        return file.filename.rsplit("/", 1)[-1].removesuffix(".yaml").removesuffix(".yml"), file.read().decode()
    except UnicodeDecodeError:
        raise Malformed(name, "this file is no text in UTF-8") from None
