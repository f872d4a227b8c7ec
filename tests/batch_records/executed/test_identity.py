"""The right cells for the right child: a mismatch is recorded, holds the batch, and the next scan does not undo it."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.draft import Malformed, Refused
from batch_records.values.limit import Verdict
from tests.batch_records.child import child_at
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small
from tests.cast import ALICE, BOB, QUINN

BAG = """
- step: 1.1 Donation
  record: {donation: {kind: text}}
- step: 1.2 Bag
  check:
    bag_coi: {ask: Code on the bag, matches: coi}
    bag_donation: {ask: Donation on the bag, matches: donation}
  verified by: verifier
- step: 1.3 Thaw
  do: Thaw
"""


def bag() -> Play:
    """Return a batch whose bag is about to be scanned."""
    return Play(small(BAG), answers={"donation": "D-1"}).start().step("1.1")


@pytest.mark.requirement("RQ-113")
def test_a_scan_that_matches_is_recorded_with_what_it_matched() -> None:
    """The record shows what was scanned and what it had to be."""
    entries = bag().scan("1.2", "bag_coi", "COI-1")
    assert entries[1] == e.IdentityChecked("1.2", "bag_coi", "COI-1", Verdict.WITHIN, "must be COI-1", "COI-1")


@pytest.mark.requirement("RQ-113")
@pytest.mark.requirement("RQ-112")
def test_a_scan_that_does_not_match_is_recorded_and_holds_the_batch() -> None:
    """Another child's bag: the scan stands in the record, a deviation opens, and work stops."""
    play = bag()
    entries = play.scan("1.2", "bag_coi", "COI-2")
    assert kinds(entries) == ["step started", "identity checked", "deviation raised", "batch held"]
    assert play.value("1.2", "bag_coi") == "COI-2"
    assert [hold.cause for _, hold in play.batch.holds] == ["Code on the bag: COI-2 does not match (must be COI-1)"]


@pytest.mark.parametrize("code", ["COI-1 COI-2", "COI-1COI-1", "COI", "OCI-1", "coi-1", "COI-1x", "COI－1"])  # noqa: RUF001 - a full-width hyphen
def test_nearly_the_same_is_not_the_same(code: str) -> None:
    """Two scans in one line, a truncated or a swapped one, another keyboard: each is a mismatch."""
    play = bag()
    play.scan("1.2", "bag_coi", code)
    assert play.batch.holds


def test_what_a_scanner_adds_around_a_code_does_not_matter() -> None:
    """A line end after the code is the scanner's, not the bag's."""
    play = bag()
    play.scan("1.2", "bag_coi", " COI-1\r\n")
    assert not play.batch.holds


@pytest.mark.parametrize("code", ["", "  ", "\x00", "x" * 3000])
def test_no_scan_is_no_mismatch(code: str) -> None:
    """An empty form does not hold a child's batch: it is asked for again."""
    with pytest.raises(Malformed):
        bag().scan("1.2", "bag_coi", code)


def test_the_next_scan_does_not_dismiss_a_mismatch() -> None:
    """The right bag, scanned a moment later, is refused until quality has looked."""
    play = bag()
    play.scan("1.2", "bag_coi", "COI-2")
    with pytest.raises(Refused, match=r"the batch is on hold .*Quality can lift the hold"):
        play.scan("1.2", "bag_coi", "COI-1")


def test_the_step_is_not_completed_over_a_mismatch() -> None:
    """Even after quality lifted the hold the right bag has to be scanned."""
    play = bag()
    play.scan("1.2", "bag_donation", "D-1")
    play.scan("1.2", "bag_coi", "COI-2")
    play.settle()
    with pytest.raises(Refused, match="“Code on the bag” does not match: scan the right one"):
        play.complete("1.2")
    play.scan("1.2", "bag_coi", "COI-1")
    play.complete("1.2")
    play.verify("1.2")
    assert [old.text for old in play.batch.run("1.2").values["bag_coi"].history] == ["COI-2"]


