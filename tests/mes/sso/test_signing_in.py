"""Signing in by the site's own issuer: as good as with a password, and no better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from mes.execute import Actor, execute
from mes.people.commands import SetActive
from mes.people.models import SINGLE_SIGN_ON, SignIn, User
from mes.signing import Signing
from mes.sso.commands import EndLink, LinkAccount
from mes.sso.models import IssuerLink
from tests.cast import ALICE, BOB
from tests.mes.laboratory import ADAM, FIRST_PASSWORD, PASSWORD, Laboratory
from tests.mes.played import Played
from tests.mes.sso.issuer import NAME, SUBJECT, Issuer, running
from tests.mes.sso.signing_in import button, last_step, link, sign_in, site_with, way_back


@pytest.fixture
def issuer(lab: Laboratory) -> Iterator[Issuer]:
    """An issuer that the laboratory's site has."""
    with running() as issuer, site_with(lab, issuer):
        yield issuer


def sessions(lab: Laboratory) -> list[SignIn]:
    with lab.installation.reading() as session:
        return list(session.query(SignIn).order_by(SignIn.began))


@pytest.mark.requirement("RQ-073")
@pytest.mark.usefixtures("issuer")
def test_who_is_linked_comes_in(lab: Laboratory) -> None:
    """Alice is asked at the hospital and stands before her batches; the ledger says by what the session began."""
    link(lab)
    answer = sign_in(lab.tablet())
    assert (answer.status, answer.path) == (200, "/batches/")
    (held,) = sessions(lab)
    assert (held.user, held.began_by, held.workstation) == ("alice", SINGLE_SIGN_ON, "192.0.2.17")
    (added,) = lab.lines("user:alice", "sign in added")
    assert (added["author"], added["body"]["values"]["began_by"]) == ("alice", SINGLE_SIGN_ON)
    assert lab.verify().holds


def test_the_issuer_is_asked_as_openid_connect_says(lab: Laboratory, issuer: Issuer) -> None:
    """A code with PKCE, state and nonce; the password is asked anew, and nothing secret is in the address."""
    link(lab)
    sign_in(lab.tablet())
    (asked,) = issuer.asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["prompt"], asked["max_age"], asked["scope"]) == ("login", "0", "openid email")
    assert asked["redirect_uri"] == "https://lab.example/sign-in/issuer/back"
    assert issuer.sso.secret not in str(asked)


def test_no_two_sign_ins_are_asked_with_the_same_secrets(lab: Laboratory, issuer: Issuer) -> None:
    """State, nonce and challenge are new each time."""
    for _ in range(2):
        way_back(lab.tablet())
    first, second = issuer.asked
    assert not [name for name in ("state", "nonce", "code_challenge") if first[name] == second[name]]


def test_the_policy_for_pages_stays_as_narrow_as_it_is(lab: Laboratory, issuer: Issuer) -> None:
    """Forms go to us alone: a page of ours leads to the issuer, and no redirect of a form does."""
    tablet = lab.tablet()
    page = tablet.open("/sign-in")
    sent = tablet.http.get(button(page))
    assert sent.status_code == 200
    for answer in (page.headers, sent.headers):
        assert "form-action 'self'" in answer["Content-Security-Policy"]
        assert issuer.url not in answer["Content-Security-Policy"]


def test_no_issuer_no_button(lab: Laboratory) -> None:
    """A site without one sees nothing of it, and its address leads nowhere."""
    tablet = lab.tablet()
    assert not button(tablet.open("/sign-in"))
    answer = tablet.open("/sign-in/issuer")
    assert (answer.status, "no single sign-on" in answer.error) == (409, True)


@pytest.mark.usefixtures("issuer")
def test_it_leads_back_to_where_one_was(lab: Laboratory) -> None:
    """A page of ours is found again."""
    link(lab)
    assert sign_in(lab.tablet(), "/equipment/").path == "/equipment/"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
@pytest.mark.usefixtures("issuer")
def test_it_leads_nowhere_else(lab: Laboratory, target: str) -> None:
    """What was slipped into the address is left out."""
    link(lab)
    assert sign_in(lab.tablet(), target).path == "/batches/"


