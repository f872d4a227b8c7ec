"""Electronic signatures: both components, what was seen, whose tablet, what it means."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from mes.execute import HANDLERS, Forbidden
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.materials.commands import DisposeOfLot
from mes.signing import Signing
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, BOB, LENA, PETRA, QUINN
from tests.mes.furnishing import NEW_MEDIUM, SHORT
from tests.mes.laboratory import PASSWORD, Laboratory
from tests.mes.played import Played


@pytest.fixture
def filled(batch: Played) -> Played:
    """A batch whose feed waits for the second person."""
    batch.finish("1.8").work("1.8")
    batch.complete("1.8")
    return batch


def verify(batch: Played, user: str = "bob", password: str = PASSWORD, seen: str | None = None) -> None:
    """Have somebody verify the feed on Alice's tablet."""
    last = batch.batch.run("1.8").last.hash if seen is None else seen
    batch.lab.sign(c.VerifyStep(batch.number, "1.8", last), ALICE, Signing(user, password, last))


@pytest.mark.requirement("RQ-015")
@pytest.mark.requirement("RQ-017")
def test_a_signature_is_part_of_the_line_it_stands_on(filled: Played) -> None:
    """Bob's full name, what it means and the line he saw are in the text that was hashed."""
    seen = filled.batch.run("1.8").last.hash
    verify(filled)
    line = filled.lab.lines(filled.book)[-1]
    assert line["signed"] == {"meaning": "verified", "name": "Bob Verifier", "seen": seen, "session": "alice"}
    assert seen in {bytes.fromhex(stamp.hash).hex() for stamp, _ in filled.entries()}


@pytest.mark.requirement("RQ-043")
def test_who_signs_on_anothers_tablet_is_the_author(filled: Played) -> None:
    """Bob verifies on Alice's tablet: he is the author, and it is said whose session it was."""
    verify(filled)
    line = filled.lab.lines(filled.book)[-1]
    assert (line["author"], line["session"], line["workstation"]) == ("bob", "alice", "tablet-1")


def test_who_signs_on_ones_own_tablet_names_no_other(filled: Played) -> None:
    """Where the session is the signer's own, there is nobody else to name."""
    completed = next(
        line for line in filled.lab.lines(filled.book) if line["kind"] == "step completed" and "signed" in line
    )
    assert completed["signed"]["meaning"] == "performed"
    assert "session" not in completed["signed"]
    assert "session" not in completed


@pytest.mark.requirement("RQ-020")
@pytest.mark.parametrize(("user", "password"), [("bob", ""), ("bob", "wrong"), ("", PASSWORD), ("bobby", PASSWORD)])
def test_both_components_are_needed(filled: Played, user: str, password: str) -> None:
    """A name without its password, or a password without its name, signs nothing."""
    before = filled.kinds()
    with pytest.raises(Refused, match="nothing was signed"):
        verify(filled, user, password)
    assert filled.kinds() == before


@pytest.mark.requirement("RQ-027")
def test_a_wrong_signature_is_noted_at_once(filled: Played) -> None:
    """The attempt stands in the book of the user whose name was given, with the tablet it was made at."""
    with pytest.raises(Refused):
        verify(filled, "bob", "wrong")
    line = filled.lab.lines("user:bob", "password refused")[-1]
    assert (line["body"], line["workstation"]) == ({"purpose": "signature"}, "tablet-1")


@pytest.mark.requirement("RQ-078")
def test_a_session_alone_signs_nothing(filled: Played) -> None:
    """That Alice is signed in is not enough for her signature: it asks her for it again."""
    filled.settle().send_back("1.8", "look again")
    with pytest.raises(Refused, match="needs a signature"):
        filled.lab.sign(c.CompleteStep(filled.number, "1.8"), ALICE, None)


@pytest.mark.parametrize("command", [command for command, handler in HANDLERS.items() if handler.needs_signature])
def test_what_needs_a_signature_is_not_done_without(sqlite: Laboratory, command: type) -> None:
    """Every command that is signed is refused as long as nobody signs."""
    roles = HANDLERS[command].roles
    somebody = c.Person("nobody_new", "Nobody New", roles)
    values = dict.fromkeys(command.__dataclass_fields__, "x")
    with pytest.raises(Refused, match="needs a signature"):
        sqlite.sign(command(**values), somebody, None)


