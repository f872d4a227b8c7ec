"""What the tests of single sign-on share: a laboratory whose site has an issuer, and the way there and back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from batch_records.executed.commands import Person
from mes.sso.commands import LinkAccount
from tests.cast import ALICE
from tests.mes.laboratory import ADAM, Laboratory
from tests.mes.sso.issuer import SUBJECT, Issuer
from tests.mes.tablet import HOST, Answer, Tablet


@contextmanager
def site_with(lab: Laboratory, issuer: Issuer, **settings: Any) -> Iterator[None]:  # noqa: ANN401 - any setting
    """Let the laboratory's site have an issuer."""
    before = lab.installation.settings
    lab.installation.settings = replace(before, sso=issuer.sso, **settings)
    yield
    lab.installation.settings = before


def link(lab: Laboratory, person: Person = ALICE, subject: str = SUBJECT, email: str = "") -> None:
    """Have an administrator link somebody."""
    lab.do(LinkAccount(person.id, f"link-{person.id}", subject, email), ADAM)


def onward(answer: Answer) -> str:
    """Return where a page sends the browser on to."""
    found = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.html)
    assert len(found) == 1, answer.html
    return html.unescape(found[0])


def button(page: Answer) -> str:
    """Return where the button on the sign-in page leads, or nothing where there is none."""
    return "".join(html.unescape(found) for found in re.findall(r'href="(/sign-in/issuer[^"]*)"', page.html))


def way_back(tablet: Tablet, next_: str = "") -> str:
    """Press the button, stand before the issuer, and return the address that it sends the browser to."""
    page = tablet.open("/sign-in", {"next": next_})
    there = onward(tablet.open(button(page)))
    return httpx.get(there).headers["location"].removeprefix(HOST)


def last_step(tablet: Tablet, back: str) -> str:
    """Come back from another site, which brings no cookie along, and return where the page there leads."""
    stranger = Tablet(tablet.http._transport.app)
    try:
        return onward(stranger.open(back))
    finally:
        stranger.close()


def sign_in(tablet: Tablet, next_: str = "") -> Answer:
    """Sign in by the issuer."""
    return tablet.open(last_step(tablet, way_back(tablet, next_)))
