"""A session is its holder's alone, from the sign-in to its end (ASVS 7.2 to 7.4)."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.cast import ALICE
from tests.mes.laboratory import PASSWORD, Laboratory
from tests.mes.tablet import HOST, Tablet

COOKIE = "__Host-mes"


def is_in(lab: Laboratory, cookie: str) -> bool:
    """Say whether a cookie opens a page."""
    tablet = lab.tablet()
    tablet.http.cookies.set(COOKIE, cookie, domain="lab.example", path="/")
    return tablet.http.get("/batches/").status_code == 200


def cookie_of(tablet: Tablet) -> str:
    """Return the cookie of a tablet."""
    return str(tablet.http.cookies[COOKIE])


def test_a_session_is_a_new_one_at_every_sign_in(laboratory: Laboratory) -> None:
    """ASVS 7.2.4: a cookie that was fixed before signing in opens nothing, and the session held before is over."""
    tablet = laboratory.tablet()
    tablet.open("/sign-in")
    fixed = cookie_of(tablet)
    tablet.sign_in(ALICE.id, PASSWORD)
    first = cookie_of(tablet)
    tablet.sign_in(ALICE.id, PASSWORD)
    assert len({fixed, first, cookie_of(tablet)}) == 3
    assert [is_in(laboratory, cookie) for cookie in (fixed, first, cookie_of(tablet))] == [False, False, True]


@pytest.mark.requirement("RQ-005")
def test_a_cookie_of_a_session_that_is_over_is_dead(laboratory: Laboratory) -> None:
    """ASVS 7.4.1: Alice locks the screen; whoever copied her cookie holds nothing."""
    tablet = laboratory.tablet(ALICE)
    copied = cookie_of(tablet)
    assert is_in(laboratory, copied)
    tablet.press("/batches/", "/lock")
    assert not is_in(laboratory, copied)


@pytest.mark.parametrize(("began", "touched", "opens"), [(11, 0, True), (13, 0, False), (1, 1, False), (-1, 0, True)])
def test_a_session_ends_however_busy_its_holder(
    laboratory: Laboratory, began: float, touched: float, *, opens: bool
) -> None:
    """ASVS 7.3.1, 7.3.2: after twelve hours all told, and after a quarter of an hour without a touch."""
    tablet = laboratory.tablet(ALICE)
    with tablet.flask_session(laboratory.app) as held:
        held["began"], held["touched"] = time.time() - began * 3600, time.time() - touched * 3600
    assert (tablet.http.get("/batches/").status_code == 200) is opens


def test_a_session_that_does_not_say_when_it_began_is_over(laboratory: Laboratory) -> None:
    """What an older version signed is asked to sign in again."""
    tablet = laboratory.tablet(ALICE)
    with tablet.flask_session(laboratory.app) as held:
        del held["began"]
    assert tablet.http.get("/batches/").is_redirect


def test_a_cookie_cannot_be_made_or_changed(laboratory: Laboratory) -> None:
    """ASVS 7.2.1: a letter changed anywhere, a signature left out or another key: nobody is signed in."""
    cookie = cookie_of(laboratory.tablet(ALICE))
    body, stamp, signature = cookie.rsplit(".", 2)
    forged = [f"{body}.{stamp}.", f"{body}.{stamp}.{signature[::-1]}", f"{body[:-1]}.{stamp}.{signature}", body, ""]
    forged += [
        cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :] for place in range(0, 60, 7)
    ]
    assert not any(is_in(laboratory, each) for each in forged)


def test_two_sign_ins_never_share_a_secret(laboratory: Laboratory) -> None:
    """ASVS 7.2.3: each session holds 256 random bits of its own, and the database only their hash."""
    held = set()
    for _ in range(5):
        with laboratory.tablet(ALICE).flask_session(laboratory.app) as session:
            held.add(session["token"])
    assert len(held) == 5
    assert all(len(token) == 43 for token in held)
    with laboratory.reading() as connection:
        kept = set(connection.exec_driver_sql("SELECT id FROM sign_in").scalars())
    assert not held & kept


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(laboratory: Laboratory, place: str) -> None:
    """ASVS 3.7.2: whatever the link said, the next page is one of ours."""
    tablet = laboratory.tablet()
    form = tablet.open("/sign-in", params={"next": place}).form("/sign-in")
    sent = {**form.fields, "user": ALICE.id, "password": PASSWORD, "next": place}
    answer = tablet.http.post(form.action, data=sent)
    assert answer.headers["location"] == "/batches/"


def test_nothing_secret_stands_in_an_address(laboratory: Laboratory) -> None:
    """ASVS 14.2.1: no link and no form of a page carries a token or a password in its address."""
    tablet = laboratory.tablet(ALICE)
    for path in ("/batches/", "/orders/", "/alarms/", "/lots/"):
        html = tablet.open(path).html
        assert cookie_of(tablet) not in html
        for form in tablet.open(path).page.forms:
            assert "token" not in httpx.URL(HOST + form.action).query.decode()