@pytest.mark.requirement("RQ-079")
@pytest.mark.parametrize("seen", ["", "00", "0" * 64, "no hash"])
def test_what_was_not_seen_cannot_be_signed(filled: Played, seen: str) -> None:
    """A signature names the line that was on the screen; one that names none is refused."""
    for command, by in (
        (c.VerifyStep(filled.number, "1.8", seen), BOB),
        (c.HoldBatch(filled.number, "a doubt"), QUINN),
        (DisposeOfLot(NEW_MEDIUM, "released", "complies"), QUINN),
    ):
        with pytest.raises(Refused, match=r"changed since it was shown|no line of this record"):
            filled.lab.do(command, by, seen=seen)


@pytest.mark.requirement("RQ-017")
def test_what_changed_since_it_was_seen_cannot_be_signed(filled: Played) -> None:
    """Alice corrects while Bob reads: his signature is refused until he has looked again."""
    seen = filled.batch.run("1.8").last.hash
    filled.correct("1.8", "feed", "54 mL")
    filled.complete("1.8")
    with pytest.raises(Refused, match="changed since it was shown"):
        verify(filled, seen=seen)
    verify(filled)
    assert filled.batch.run("1.8").verified.author == "bob"


def test_what_another_batch_showed_cannot_be_signed_here(filled: Played) -> None:
    """A hash that is another record's is no line of this one."""
    other = filled.lab.head("lot:CM-1")
    with pytest.raises(Refused):
        filled.lab.do(c.HoldBatch(filled.number, "a doubt"), QUINN, seen=other)


@pytest.mark.requirement("RQ-043")
def test_who_did_it_does_not_verify_it(filled: Played) -> None:
    """Bob filled himself; somebody else must look."""
    filled.send_back("1.8", "look again")
    filled.correct("1.8", "feed", "54 mL", by=BOB)
    filled.complete("1.8", by=BOB)
    with pytest.raises(Refused, match="another person verifies"):
        verify(filled)


@pytest.mark.requirement("RQ-009")
@pytest.mark.parametrize("person", [LENA, PETRA, QUINN])
def test_a_signature_needs_its_role(filled: Played, person: c.Person) -> None:
    """A right password does not make a verifier."""
    with pytest.raises((Refused, Forbidden), match="does not hold it"):
        verify(filled, person.id)


@pytest.mark.requirement("RQ-015")
def test_each_signature_says_what_it_means(batch: Played) -> None:
    """Through a whole batch: performed, verified, decided, explained, approved, reviewed, released."""
    batch.finish("1.8").enter("1.8", feed="99 mL")
    batch.settle().finish()
    batch.review()
    batch.release()
    signed = [(line["kind"], line["signed"]["meaning"]) for line in batch.lab.lines(batch.book) if "signed" in line]
    assert set(signed) >= {
        ("step completed", "performed"),
        ("step verified", "verified"),
        ("decided", "decided"),
        ("deviation closed", "approved"),
        ("hold lifted", "approved"),
        ("batch reviewed", "reviewed"),
        ("batch released", "released"),
    }
    assert all(line["signed"]["name"] for line in batch.lab.lines(batch.book) if "signed" in line)


@pytest.mark.requirement("RQ-039")
def test_who_wrote_a_recipe_does_not_approve_it(lab: Laboratory) -> None:
    """Quinn drafts an edition; another person of quality approves it, and the one before is retired."""
    lab.do(DraftRecipe("short", SHORT + "# the second\n"), QUINN)
    with pytest.raises(Refused, match="does not approve it"):
        lab.do(ApproveRecipe("short", 2), QUINN)
    lab.do(ApproveRecipe("short", 2), RUTH)
    line = lab.lines("recipe:short", "recipe approved")[-1]
    assert (line["author"], line["signed"]["meaning"], line["body"]["edition"]) == (RUTH.id, "approved", 2)
    changed = [each["body"] for each in lab.lines("recipe:short", "recipe edition changed")]
    assert {"code": "short", "edition": 1, "changes": {"status": ["approved", "retired"]}} in changed


def test_a_lot_is_released_by_a_signature(lab: Laboratory) -> None:
    """Quality signs that the certificate complies; the line in the lot's book carries it."""
    lab.do(DisposeOfLot(NEW_MEDIUM, "released", "complies"), QUINN)
    line = lab.lines(f"lot:{NEW_MEDIUM}", "lot disposed of")[-1]
    assert line["signed"]["name"] == "Quinn Reviewer"
    assert line["reason"] == "complies"


def test_a_lot_that_was_rejected_stays_rejected(lab: Laboratory) -> None:
    """What quality rejected is not released by asking again."""
    lab.do(DisposeOfLot(NEW_MEDIUM, "rejected", "no certificate"), QUINN)
    with pytest.raises(Refused, match="rejected"):
        lab.do(DisposeOfLot(NEW_MEDIUM, "released", "found it"), QUINN)
