"""Access: the log of who came and went, the signed review of who may do what, lists on paper."""

from __future__ import annotations

import csv
import io

import pytest

from batch_records.executed.draft import Malformed, Refused
from mes.access.commands import ReviewAccess
from mes.access.models import AccessReview
from mes.access.queries import review_page
from mes.badges.commands import IssueBadge
from mes.execute import Forbidden
from mes.people import commands as p
from tests.cast import ALICE, BOB, MALLORY, PETRA, QUINN
from tests.mes.laboratory import ADAM, FIRST_PASSWORD, INES, PASSWORD, SAM, Laboratory


@pytest.fixture
def visited(lab: Laboratory) -> Laboratory:
    """A laboratory on a day when people came and went."""
    tablet = lab.tablet(ALICE)
    lab.time.later(minutes=5)
    tablet.press("/batches/", "/lock", how="idle")
    lab.time.later(minutes=5)
    for _ in range(5):
        lab.tablet().sign_in("bob", "a guess that is wrong")
    lab.do(p.Unlock("bob", "his gloves"), SAM)
    lab.tablet().sign_in("=cmd|' /C calc'!A0", "a guess that is wrong")
    return lab


# --- the log ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-073")
def test_the_log_says_who_came_and_who_went(visited: Laboratory) -> None:
    """User, role, sign-in, sign-out with its reason, failures, lock-outs: each with its time and its workstation."""
    text = visited.tablet(INES).open("/access/").page.text
    for words in (
        "Alice Operator alice operator signed in 192.0.2.17",
        "signed out: locked after inactivity",
        "Bob Verifier bob wrong password for a sign-in",
        "locked out",
        "unlocked",
        "nobody has this name =cmd",
        "2026-03-02 16:05:00",
    ):
        assert words in text, words


@pytest.mark.requirement("RQ-073")
@pytest.mark.parametrize(
    ("query", "found", "not_found"),
    [
        ("who=alice", "signed out", "wrong password"),
        ("who=bob", "wrong password", "signed out"),
        ("since=2026-03-02+16:08", "wrong password", "locked after inactivity"),
        ("until=2026-03-02+16:08", "locked after inactivity", "wrong password"),
        ("until=2026-03-02", "wrong password", "Nothing answers"),
        ("since=2026-03-03", "Nothing answers", "wrong password"),
        ("where=203.0.113.77", "Nothing answers", "wrong password"),
        ("since=tomorrow", "enter a date and time", "wrong password"),
    ],
)
def test_the_log_is_searched(visited: Laboratory, query: str, found: str, not_found: str) -> None:
    """By person, by time, by workstation."""
    tablet = visited.tablet(QUINN)
    visited.time.later(days=-1)
    text = tablet.open(f"/access/?{query}").page.text
    assert found in text
    assert not_found not in text


