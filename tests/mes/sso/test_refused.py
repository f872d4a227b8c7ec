"""What comes back from the issuer and proves nobody: each thing that can be wrong, one at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mes.people.models import SignIn, User
from tests.cast import ALICE
from tests.mes.laboratory import PASSWORD, Laboratory
from tests.mes.sso.issuer import CLIENT, Issuer, running
from tests.mes.sso.signing_in import last_step, link, sign_in, site_with, way_back
from tests.mes.tablet import Answer

PLACE = "workstation:192.0.2.17"


@pytest.fixture
def issuer(lab: Laboratory) -> Iterator[Issuer]:
    """An issuer that the laboratory's site has, and that Alice is linked to."""
    with running() as issuer, site_with(lab, issuer):
        link(lab)
        yield issuer


def must_let_nobody_in(lab: Laboratory, answer: Answer) -> None:
    """Check that there is the sign-in page with a sentence, and no session."""
    assert answer.status in (403, 409)
    assert (len(answer.page.errors), lab.count("sign_in")) == (1, 0)
    assert answer.page.form("/sign-in")
    assert lab.verify().holds


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nonce": "0" * 64}, "invalid claim nonce"),
        ({"nonce": None}, "missing claim nonce"),
        ({"iss": "https://issuer.example"}, "invalid claim iss"),
        ({"iss": None}, "missing claim iss"),
        ({"aud": "another program"}, "invalid claim aud"),
        ({"aud": None}, "missing claim aud"),
        ({"aud": [CLIENT, "another program"]}, "another program"),
        ({"aud": [CLIENT, "another program"], "azp": "another program"}, "another program"),
        ({"azp": "another program"}, "another program"),
        ({"exp": time.time() - 3600}, "expired token"),
        ({"exp": None}, "missing claim exp"),
        ({"exp": "tomorrow"}, "invalid claim exp"),
        ({"iat": time.time() + 3600}, "invalid claim iat"),
        ({"sub": None}, "missing claim sub"),
        ({"sub": 7}, "invalid claim sub"),
        ({"auth_time": None}, "missing claim auth_time"),
        ({"auth_time": time.time() - 3600}, "let in who was there before"),
        ({"auth_time": "now"}, "let in who was there before"),
        ({"sub": "somebody else"}, "no account here is linked"),
    ],
)
def test_a_wrong_claim_lets_nobody_in(lab: Laboratory, issuer: Issuer, claims: dict[str, Any], why: str) -> None:
    """The page says so in a sentence, the attempt is on record, and it counts where it was tried."""
    issuer.claims = claims
    must_let_nobody_in(lab, sign_in(lab.tablet()))
    (sentence,) = [line["body"]["sentence"] for line in attempts(lab)]
    assert why in sentence
    assert lab.lines(PLACE, "workstation added")


def attempts(lab: Laboratory) -> list[dict[str, Any]]:
    """Return the attempts that are on record, wherever they stand."""
    return [each for book in (PLACE, "user:nobody") for each in lab.lines(book, "attempt refused")]


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        ({"algorithm": "none"}, "unsupported algorithm"),
        ({"algorithm": "HS256"}, "unsupported algorithm"),
        ({"signs_with": "another"}, "bad signature"),
    ],
)
def test_a_token_that_the_issuer_did_not_sign_lets_nobody_in(
    lab: Laboratory, issuer: Issuer, signature: dict[str, str], why: str
) -> None:
    """Unsigned, signed with a shared secret, signed with a key that is not the issuer's."""
    for name, wrong in signature.items():
        setattr(issuer, name, wrong)
    must_let_nobody_in(lab, sign_in(lab.tablet()))
    assert why in attempts(lab)[0]["body"]["sentence"]


@pytest.mark.usefixtures("issuer")
def test_another_sign_ins_state_lets_nobody_in(lab: Laboratory) -> None:
    """Somebody else's way back is slipped under Alice's button: she is not brought into their session."""
    other, tablet = lab.tablet(), lab.tablet()
    theirs = way_back(other)
    way_back(tablet)
    must_let_nobody_in(lab, tablet.open(last_step(tablet, theirs)))
    assert "does not belong to this sign-in" in attempts(lab)[0]["body"]["sentence"]


@pytest.mark.usefixtures("issuer")
def test_a_way_back_without_a_way_there_lets_nobody_in(lab: Laboratory) -> None:
    """A tablet that never pressed the button is told to begin; it is no attempt, for nothing was looked at."""
    theirs = way_back(lab.tablet())
    tablet = lab.tablet()
    must_let_nobody_in(lab, tablet.open(last_step(tablet, theirs)))
    assert attempts(lab) == []


@pytest.mark.usefixtures("issuer")
def test_a_way_that_took_too_long_lets_nobody_in(lab: Laboratory) -> None:
    """Ten minutes after the button the way is over."""
    tablet = lab.tablet()
    there = last_step(tablet, way_back(tablet))
    with tablet.flask_session(lab.app) as held:
        held["issuer"]["began"] -= 601
    must_let_nobody_in(lab, tablet.open(there))
    assert attempts(lab) == []