def test_who_scanned_a_mismatch_does_not_explain_it() -> None:
    """A second person says what happened."""
    play = bag()
    play.scan("1.2", "bag_coi", "COI-2", ALICE)
    with pytest.raises(Refused, match="Alice Operator made this scan: a second person says what happened"):
        play.do(c.ExplainDeviation(B, "D1", "a slip"), ALICE)
    assert kinds(play.do(c.ExplainDeviation(B, "D1", "the bag of the other hood"), BOB)) == ["deviation explained"]


def test_quality_cannot_lift_the_hold_before_the_deviation_is_closed() -> None:
    """First what happened, then on."""
    play = bag()
    play.scan("1.2", "bag_coi", "COI-2")
    with pytest.raises(Refused, match="deviation D1 holds the batch: close it first"):
        play.do(c.LiftHold(B, "go on"), QUINN)


def test_a_wrong_bag_after_the_right_one_is_recorded_too() -> None:
    """Somebody picks up another bag in the same step: that is seen, whatever was scanned before."""
    play = bag()
    play.scan("1.2", "bag_coi", "COI-1")
    assert "batch held" in kinds(play.scan("1.2", "bag_coi", "COI-2"))


def test_a_check_that_matched_is_made_once() -> None:
    """A second tap is told so."""
    play = bag()
    play.scan("1.2", "bag_coi", "COI-1")
    with pytest.raises(Refused, match="“Code on the bag” has been checked already and matches"):
        play.scan("1.2", "bag_coi", "COI-1")


def test_an_identity_is_compared_with_what_was_recorded() -> None:
    """The donation number of the collection, not any text that is not empty."""
    play = bag()
    play.scan("1.2", "bag_donation", "D-2")
    assert play.batch.run("1.2").values["bag_donation"].entry.judged == "must be D-1"


def test_an_identity_waits_for_what_it_is_compared_with() -> None:
    """Nothing matches nothing."""
    text = BAG.replace("- step: 1.2 Bag\n", "- step: 1.2 Bag\n  after: []\n")
    play = Play(small(text)).start()
    with pytest.raises(Refused, match=r"“Donation” \(step 1.1\), which is not recorded yet"):
        play.scan("1.2", "bag_donation", "D-1")


def test_correcting_what_was_compared_judges_the_scan_again() -> None:
    """The donation number was misread: the bag that matched it is another one, and the batch is held."""
    play = bag().finish()
    entries = play.correct("1.1", "donation", "D-7")
    assert kinds(entries) == [
        "value corrected",
        "step reopened",
        "value judged",
        "deviation raised",
        "batch held",
        "step reopened",
    ]
    assert play.batch.run("1.2").values["bag_donation"].verdict is Verdict.ACTION
    with pytest.raises(Refused, match="on hold"):
        play.complete("1.2")


def test_correcting_it_may_also_show_that_the_scan_was_right() -> None:
    """The number was mistyped, the bag is the right one; the hold is still quality's to lift."""
    play = bag()
    play.scan("1.2", "bag_donation", "D-7")
    play.correct("1.1", "donation", "D-7")
    assert play.batch.run("1.2").values["bag_donation"].verdict is Verdict.WITHIN
    assert play.batch.holds


def test_a_scan_is_not_corrected_by_typing() -> None:
    """What the scanner saw, it saw."""
    play = bag().finish()
    with pytest.raises(Refused, match="“Code on the bag” is not corrected by typing: it is what was scanned"):
        play.correct("1.2", "bag_coi", "COI-2")


SCANS = {"3.3": "bag_coi", "6.1": "vessel_1", "7.8": "bioreactor_label", "11.11": "dose_bag", "12.4": "stored_bag"}


@pytest.mark.parametrize(("key", "name"), SCANS.items())
@pytest.mark.requirement("RQ-113")
def test_the_shipped_recipe_holds_at_each_of_its_scans(key: str, name: str) -> None:
    """Receipt, vessel, bioreactor, dose bag, storage."""
    play = child_at(key)
    play.wait(key)
    play.scan(key, name, "COI-OF-ANOTHER-CHILD")
    assert play.batch.holds
