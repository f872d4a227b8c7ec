"""Badges: a scan fills in the name. It never signs, and a lost one names nobody a moment later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from mes.badges.commands import EndBadge, IssueBadge, IssueTemporaryBadge, NoteBadgeTest
from mes.badges.models import Badge
from mes.execute import Forbidden
from mes.people.models import SignIn
from mes.signing import Signing
from tests.cast import ALICE, BOB, MALLORY, QUINN
from tests.mes.laboratory import ADAM, PASSWORD, SAM, Laboratory
from tests.mes.played import Played

CODE = "BDG-000417"


@pytest.fixture
def badged(lab: Laboratory) -> Laboratory:
    """A laboratory in which Alice carries a badge."""
    lab.do(IssueBadge(CODE, "alice"), ADAM)
    return lab


def lend(lab: Laboratory, by: c.Person, signer: c.Person, user: str = "alice", hours: float = 8) -> None:
    """Hand out a badge for some hours, in somebody's session, signed by another."""
    seen = lab.head(f"user:{user}")
    command = IssueTemporaryBadge("TMP-1", user, lab.time() + timedelta(hours=hours))
    lab.sign(command, by, Signing(signer.id, PASSWORD, seen))


@pytest.mark.requirement("RQ-020")
@pytest.mark.requirement("RQ-071")
def test_a_badge_names_and_opens_nothing(badged: Laboratory) -> None:
    """With the badge alone nobody comes in; with the password it is Alice who does, and the badge was used."""
    tablet = badged.tablet()
    assert tablet.sign_in(CODE, "").status == 403
    assert tablet.sign_in(CODE, CODE).status == 403
    assert tablet.sign_in(CODE, PASSWORD).path == "/batches/"
    with badged.installation.reading() as session:
        (used,) = session.query(SignIn).filter_by(badge=CODE)
    assert used.user == "alice"


@pytest.mark.requirement("RQ-020")
def test_a_badge_never_signs(badged: Laboratory) -> None:
    """In the signature panel it fills in the name; without the password nothing is signed."""
    batch = Played(badged).start("COI-26-0001-A").finish("1.8").work("1.8")
    badged.do(IssueBadge("BDG-BOB", "bob"), ADAM)
    batch.complete("1.8")
    tablet = badged.tablet(ALICE)
    form = tablet.open(f"{batch.page}/steps/1.8").form("/verification")
    assert tablet.send(form, user="BDG-BOB", password="").status == 409
    assert tablet.send(form, user="BDG-BOB", password="BDG-BOB").status == 409
    tablet.send(form, user="BDG-BOB", password=PASSWORD)
    assert badged.lines(batch.book)[-1]["author"] == "bob"


@pytest.mark.requirement("RQ-026")
@pytest.mark.parametrize("by", [ALICE, ADAM, SAM, QUINN], ids=lambda by: by.id)
def test_a_lost_badge_is_worth_nothing_at_once(badged: Laboratory, by: c.Person) -> None:
    """Alice says so herself, or somebody for her: in the same instant it names nobody, and the attempt is noted."""
    badged.do(EndBadge(CODE, "alice", "lost"), by)
    assert badged.tablet().sign_in(CODE, PASSWORD).status == 403
    assert badged.lines(f"user:{CODE}", "password refused")
    assert badged.tablet().sign_in("alice", PASSWORD).path == "/batches/"


def test_a_badge_is_not_withdrawn_by_just_anybody(badged: Laboratory) -> None:
    """Mallory does not end Alice's badge, and not one that Alice does not have."""
    with pytest.raises(Refused, match="who carries it"):
        badged.do(EndBadge(CODE, "alice", "lost"), MALLORY)
    with pytest.raises(Refused, match="no badge"):
        badged.do(EndBadge("BDG-OTHER", "alice", "lost"), ALICE)
    with pytest.raises(Malformed, match="lost or given back"):
        badged.do(EndBadge(CODE, "alice", "eaten"), ALICE)


