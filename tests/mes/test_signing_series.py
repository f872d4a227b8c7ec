"""The signatures of one session: both components first and after a lock, the secret alone in between, and only hers."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from mes.people.commands import SetActive
from mes.people.models import SignIn, User
from mes.signing import Signing
from tests.cast import ALICE, BOB, QUINN
from tests.mes.laboratory import ADAM, PASSWORD, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Answer, Tablet


@pytest.fixture
def filled(batch: Played) -> Played:
    """A batch whose feed waits for Alice's signature."""
    batch.finish("1.8").work("1.8")
    return batch


def sign(batch: Played, tablet: Tablet, user: str = "", password: str = PASSWORD) -> Answer:
    """Sign the feed as done, with a name or without."""
    return tablet.press(f"{batch.page}/steps/1.8", "/complete", user=user, password=password)


def reopen(batch: Played) -> None:
    """Have the second person send it back, from a tablet of their own."""
    batch.send_back("1.8", "look again")


def signed_in(batch: Played, address: str = "192.0.2.17") -> Tablet:
    """Return Alice's tablet, after a first signature with both components."""
    tablet = Tablet(batch.lab.app, address)
    batch.lab.tablets.append(tablet)
    tablet.sign_in("alice", PASSWORD)
    sign(batch, tablet, "alice")
    reopen(batch)
    return tablet


def sign_in_of(lab: Laboratory) -> SignIn:
    """Return the newest session of all."""
    with lab.installation.reading() as session:
        return session.query(SignIn).order_by(SignIn.began.desc(), SignIn.ended).first() or SignIn()


@pytest.mark.requirement("RQ-021")
def test_the_first_signature_of_a_session_needs_both_components(filled: Played) -> None:
    """Alice has signed in, and gives her password alone: nothing is signed, and she is told what is missing."""
    answer = sign(filled, filled.lab.tablet(ALICE))
    assert answer.status == 409
    assert "needs both; nothing was signed" in answer.error
    assert "step completed" not in [line["kind"] for line in filled.lab.lines(filled.book) if line.get("signed")][-1:]
    assert filled.batch.run("1.8").completed is None


@pytest.mark.requirement("RQ-021")
def test_later_signatures_of_a_session_need_the_secret_alone(filled: Played) -> None:
    """After one with both, her password does, and the line is as whole as the first."""
    tablet = signed_in(filled)
    page = tablet.open(f"{filled.page}/steps/1.8")
    assert "Alice Operator (alice), operator" in page.page.text
    assert "Another person signs" in page.page.text
    sign(filled, tablet)
    line = filled.lab.lines(filled.book, "step completed")[-1]
    assert (line["author"], line["signed"]["name"], line["signed"]["meaning"]) == (
        "alice",
        "Alice Operator",
        "performed",
    )
    changed = [line["body"]["changes"] for line in filled.lab.lines("user:alice", "sign in changed")]
    assert {"both_given": [False, True]} in changed


@pytest.mark.requirement("RQ-020")
@pytest.mark.requirement("RQ-078")
@pytest.mark.parametrize("password", ["", "wrong", "alice"])
def test_being_signed_in_signs_nothing(filled: Played, password: str) -> None:
    """Neither the session nor a badge is a secret: without hers nothing is signed, and the attempt is on record."""
    tablet = signed_in(filled)
    answer = sign(filled, tablet, "", password)
    assert answer.status == 409
    assert filled.batch.run("1.8").completed is None
    if password:
        assert filled.lab.lines("user:alice", "password refused")


@pytest.mark.requirement("RQ-022")
def test_after_a_lock_both_are_needed_again(filled: Played) -> None:
    """She locks, comes back, and gives her password alone: not before her name."""
    tablet = signed_in(filled)
    locked = tablet.press(f"{filled.page}/steps/1.8", "/lock")
    tablet.send(locked.form("/sign-in"), user="alice", password=PASSWORD)
    assert "needs both" in sign(filled, tablet).error
    assert sign(filled, tablet, "alice").status == 200


@pytest.mark.requirement("RQ-022")
def test_after_idleness_both_are_needed_again_and_the_server_knows(filled: Played) -> None:
    """Nobody touched it for a quarter of an hour: the session is over in the database, whatever a browser keeps."""
    tablet = signed_in(filled)
    with tablet.flask_session(filled.lab.app) as held:
        held["touched"] -= 15 * 60 + 1
    door = tablet.open(f"{filled.page}/steps/1.8")
    ended = sign_in_of(filled.lab)
    assert (ended.how, ended.both_given) == ("left idle", False)
    tablet.send(door.form("/sign-in"), user="alice", password=PASSWORD)
    assert "needs both" in sign(filled, tablet).error


@pytest.mark.requirement("RQ-022")
def test_at_another_workstation_both_are_needed(filled: Played) -> None:
    """The session is carried to another address: there her password alone does nothing."""
    here = signed_in(filled)
    there = Tablet(filled.lab.app, "192.0.2.99")
    filled.lab.tablets.append(there)
    there.http.cookies.set("__Host-mes", here.http.cookies["__Host-mes"], domain="lab.example")
    assert "needs both" in sign(filled, there).error
    assert filled.batch.run("1.8").completed is None


@pytest.mark.requirement("RQ-022")
def test_each_tablet_begins_anew(filled: Played) -> None:
    """What she gave at one tablet counts at no other of hers."""
    signed_in(filled)
    assert "needs both" in sign(filled, filled.lab.tablet(ALICE)).error