def test_an_address_is_linked_until_the_subject_is_known(lab: Laboratory, issuer: Issuer) -> None:
    """Alice's address is given to somebody else one day: by then it is her subject that counts."""
    link(lab, subject="", email="Alice@Example.org")
    issuer.claims = {"email": "alice@example.org", "email_verified": True}
    assert sign_in(lab.tablet()).path == "/batches/"
    assert lab.row(IssuerLink, "link-alice").subject == SUBJECT
    issuer.subject = "another"
    assert "no account here is linked" in sign_in(lab.tablet()).error.lower()


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_the_issuer_did_not_see_to_counts_nothing(
    lab: Laboratory, issuer: Issuer, verified: object
) -> None:
    """Whoever types Alice's address at the issuer is not Alice."""
    link(lab, subject="", email="alice@example.org")
    issuer.claims = {"email": "alice@example.org", "email_verified": verified}
    assert sign_in(lab.tablet()).status == 403


def test_roles_are_ours_alone(lab: Laboratory, issuer: Issuer) -> None:
    """The issuer calls her an administrator of everything; she is what she was, and no account was made."""
    link(lab)
    users = lab.count("user_account")
    issuer.claims = {"roles": ["administrator"], "groups": ["releaser"], "name": "Somebody Else"}
    sign_in(lab.tablet())
    row = lab.row(User, "alice")
    assert (set(row.roles), row.name, lab.count("user_account")) == (ALICE.roles, ALICE.name, users)


@pytest.mark.requirement("RQ-071")
@pytest.mark.usefixtures("issuer")
def test_a_second_factor_is_asked_for_as_after_a_password(lab: Laboratory) -> None:
    """The site asks everybody: she has none, and sets one up before anything else; from outside nobody gets in."""
    link(lab)
    lab.installation.settings = replace(lab.installation.settings, second_factor="always")
    assert sign_in(lab.tablet()).path == "/account/factors/"
    lab.installation.settings = replace(lab.installation.settings, inside=(ip_network("10.0.0.0/8"),))
    assert "set one up at a workstation of the site" in sign_in(lab.tablet()).error


@pytest.mark.usefixtures("issuer")
def test_signing_asks_for_name_and_password_all_the_same(lab: Laboratory) -> None:
    """The session was proven by somebody else: the first signature has both components, and they are ours."""
    link(lab)
    batch = Played(lab).start("COI-26-0001-A")
    sign_in(lab.tablet())
    (held,) = [each for each in sessions(lab) if each.began_by]
    by, hold = Actor(ALICE, held.workstation, "alice", held.id), c.HoldBatch(batch.number, "a doubt")
    for user, password in (("", PASSWORD), ("alice", ""), ("alice", SUBJECT)):
        with lab.app.app_context(), pytest.raises(Refused, match="nothing was signed"):
            execute(hold, by=by, tap="", signing=Signing(user, password, batch.batch.last.hash))


@pytest.mark.usefixtures("issuer")
def test_who_has_a_first_password_chooses_one_before_anything_else(lab: Laboratory) -> None:
    """Signing needs a password that nobody else knows; with the first one she chooses it."""
    link(lab)
    lab.tablet(ADAM).press("/people?person=alice", "/alice/password", why="she forgot it")
    tablet = lab.tablet()
    assert sign_in(tablet).path == "/account"
    assert tablet.open("/batches/").path == "/account"


@pytest.mark.usefixtures("issuer")
def test_wrong_passwords_are_not_forgiven_by_the_issuer(lab: Laboratory) -> None:
    """Four guesses at Alice's signature, single sign-on, and one more: the account is locked."""
    link(lab)
    for _ in range(4):
        lab.tablet().sign_in("alice", "a guess at her password")
    tablet = lab.tablet()
    assert sign_in(tablet).path == "/batches/"
    assert lab.row(User, "alice").wrong_passwords == 4
    lab.tablet().sign_in("alice", "a guess at her password")
    assert lab.row(User, "alice").locked
    assert tablet.open("/batches/").path.startswith("/sign-in")


@pytest.mark.usefixtures("issuer")
def test_signing_out_ends_the_session(lab: Laboratory) -> None:
    """She locks the screen; the session is over here, and the next one asks at the issuer again."""
    link(lab)
    tablet = lab.tablet()
    sign_in(tablet)
    tablet.press("/batches/", "/lock")
    assert [held.how for held in sessions(lab)] == ["locked"]
    assert tablet.open("/batches/").path.startswith("/sign-in")
    assert sign_in(tablet).path == "/batches/"


