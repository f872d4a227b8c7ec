"""Sessions at tablets: signing in and out, locking, being forgotten."""

from __future__ import annotations

import pytest

from mes.people import queries
from mes.people.models import SignIn
from tests.cast import ALICE, BOB
from tests.mes.laboratory import ADAM, PASSWORD, Laboratory
from tests.mes.tablet import Tablet


def cookie(tablet: Tablet) -> str:
    return tablet.http.cookies.get("__Host-mes") or ""


def sessions(lab: Laboratory) -> list[tuple[str, str | None]]:
    """Return whose sessions there were, and how they ended."""
    with lab.installation.reading() as session:
        return [(row.user, row.how) for row in session.query(SignIn).order_by(SignIn.began, SignIn.ended)]


@pytest.mark.requirement("RQ-073")
def test_signing_in_and_out_stands_in_the_ledger(lab: Laboratory) -> None:
    """When Alice came, at which tablet, and when she locked it."""
    tablet = lab.tablet(ALICE)
    lab.time.later(minutes=5)
    tablet.press("/batches/", "/lock")
    added, changed = (line for line in lab.lines("user:alice") if line["kind"].startswith("sign in"))
    assert (added["workstation"], added["body"]["values"]["workstation"]) == ("192.0.2.17", "192.0.2.17")
    assert changed["body"]["changes"]["how"] == [None, "locked"]
    assert sessions(lab) == [("alice", "locked")]


def test_the_ledger_does_not_hold_what_opens_a_session(lab: Laboratory) -> None:
    """Neither the cookie nor its hash can be read from a line."""
    tablet = lab.tablet(ALICE)
    with tablet.flask_session(lab.app) as held:
        token = held["token"]
    texts = [str(line) for line in lab.lines("user:alice")]
    assert not [text for text in texts if token in text or queries.hash_of(token) in text]


def test_a_session_gets_a_new_token_at_every_sign_in(lab: Laboratory) -> None:
    """A cookie planted before she signed in is worth nothing after."""
    tablet = lab.tablet()
    tablet.open("/sign-in")
    planted = cookie(tablet)
    tablet.sign_in("alice", PASSWORD)
    assert cookie(tablet) != planted
    other = lab.tablet()
    other.http.cookies.set("__Host-mes", planted, domain="lab.example")
    assert other.open("/batches/").path.startswith("/sign-in")


def test_a_locked_session_is_over_for_whoever_copied_it(lab: Laboratory) -> None:
    """The cookie that Alice's tablet held opens nothing once she has locked it."""
    tablet, thief = lab.tablet(ALICE), lab.tablet()
    thief.http.cookies.set("__Host-mes", cookie(tablet), domain="lab.example")
    assert thief.open("/batches/").path == "/batches/"
    tablet.press("/batches/", "/lock")
    assert thief.open("/batches/").path.startswith("/sign-in")


def test_signing_in_again_ends_the_session_before(lab: Laboratory) -> None:
    """Bob takes over the tablet: Alice's session is over, in the database too."""
    tablet = lab.tablet(ALICE)
    before = cookie(tablet)
    lab.time.later(minutes=5)
    tablet.sign_in("bob", PASSWORD)
    assert sessions(lab) == [("alice", "signed in again"), ("bob", None)]
    thief = lab.tablet()
    thief.http.cookies.set("__Host-mes", before, domain="lab.example")
    assert thief.open("/batches/").path.startswith("/sign-in")


def test_a_double_tap_on_sign_in_lets_her_in(lab: Laboratory) -> None:
    """The same form sent twice, as an impatient finger does: she is in all the same."""
    tablet = lab.tablet()
    form = tablet.open("/sign-in").form("/sign-in")
    tablet.send(form, user="alice", password=PASSWORD)
    again = tablet.post("/sign-in", {**form.fields, "user": "alice", "password": PASSWORD})
    assert tablet.open("/batches/").path == "/batches/", again.path


@pytest.mark.requirement("RQ-072")
def test_a_session_that_nobody_touches_locks(lab: Laboratory) -> None:
    """After a quarter of an hour without a touch, her name is kept and nothing else is shown."""
    tablet = lab.tablet(ALICE)
    with tablet.flask_session(lab.app) as held:
        held["touched"] -= 15 * 60 + 1
    answer = tablet.open("/batches/")
    assert answer.path.startswith("/sign-in")
    assert "Locked" in answer.page.text
    assert "Alice Operator" in answer.page.text


@pytest.mark.parametrize("header", [("HX-Request", "true"), ("Accept", "text/event-stream")])
def test_a_page_that_refreshes_itself_is_no_touch(lab: Laboratory, header: tuple[str, str]) -> None:
    """A live value or an open chart on the screen does not keep a session open that everybody has left."""
    tablet = lab.tablet(ALICE)
    with tablet.flask_session(lab.app) as held:
        held["touched"] -= 600
    tablet.open("/batches/", **dict([header]))
    with tablet.flask_session(lab.app) as held:
        waited = held["touched"]
    tablet.open("/batches/")
    with tablet.flask_session(lab.app) as held:
        assert held["touched"] > waited + 500