@pytest.mark.requirement("RQ-073")
def test_the_log_is_exported_and_no_cell_is_a_formula(visited: Laboratory) -> None:
    """As a table with all of it; a name that a spreadsheet would run is text there."""
    answer = visited.tablet(SAM).http.get("/access/log.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {"signed in", "locked out", "wrong password for a sign-in"} <= {row["what"] for row in rows}
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert any(row["user"].startswith("'=cmd") for row in rows)


@pytest.mark.requirement("RQ-073")
@pytest.mark.parametrize(
    "path", ["/access/", "/access/log.csv", "/access/review", "/access/printed/users", "/badges/", "/people"]
)
def test_who_works_here_reads_nothing_of_others_comings(lab: Laboratory, path: str) -> None:
    """The log and the list of rights are for those who look after them."""
    for person in (ALICE, PETRA, MALLORY):
        assert lab.tablet(person).open(path).status == 403
    assert lab.tablet(INES).open(path).status == 200


# --- the review ---------------------------------------------------------------------------------------------------


def shown(lab: Laboratory) -> str:
    """Return the digest of the list as it is shown now."""
    with lab.app.test_request_context():
        return review_page(QUINN).digest


@pytest.mark.requirement("RQ-073")
@pytest.mark.requirement("RQ-025")
def test_access_is_reviewed_and_signed(visited: Laboratory) -> None:
    """Quinn goes through the list on the page and signs; the list as it was is kept with her conclusion."""
    visited.do(IssueBadge("BDG-1", "alice"), ADAM)
    tablet = visited.tablet(QUINN)
    page = tablet.open("/access/review")
    assert "Clock process" in page.page.text
    assert "BDG-1" in page.page.text
    answer = tablet.send(page.form("/access/review"), user="quinn", password=PASSWORD, comment="Mallory to be let go")
    assert "Review 1: Mallory to be let go" in answer.page.text
    row = visited.row(AccessReview, 1)
    line = visited.lines("laboratory", "access reviewed")[0]
    assert line["signed"]["meaning"] == "reviewed"
    assert line["body"]["digest"] == row.digest
    alice = next(user for user in row.content["users"] if user["id"] == "alice")
    assert (alice["roles"], alice["secret"], alice["signs"]) == (["operator"], "password", True)
    assert alice["used"].startswith("2026-03-02T08:00")
    assert row.content["badges"][0]["code"] == "BDG-1"
    visited.do(p.SetActive("mallory", active=False, reason="has left"), ADAM)
    assert "mallory active" not in tablet.open("/access/review").page.text
    assert "Access review 1" in tablet.open("/access/review?number=1").page.text
    assert visited.verify().holds


@pytest.mark.requirement("RQ-073")
def test_a_review_is_of_what_was_shown(lab: Laboratory) -> None:
    """While she read, Bob got another role: she is asked to look again. That somebody signed in changes nothing."""
    digest = shown(lab)
    lab.tablet(BOB)
    lab.do(ReviewAccess(digest, "all well"), QUINN)
    lab.do(p.ChangeRoles("bob", ("operator",), "no longer verifies"), ADAM)
    with pytest.raises(Refused, match="have changed since"):
        lab.do(ReviewAccess(digest, "all well"), QUINN)
    with pytest.raises(Malformed, match="what you conclude"):
        lab.do(ReviewAccess(shown(lab), " "), QUINN)
    with pytest.raises(Forbidden):
        lab.do(ReviewAccess(shown(lab), "all well"), ADAM)


@pytest.mark.requirement("RQ-025")
def test_the_review_says_what_to_think_about(lab: Laboratory) -> None:
    """Never used, not used for long, without a role, with a first password; tokens with their age."""
    lab.tablet(ALICE)
    lab.do(p.AddUser("newt", "Newt Newcomer", (), FIRST_PASSWORD), ADAM)
    lab.measured("92.0")
    lab.time.later(days=91)
    with lab.app.test_request_context():
        rights = {right.id: right for right in review_page(QUINN).rights}
    assert rights["alice"].notes == "not used for 90 days"
    assert rights["newt"].notes == "never used, holds no role, has a first password"
    assert rights["gateway_1"].secret == "token"
    assert rights["gateway_1"].since is not None


# --- on paper -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-099")
def test_users_and_rights_are_printed(lab: Laboratory) -> None:
    """Everybody with roles, state and what identifies them."""
    text = lab.tablet(INES).open("/access/printed/users").page.text
    for person in (ALICE, ADAM, QUINN, MALLORY):
        assert person.name in text
    assert "passport, seen by sam" in text


@pytest.mark.requirement("RQ-019")
def test_signers_and_the_letter_are_printed(lab: Laboratory) -> None:
    """Who cannot sign is not on them; the letter says what the law wants certified."""
    lab.do(p.AddUser("newt", "Newt Newcomer", ("operator",), FIRST_PASSWORD), ADAM)
    tablet = lab.tablet(QUINN)
    signers, letter = (tablet.open(f"/access/printed/{what}").page.text for what in ("signers", "letter"))
    assert "Alice Operator" in signers
    assert "Newt Newcomer" not in signers + letter
    assert "legally binding equivalent of their traditional handwritten signatures" in letter
    assert tablet.open("/access/printed/anything").status == 404


def test_a_review_that_there_was_not_is_said(lab: Laboratory) -> None:
    """A number that nobody signed."""
    assert lab.tablet(QUINN).open("/access/review?number=7").status == 404
