"""Passkeys, made and asked for by a real browser: its own virtual authenticator answers in a person's stead."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import CDPSession, expect

from mes.factors.models import SecondFactor
from tests.browser.conftest import Hand
from tests.browser.screen import Screen
from tests.cast import ALICE, BOB
from tests.mes.laboratory import PASSWORD, Laboratory

_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture
def origin(origin: str) -> str:
    """Where the application is served, by a name: a passkey belongs to one, and never to an address."""
    return origin.replace("127.0.0.1", "localhost")


def with_authenticator(screen: Screen) -> tuple[CDPSession, str]:
    """Give a tablet an authenticator of its own, and return how to reach it."""
    session = screen.page.context.new_cdp_session(screen.page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    return session, str(made["authenticatorId"])


def add(screen: Screen) -> None:
    """Add a passkey on the page."""
    screen.open("/account/factors/")
    screen.page.locator("#passkey-password").fill(PASSWORD)
    screen.press("Add a passkey")


def sign_in(screen: Screen, user: str) -> None:
    """Give name and password."""
    screen.open("/sign-in")
    screen.page.get_by_label("Name to sign in").fill(user)
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Sign in")


def moved(here: tuple[CDPSession, str], there: tuple[CDPSession, str]) -> dict[str, Any]:
    """Carry the passkey of one authenticator into another, as a person carries a key; return it."""
    (key,) = here[0].send("WebAuthn.getCredentials", {"authenticatorId": here[1]})["credentials"]
    there[0].send("WebAuthn.addCredential", {"authenticatorId": there[1], "credential": key})
    return dict(key)


@pytest.mark.requirement("RQ-071")
def test_a_passkey_is_added_and_asked_for(hand: Hand, lab: Laboratory) -> None:
    """Alice adds one on her tablet; at the next sign-in the password alone opens nothing, the passkey does."""
    screen = hand(ALICE, "/account/factors/")
    here = with_authenticator(screen)
    add(screen)
    expect(screen.page.locator(".lines")).to_contain_text("my key")
    other = hand()
    there = with_authenticator(other)
    moved(here, there)
    sign_in(other, "alice")
    assert other.path == "/account/factors/ask"
    assert other.open("/batches/").path == "/account/factors/ask"
    other.press("Use my passkey")
    assert other.path == "/batches/"
    with lab.installation.reading() as session:
        (row,) = session.query(SecondFactor)
    assert (row.user, row.kind) == ("alice", "passkey")


@pytest.mark.requirement("RQ-071")
def test_anothers_passkey_opens_nothing(hand: Hand, lab: Laboratory) -> None:
    """Bob has Alice's password and his own key: the browser finds no key, and an answer of his own is refused."""
    screens = [hand(person, "/account/factors/") for person in (ALICE, BOB)]
    for screen in screens:
        with_authenticator(screen)
        add(screen)
    fields = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}
    tablet = lab.tablet()
    answer = tablet.sign_in("alice", PASSWORD)
    for said in ("", "[]", "not JSON", json.dumps(fields)):
        refused = tablet.send(answer.form("/ask/passkey"), answer=said)
        assert refused.status == 409
    assert tablet.open("/batches/").path == "/account/factors/ask"
    assert len(lab.lines("user:alice", "password refused")) == 4


@pytest.mark.requirement("RQ-071")
def test_an_answer_belongs_to_one_sign_in(hand: Hand, lab: Laboratory) -> None:
    """What a passkey answered once is recorded and sent again at another sign-in: refused."""
    screen = hand(ALICE, "/account/factors/")
    here = with_authenticator(screen)
    add(screen)
    other = hand()
    moved(here, with_authenticator(other))
    sign_in(other, "alice")
    sent: list[str] = []
    other.page.on("request", lambda request: sent.append(request.post_data or "") if "passkey" in request.url else None)
    other.press("Use my passkey")
    assert other.path == "/batches/"
    answer = dict(pair.split("=", 1) for pair in sent[-1].split("&"))["answer"]
    tablet = lab.tablet()
    form = tablet.sign_in("alice", PASSWORD).form("/ask/passkey")
    assert tablet.send(form, answer=unquote_plus(answer)).status == 409