def test_after_a_lock_she_comes_back_to_where_she_was(lab: Laboratory) -> None:
    """The lock button and the sign-in lead back to the same page, where the tablet kept what was typed."""
    tablet = lab.tablet(ALICE)
    tablet.open("/lots/?search=CM")
    locked = tablet.press("/lots/?search=CM", "/lock")
    back = tablet.send(locked.form("/sign-in"), user="alice", password=PASSWORD)
    assert back.path == "/lots/?search=CM"


def test_a_form_sent_after_the_session_locked_leads_back_to_its_page(lab: Laboratory) -> None:
    """She fills in a form for too long: nothing is saved, and after signing in she is where she typed."""
    tablet = lab.tablet(BOB)
    page = tablet.open("/lots/")
    with tablet.flask_session(lab.app) as held:
        held["touched"] -= 3600
    answer = tablet.send(page.form("/lots/"), number="X-1", material="water", expiry="2027-01-01")
    assert answer.path.startswith("/sign-in")
    assert tablet.send(answer.form("/sign-in"), user="bob", password=PASSWORD).path == "/lots/"
    assert lab.count("lot") == 4


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie:x=1",
        "javascript:alert(1)",
        " https://evil.example/",
        "http:evil.example",
        "///evil.example",
        "/\n/evil.example",
    ],
)
def test_signing_in_leads_nowhere_else(lab: Laboratory, target: str) -> None:
    """A link somebody sent cannot use our sign-in page to lead away from us."""
    tablet = lab.tablet()
    form = tablet.open("/sign-in").form("/sign-in")
    tablet.http.follow_redirects = False
    answer = tablet.http.post("/sign-in", data={**form.fields, "user": "alice", "password": PASSWORD, "next": target})
    location = answer.headers["location"]
    assert answer.status_code == 302
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil" not in location
    assert not answer.cookies.get("x")


def test_a_person_is_shown_who_and_since_when(lab: Laboratory) -> None:
    """The list of people shows times in the site's zone, like every other page."""
    lab.tablet(ALICE)
    page = lab.tablet(ADAM).open("/people")
    assert "2026-03-02 16:00" in page.page.text
    assert "2026-03-02 08:00" not in page.page.text


def test_only_who_administers_or_inspects_sees_the_list_of_people(lab: Laboratory) -> None:
    """Who may do what is not for everybody to read."""
    assert lab.tablet(ALICE).open("/people").status == 403
    assert lab.tablet(ADAM).open("/people").status == 200


def test_adding_a_person_shows_a_first_password_that_works(lab: Laboratory) -> None:
    """Adam adds somebody; what the page shows once is what she signs in with."""
    tablet = lab.tablet(ADAM)
    answer = tablet.press("/people", "/people", name="nora", full_name="Nora New", role="operator")
    password = answer.html.split("<code>")[1].split("</code>")[0]
    assert lab.tablet().sign_in("nora", password).path == "/account"
    assert password not in str(lab.lines("user:nora"))


def test_a_double_tap_on_add_shows_no_password_that_does_not_work(lab: Laboratory) -> None:
    """The second of two taps is told that the person is there, not a password that was never kept."""
    tablet = lab.tablet(ADAM)
    form = tablet.open("/people").form("/people")
    values = {"name": "nora", "full_name": "Nora New", "role": "operator"}
    first, second = tablet.send(form, values), tablet.send(form, values)
    assert "First password" in first.page.text
    assert "First password" not in second.page.text
    assert "never given again" in second.error


def test_a_refused_account_keeps_what_was_typed(lab: Laboratory) -> None:
    """A mistake in one field does not empty the others."""
    answer = lab.tablet(ADAM).press("/people", "/people", name="Nora!", full_name="Nora New", role="operator")
    form = answer.form("/people")
    assert answer.status == 400
    assert "small letters" in answer.error
    assert (form.fields["name"], form.fields["full_name"], form.fields["role"]) == ("Nora!", "Nora New", "operator")


def test_the_pages_of_people_work(lab: Laboratory) -> None:
    """Roles, lock, password, deactivation and back, each from its button."""
    tablet = lab.tablet(ADAM)
    page = "/people?person=bob"
    tablet.press(page, "/bob/roles", role="operator", why="no longer verifies")
    shown = tablet.press(page, "/bob/password", why="forgot it")
    password = shown.html.split("<code>")[1].split("</code>")[0]
    assert lab.tablet().sign_in("bob", password).path == "/account"
    tablet.press(page, "/bob/deactivate", why="has left")
    assert lab.tablet().sign_in("bob", password).status == 403
    tablet.press(page, "/bob/reactivate", why="is back")
    for number in range(5):
        lab.tablet().sign_in("bob", f"a guess, number {number}")
    tablet.press(page, "/bob/unlock", why="his gloves")
    assert lab.tablet().sign_in("bob", password).path == "/account"