@pytest.mark.parametrize("forgets", [True, False])
def test_a_code_counts_once(lab: Laboratory, issuer: Issuer, *, forgets: bool) -> None:
    """The cookie of before is put back, and the way gone again: no second session, even if the issuer gives one."""
    issuer.forgets_codes = forgets
    tablet, thief = lab.tablet(), lab.tablet()
    there = last_step(tablet, way_back(tablet))
    thief.http.cookies.update(tablet.http.cookies)
    assert tablet.open(there).path == "/batches/"
    assert tablet.open(there).status == 409
    assert thief.open(there).status == (403 if forgets else 409)
    assert lab.count("sign_in") == 1
    assert lab.verify().holds


def test_a_code_is_worth_nothing_without_the_verifier(lab: Laboratory, issuer: Issuer) -> None:
    """Mallory saw the code on its way, and tries it in a sign-in of his own."""
    tablet, thief = lab.tablet(), lab.tablet()
    code = parse_qs(urlsplit(way_back(tablet)).query)["code"][0]
    way_back(thief)
    own = {"code": code, "state": issuer.asked[-1]["state"]}
    must_let_nobody_in(lab, thief.open("/sign-in/issuer/end", own))
    assert "does not take the code" in attempts(lab)[0]["body"]["sentence"]


@pytest.mark.usefixtures("issuer")
def test_a_locked_account_stays_locked(lab: Laboratory) -> None:
    """Five wrong passwords locked it: the issuer opens it no more than the password does."""
    for _ in range(5):
        lab.tablet().sign_in("alice", "a guess at her password")
    assert lab.row(User, "alice").locked
    must_let_nobody_in(lab, sign_in(lab.tablet()))


def test_a_workstation_that_waits_lets_nobody_in_by_the_issuer_either(lab: Laboratory, issuer: Issuer) -> None:
    """Ten tokens about nobody, and the tablet waits a quarter of an hour; then Alice comes in."""
    issuer.subject = "somebody else"
    for _ in range(10):
        sign_in(lab.tablet())
    issuer.subject = "248289761001"
    answer = sign_in(lab.tablet())
    assert (answer.status, "this workstation waits until" in answer.error) == (409, True)
    lab.time.later(minutes=16)
    assert sign_in(lab.tablet()).path == "/batches/"


def test_who_locked_the_screen_comes_back_while_the_workstation_waits(lab: Laboratory, issuer: Issuer) -> None:
    """Alice's own locked screen is hers, whoever else was refused there."""
    tablet = lab.tablet()
    sign_in(tablet)
    tablet.press("/batches/", "/lock")
    issuer.subject = "somebody else"
    for _ in range(10):
        sign_in(lab.tablet())
    issuer.subject = "248289761001"
    assert sign_in(lab.tablet()).status == 409
    assert sign_in(tablet).path == "/batches/"


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://lab.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
def test_a_document_that_says_something_else_is_not_followed(
    lab: Laboratory, issuer: Issuer, document: dict[str, Any]
) -> None:
    """Another issuer's document, and addresses that anybody on the way could change."""
    issuer.document = document
    tablet = lab.tablet()
    answer = tablet.open("/sign-in/issuer")
    assert (answer.status, "does not say what it should" in answer.error) == (503, True)


@pytest.mark.usefixtures("issuer")
def test_an_issuer_that_is_down_is_said(lab: Laboratory) -> None:
    """The button says that it does not answer; the password still opens, and nothing was counted."""
    with running() as gone:
        pass
    with site_with(lab, gone):
        tablet = lab.tablet()
        answer = tablet.open("/sign-in/issuer")
        assert (answer.status, "does not answer now" in answer.error) == (503, True)
        assert tablet.sign_in("alice", PASSWORD).path == "/batches/"
    assert attempts(lab) == []


def test_an_issuer_that_goes_down_on_the_way_is_said(lab: Laboratory) -> None:
    """Alice stood before it, and it went: the sign-in page says so, and she uses her password."""
    with running() as issuer, site_with(lab, issuer):
        link(lab)
        tablet = lab.tablet()
        there = last_step(tablet, way_back(tablet))
        settings = lab.installation.settings
    lab.installation.settings = settings
    answer = tablet.open(there)
    assert (answer.status, "does not answer now" in answer.error) == (503, True)
    assert tablet.sign_in(ALICE.id, PASSWORD).path == "/batches/"


def test_an_issuer_that_lets_nobody_in_is_said(lab: Laboratory, issuer: Issuer) -> None:
    """She changed her mind there: its own words are not shown on our page."""
    issuer.refuses = "<b>access_denied</b>"
    answer = sign_in(lab.tablet())
    assert (answer.status, "let nobody in" in answer.error) == (503, True)
    assert "access_denied" not in answer.html


def test_two_ways_back_at_once_open_one_session(lab: Laboratory, issuer: Issuer) -> None:
    """The same way back is gone twice at the same time, by an issuer that gives a token each time."""
    issuer.forgets_codes = False
    tablets = [lab.tablet() for _ in range(2)]
    there = last_step(tablets[0], way_back(tablets[0]))
    tablets[1].http.cookies.update(tablets[0].http.cookies)
    both = [threading.Thread(target=tablet.open, args=(there,)) for tablet in tablets]
    for each in both:
        each.start()
    for each in both:
        each.join()
    with lab.installation.reading() as session:
        assert [row.user for row in session.query(SignIn)] == ["alice"]