@pytest.mark.requirement("RQ-026")
def test_a_temporary_badge_takes_two_people(badged: Laboratory) -> None:
    """Adam hands it out and Sam signs: both are kept, and tomorrow it names nobody."""
    lend(badged, ADAM, SAM)
    row = badged.row(Badge, "TMP-1")
    assert (row.issued_by, row.confirmed_by) == ("adam", "sam")
    signed = badged.lines("user:alice", "temporary badge confirmed")[0]
    assert (signed["signed"]["name"], signed["session"]) == ("Sam Supervisor", "adam")
    assert badged.tablet().sign_in("TMP-1", PASSWORD).path == "/batches/"
    badged.time.later(hours=8)
    assert badged.tablet().sign_in("TMP-1", PASSWORD).status == 403


@pytest.mark.requirement("RQ-026")
@pytest.mark.parametrize(
    ("by", "signer", "user", "hours", "sentence"),
    [
        (SAM, SAM, "alice", 8, "two people"),
        (MALLORY, SAM, "alice", 8, "handed out by"),
        (ADAM, SAM, "sam", 8, "their own badge"),
        (ADAM, SAM, "adam", 8, "their own badge"),
        (ADAM, SAM, "alice", 25, "within a day"),
        (ADAM, SAM, "alice", 0, "within a day"),
        (ADAM, QUINN, "alice", 8, "role"),
    ],
)
def test_a_temporary_badge_is_refused_to_one_alone(
    badged: Laboratory, by: c.Person, signer: c.Person, user: str, hours: float, sentence: str
) -> None:
    """One person twice, a person without the right, one's own badge, more than a day."""
    with pytest.raises((Refused, Malformed), match=sentence):
        lend(badged, by, signer, user, hours)
    assert badged.count("badge") == 1


@pytest.mark.requirement("RQ-024")
@pytest.mark.parametrize("code", [CODE, "bob", "", "x", "two words", "../etc", "x" * 61])
def test_a_code_is_given_once(badged: Laboratory, code: str) -> None:
    """Not again, not as somebody's name, and never something that no scanner reads."""
    with pytest.raises((Refused, Malformed)):
        badged.do(IssueBadge(code, "bob"), ADAM)


def test_badges_are_for_people_who_work_here(badged: Laboratory) -> None:
    """A machine carries none; whoever does not administer or supervise issues none."""
    with pytest.raises(Refused, match="works here"):
        badged.do(IssueBadge("BDG-2", "clock_1"), ADAM)
    with pytest.raises(Forbidden):
        badged.do(IssueBadge("BDG-2", "bob"), BOB)


@pytest.mark.requirement("RQ-025")
def test_the_page_says_how_old_a_badge_is_and_when_it_was_used(badged: Laboratory) -> None:
    """Owner, age, last use, last test; after a year it is to be tested, and a test is kept with who made it."""
    badged.tablet().sign_in(CODE, PASSWORD)
    badged.time.later(days=366)
    tablet = badged.tablet(SAM)
    page = tablet.open("/badges/").page
    assert "Alice Operator" in page.text
    assert "366 days, by Adam Administrator" in page.text
    assert "2026-03-02 16:00" in page.text
    assert "test it" in page.text
    badged.do(NoteBadgeTest(CODE, "alice"), SAM)
    assert "test it" not in tablet.open("/badges/").page.text
    assert badged.row(Badge, CODE).tested_by == "sam"


def test_badges_are_issued_on_the_page(lab: Laboratory) -> None:
    """Adam scans one for Bob, and lends another for some hours with Sam's signature."""
    tablet = lab.tablet(ADAM)
    tablet.press("/badges/", "/badges/", holder="bob", code="BDG-77")
    form = tablet.open("/badges/?person=alice").form("/temporary")
    until = f"{lab.time() + timedelta(hours=12):%Y-%m-%d %H:%M}"
    assert tablet.send(form, code="TMP-1", until="soon", user="sam", password=PASSWORD).status == 400
    tablet.send(form, code="TMP-1", until=until, user="sam", password=PASSWORD)
    assert [lab.row(Badge, code).user for code in ("BDG-77", "TMP-1")] == ["bob", "alice"]
    assert lab.tablet(ALICE).open("/badges/").status == 403
    assert lab.verify().holds