@pytest.mark.usefixtures("issuer")
def test_the_session_before_it_is_over(lab: Laboratory) -> None:
    """Bob's tablet is taken over by Alice: his session ends with her sign-in."""
    link(lab)
    tablet = lab.tablet(BOB)
    sign_in(tablet)
    assert {held.user: held.how for held in sessions(lab)} == {"bob": "signed in again", "alice": None}


@pytest.mark.usefixtures("issuer")
def test_ending_a_link_ends_what_began_by_it(lab: Laboratory) -> None:
    """From the next request on, and only that; the reason is on record."""
    link(lab)
    by_issuer, by_password = lab.tablet(), lab.tablet(ALICE)
    sign_in(by_issuer)
    lab.tablet(ADAM).press("/people?person=alice", "/alice/issuer/end", why="left the hospital")
    assert by_issuer.open("/batches/").path.startswith("/sign-in")
    assert by_password.open("/batches/").path == "/batches/"
    assert sign_in(lab.tablet()).status == 403
    assert "left the hospital" in str(lab.lines("user:alice", "reason given"))


@pytest.mark.requirement("RQ-073")
@pytest.mark.usefixtures("issuer")
def test_the_log_and_the_review_say_by_what_somebody_comes_in(lab: Laboratory) -> None:
    """Who looks through access sees which accounts the issuer opens, and when it did."""
    link(lab)
    sign_in(lab.tablet())
    auditor = lab.tablet(ADAM)
    assert "signed in by single sign-on" in auditor.open("/access/").page.text
    assert "password, single sign-on" in auditor.open("/access/review").page.text


@pytest.mark.usefixtures("issuer")
def test_an_administrator_links_on_the_page(lab: Laboratory) -> None:
    """Linking is a line like any change; the page says to what, and calls the issuer by its name."""
    tablet = lab.tablet(ADAM)
    answer = tablet.press("/people?person=alice", "/alice/issuer", subject=SUBJECT)
    assert NAME in answer.page.text
    assert SUBJECT in answer.page.text
    (added,) = lab.lines("user:alice", "issuer link added")
    assert (added["author"], added["body"]["values"]["subject"]) == ("adam", SUBJECT)


@pytest.mark.parametrize(
    ("user", "subject", "email", "why"),
    [
        ("bob", SUBJECT, "", "linked to an account already"),
        ("alice", "another", "", "linked to an account already"),
        ("adam", "another", "", "nobody links their own"),
        ("nemo", "another", "", "works here"),
        ("gateway_1", "another", "", "works here"),
        ("bob", "", "", "one of them"),
        ("bob", "another", "bob@example.org", "one of them"),
        ("bob", "x" * 251, "", "that long"),
    ],
)
@pytest.mark.usefixtures("issuer")
def test_one_account_is_one_persons(lab: Laboratory, user: str, subject: str, email: str, why: str) -> None:
    """Nobody is linked twice, nor to another's account, nor by themselves, nor a machine."""
    link(lab)
    with pytest.raises((Refused, Malformed), match=why):
        lab.do(LinkAccount(user, "link-2", subject, email), ADAM)


@pytest.mark.usefixtures("issuer")
def test_only_administrators_link(lab: Laboratory) -> None:
    """Alice cannot, and an end has a reason."""
    with pytest.raises(Refused, match="administrator"):
        lab.do(LinkAccount("bob", "link-2", SUBJECT, ""), ALICE)
    with pytest.raises(Malformed, match="say why"):
        lab.do(EndLink("alice", " "), ADAM)


@pytest.mark.usefixtures("issuer")
def test_who_was_deactivated_stays_out(lab: Laboratory) -> None:
    """The issuer still knows her: that opens nothing here."""
    link(lab)
    lab.do(SetActive("alice", active=False, reason="has left"), ADAM)
    answer = sign_in(lab.tablet())
    assert (answer.status, "no account here is linked" in answer.error.lower()) == (403, True)
    assert sessions(lab) == []


def test_the_cookie_carries_no_secret_of_the_site(lab: Laboratory, issuer: Issuer) -> None:
    """What the browser keeps between is of no use without the installation's key."""
    tablet = lab.tablet()
    back = way_back(tablet)
    with tablet.flask_session(lab.app) as held:
        kept = str(held)
    assert issuer.asked[0]["state"] not in kept
    assert issuer.asked[0]["nonce"] not in kept
    assert FIRST_PASSWORD not in last_step(tablet, back)
