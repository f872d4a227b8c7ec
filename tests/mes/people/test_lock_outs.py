"""Guessing: one account is locked and told of, one workstation has to wait, and the laboratory goes on working."""

from __future__ import annotations

import pytest

from batch_records.executed.draft import Refused
from mes.execute import Forbidden
from mes.people import commands as p
from mes.people.models import User, Workstation
from mes.signing import Signing
from tests.cast import ALICE, QUINN
from tests.mes.laboratory import ADAM, CAST, INES, PASSWORD, SAM, Laboratory
from tests.mes.tablet import Answer, Tablet

ELSEWHERE = "198.51.100.9"


def guess(lab: Laboratory, users: list[str], at: str = ELSEWHERE) -> list[Answer]:
    """Try a wrong password for each of some names, one after the other, at one place."""
    tablet = Tablet(lab.app, at)
    lab.tablets.append(tablet)
    return [tablet.sign_in(user, f"the guess number {number} it is") for number, user in enumerate(users)]


def locked(lab: Laboratory) -> set[str]:
    return {person.id for person in CAST if lab.row(User, person.id).locked}


@pytest.mark.requirement("RQ-027")
@pytest.mark.parametrize("person", [ADAM, SAM, QUINN], ids=lambda person: person.id)
def test_a_lock_out_is_told_at_once_to_who_looks_after_it(lab: Laboratory, person: object) -> None:
    """It stands on every page of theirs, and comes by itself on one that is open; Alice's pages say nothing of it."""
    tablet = lab.tablet(person)
    assert "locked out" not in tablet.open("/batches/").page.text
    guess(lab, ["bob"] * 5)
    assert "1 locked out after wrong passwords. Bob Verifier" in tablet.open("/batches/").page.text
    assert "Bob Verifier" in tablet.open("/people/locked-out").page.text
    other = lab.tablet(ALICE)
    assert "Bob Verifier" not in other.open("/batches/").html
    assert "Bob Verifier" not in other.open("/people/locked-out").html


@pytest.mark.requirement("RQ-072")
def test_the_telling_ends_with_the_unlocking(lab: Laboratory) -> None:
    """Sam looks into it, says what was found, and unlocks on the page; nothing is told any longer."""
    guess(lab, ["bob"] * 5)
    tablet = lab.tablet(SAM)
    tablet.press("/people?person=bob", "/people/bob/unlock", why="new gloves; no attack")
    assert "locked out" not in tablet.open("/batches/").page.text
    assert lab.lines("user:bob", "reason given")[-1]["body"]["reason"] == "new gloves; no attack"
    assert lab.tablet().sign_in("bob", PASSWORD).path == "/batches/"


@pytest.mark.requirement("RQ-072")
def test_nobody_unlocks_themselves_or_without_the_right(lab: Laboratory) -> None:
    """An operator lets nobody in again, and a locked supervisor's open session is over."""
    guess(lab, ["bob"] * 5)
    with pytest.raises(Forbidden):
        lab.do(p.Unlock("bob", "he is nice"), ALICE)
    with pytest.raises(Refused, match="their own account"):
        lab.do(p.Unlock("sam", "it was me"), SAM)


@pytest.mark.requirement("RQ-027")
def test_guessing_at_many_from_one_place_ends_soon(lab: Laboratory) -> None:
    """One password for everybody, and everybody again: after ten, that workstation waits; no account is lost."""
    everybody = [person.id for person in CAST]
    answers = guess(lab, everybody * 10)
    assert {answer.status for answer in answers} == {403}
    assert "this workstation waits until" in answers[10].error
    assert "this workstation waits until" not in answers[9].error
    assert locked(lab) == set()
    assert lab.row(Workstation, ELSEWHERE).wrong_passwords == 10
    assert sum(len(lab.lines(f"user:{user}", "password refused")) for user in everybody) == 10


@pytest.mark.requirement("RQ-027")
def test_one_place_locks_two_accounts_at_most(lab: Laboratory) -> None:
    """Somebody wants to lock everybody out: two are, whoever looks after it is told, and all others go on."""
    guess(lab, [person.id for person in CAST for _ in range(5)])
    assert len(locked(lab)) <= 2
    assert lab.tablet().sign_in("petra", PASSWORD).path == "/batches/"
    assert "workstation 198.51.100.9 waits" in lab.tablet(SAM).open("/batches/").page.text


def test_a_right_password_is_not_heard_where_one_has_to_wait(lab: Laboratory) -> None:
    """The eleventh guess may be right; it is not looked at. A quarter of an hour later it is."""
    guess(lab, ["x"] * 10)
    tablet = Tablet(lab.app, ELSEWHERE)
    lab.tablets.append(tablet)
    assert tablet.sign_in("alice", PASSWORD).status == 403
    lab.time.later(minutes=15)
    assert tablet.sign_in("alice", PASSWORD).path == "/batches/"


def test_who_locked_their_own_screen_comes_back_all_the_same(lab: Laboratory) -> None:
    """A stranger guesses where Alice's tablet stands, or behind the same proxy: she unlocks her screen and works on."""
    tablet = lab.tablet(ALICE)
    tablet.press("/batches/", "/lock")
    guess(lab, ["x"] * 12, "192.0.2.17")
    assert lab.tablet().sign_in("bob", PASSWORD).status == 403
    assert tablet.sign_in("alice", PASSWORD).path == "/batches/"


def test_the_signature_panel_is_no_way_round_it(lab: Laboratory) -> None:
    """Signed in herself, somebody guesses at others' passwords in the panel: after ten she waits there, too."""
    for number in range(10):
        with pytest.raises(Refused, match="nothing was signed"):
            lab.sign(p.Unlock("bob", "x"), ALICE, Signing(f"user{number}", "a guess of mine", ""))
    with pytest.raises(Refused, match="this workstation waits"):
        lab.sign(p.Unlock("bob", "x"), ALICE, Signing("bob", PASSWORD, ""))


@pytest.mark.requirement("RQ-027")
def test_the_last_administrator_is_never_locked_out(lab: Laboratory) -> None:
    """Guesses at Adam's, from many places: they are noted and each place waits; he can still let others in."""
    for number in range(4):
        guess(lab, ["adam"] * 5, f"198.51.100.{number}")
    assert not lab.row(User, "adam").locked
    assert lab.row(User, "adam").wrong_passwords == 20
    lab.do(p.AddUser("ada", "Ada Administrator", ("administrator",), "bodaku-lifeso-ravimu-tonupe"), ADAM)
    guess(lab, ["adam"], "203.0.113.1")
    assert lab.row(User, "adam").locked


def test_guesses_far_apart_are_no_reason_to_wait(lab: Laboratory) -> None:
    """A shift of slips: nine in the morning, nine in the afternoon; nobody waits."""
    for _ in range(3):
        guess(lab, [f"user{number}" for number in range(9)])
        lab.time.later(minutes=16)
    assert lab.row(Workstation, ELSEWHERE).waits_until is None
    assert lab.verify().holds


@pytest.mark.requirement("RQ-064")
def test_an_inspector_reads_of_it_and_changes_nothing(lab: Laboratory) -> None:
    """Ines sees the accounts and who is locked; no form of that page is hers."""
    guess(lab, ["bob"] * 5)
    page = lab.tablet(INES).open("/people?person=bob").page
    assert "locked" in page.text
    assert [form.action for form in page.forms] == ["/lock"]