@pytest.mark.requirement("RQ-043")
def test_a_secret_alone_never_signs_for_another(filled: Played) -> None:
    """Bob checks on Alice's tablet and leaves his name out: it would be Alice's signature, and is refused."""
    tablet = signed_in(filled)
    sign(filled, tablet)
    page = tablet.open(f"{filled.page}/steps/1.8")
    assert "Another person signs" not in page.page.text  # she did it: both are asked for
    answer = tablet.send(page.form("/verification"), password=PASSWORD)
    assert "Alice Operator does not hold it" in answer.error
    assert filled.batch.run("1.8").verified is None


def test_anothers_signature_begins_no_series(filled: Played) -> None:
    """Bob signs on Alice's tablet with both: that leaves Alice where she was."""
    sign(filled, filled.lab.tablet(ALICE), "alice")
    tablet = filled.lab.tablet(ALICE)
    tablet.press(f"{filled.page}/steps/1.8", "/verification", user="bob", password=PASSWORD)
    assert filled.batch.run("1.8").verified
    filled.correct("1.8", "feed", "54 mL")
    assert "needs both" in sign(filled, tablet).error


@pytest.mark.requirement("RQ-020")
@pytest.mark.parametrize("how", ["inactive", "locked"])
def test_who_may_not_sign_in_does_not_sign(filled: Played, how: str) -> None:
    """Bob was deactivated, or locked out: his right password signs nothing."""
    filled.complete("1.8")
    if how == "inactive":
        filled.lab.do(SetActive("bob", active=False, reason="left"), ADAM)
    else:
        for number in range(5):
            with pytest.raises(Refused):
                filled.lab.sign(c.HoldBatch(filled.number, "x"), ALICE, Signing("bob", f"guess {number}", ""))
        assert filled.lab.row(User, "bob").locked
    seen = filled.batch.head("1.8")
    with pytest.raises(Refused, match="nothing was signed"):
        filled.lab.sign(c.VerifyStep(filled.number, "1.8", seen), ALICE, Signing("bob", PASSWORD, seen))


def test_a_locked_persons_series_is_over(filled: Played) -> None:
    """Alice's account is locked meanwhile: her open session signs nothing more, nor opens a page."""
    tablet = signed_in(filled)
    for number in range(5):
        with pytest.raises(Refused):
            filled.lab.sign(c.HoldBatch(filled.number, "x"), BOB, Signing("alice", f"guess {number}", ""))
    assert tablet.open("/batches/").path.startswith("/sign-in")


@pytest.mark.requirement("RQ-015")
@pytest.mark.requirement("RQ-016")
def test_what_is_signed_is_shown_before_and_after(filled: Played) -> None:
    """Meaning, name, user name, role, time with its zone, and what: in the panel, and on the step once it is signed."""
    tablet = signed_in(filled)
    panel = tablet.open(f"{filled.page}/steps/1.8").page.text
    for words in (f"{filled.number}, step 1.8", "“performed”", "Alice Operator (alice), operator", "(+08:00)"):
        assert words in panel
    sign(filled, tablet)
    shown = tablet.open(f"{filled.page}/steps/1.8").page.text
    assert "Performed by Alice Operator (alice), operator · 2026-03-02" in shown
    assert "signed as “performed”" in shown


def test_whoever_is_named_is_shown_in_full_before_they_sign(lab: Laboratory) -> None:
    """A wrong badge is noticed: its name and role stand there; an account that does not work is nobody's."""
    tablet = lab.tablet(ALICE)
    assert tablet.open("/signer?user=bob").html == "Bob Verifier (bob), operator, verifier"
    lab.do(SetActive("bob", active=False, reason="left"), ADAM)
    for user in ("bob", "clock_1", "no one", ""):
        assert tablet.open(f"/signer?user={user}").html == "nobody who can sign has this name"
    assert lab.tablet().open("/signer?user=quinn").path.startswith("/sign-in")


@pytest.mark.requirement("RQ-100")
def test_a_correction_makes_a_step_appear_unsigned(filled: Played) -> None:
    """On its page: since when, whose signatures stand struck through; signed again, they stay as they were."""
    filled.complete("1.8")
    filled.verify("1.8")
    filled.lab.time.later(minutes=5)
    filled.correct("1.8", "feed", "54 mL")
    page = filled.lab.tablet(QUINN).open(f"{filled.page}/steps/1.8")
    assert "Amended on" in page.page.text
    assert "unsigned until signed again" in page.page.text
    assert "verified by Bob Verifier (bob)" in page.page.text
    filled.complete("1.8")
    again = filled.lab.tablet(QUINN).open(f"{filled.page}/steps/1.8")
    assert "unsigned until signed again" not in again.page.text
    assert "counted until" in again.page.text


def test_a_refused_value_in_a_step_to_be_signed_says_so_at_its_field(batch: Played) -> None:
    """A comma instead of a point, in a step whose second person is awaited: the sentence stands at the field."""
    batch.finish("1.5").work("1.5")
    batch.complete("1.5")
    tablet = batch.lab.tablet(ALICE)
    page = tablet.open(f"{batch.page}/steps/1.5?correct=volume")
    answer = tablet.send(
        page.form("/correction"), {"value.volume": "5,5", "field": "volume", "reason": "typing mistake"}
    )
    signature = answer.html.partition('class="signature"')[2]
    assert answer.status == 400
    assert 'id="error-volume"' in answer.html
    assert "decimal point" in answer.error
    assert "decimal point" not in signature
