"""Labels: each has a number of its own; printed again with a reason, scanned back, and none goes astray."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import label_commands as lc
from batch_records.executed.draft import Malformed, Refused
from batch_records.executed.entries import Entry
from batch_records.executed.labelling import applied, label_of, numbers_of
from batch_records.executed.review import exceptions
from batch_records.values.isbt128 import NotIsbt128, read
from batch_records.values.label_code import read_label, write_label
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import small
from tests.cast import ALICE, BOB, QUINN

STEPS = """
- step: 1.1 What is in the bag
  record:
    donation: {kind: donation number}
    product: {kind: product code}
    expires: {kind: time}
- step: 1.2 Print
  print:
    bags: {ask: Labels for the bags, lines: ["{coi}", "{donation}"], carries: [donation, product, expires]}
- step: 1.3 Account
  reconcile:
    accounted: {ask: Labels accounted for, labels: bags}
  verified by: verifier
"""


def printed(copies: int = 3) -> Play:
    """Return a batch whose labels are printed, and are about to be put on."""
    play = Play(small(STEPS), answers={"bags": str(copies), "expires": "2027-06-30T14:00+02:00"})
    return play.start().step("1.1").step("1.2")


def back(play: Play, number: int, coi: str = "COI-1", batch: str = B) -> list[Entry]:
    """Scan a label where it was put."""
    return play.do(lc.ScanLabel(B, "1.3", "accounted", write_label(coi, batch, number)))


def account(play: Play, destroyed: int = 0, kept: int = 0, reason: str = "") -> list[Entry]:
    """Account for the labels that are nowhere."""
    return play.do(lc.ReconcileLabels(B, "1.3", "accounted", destroyed, kept, reason))


@pytest.mark.requirement("RQ-038")
def test_labels_that_are_all_accounted_for_are_reconciled() -> None:
    """Three printed, two on bags, one destroyed: none is missing, and the step is completed and verified."""
    play = printed()
    back(play, 1)
    back(play, 3)
    (entry,) = account(play, destroyed=1)
    assert (entry.value, entry.printed, entry.applied, entry.destroyed) == ("0 labels", "3", "2", "1")  # type: ignore[attr-defined]  # labels
    play.complete("1.3")
    play.verify("1.3")
    assert not exceptions(play.batch)


@pytest.mark.requirement("RQ-038")
@pytest.mark.parametrize(("destroyed", "kept", "missing"), [(0, 0, "2"), (1, 0, "1"), (2, 1, "-1")])
def test_a_label_that_is_missing_opens_a_deviation(destroyed: int, kept: int, missing: str) -> None:
    """One too many is as bad as one too few: it is said, and needs its justification."""
    play = printed()
    back(play, 1)
    assert kinds(account(play, destroyed, kept)) == ["labels reconciled", "deviation raised"]
    assert play.value("1.3", "accounted") == f"{missing} labels"
    assert not play.batch.holds


def test_labels_are_printed_again_with_a_reason_and_get_numbers_of_their_own() -> None:
    """One smeared: the next number, on the reviewer's list, and one more to account for."""
    play = printed(2)
    with pytest.raises(Malformed, match="say why labels are printed again"):
        play.do(lc.ReprintLabels(B, "1.3", "accounted", 1, " "))
    play.do(lc.ReprintLabels(B, "1.3", "accounted", 1, "smeared"))
    assert numbers_of(play.batch, "bags") == (1, 2, 3)
    assert [found.sentence for found in exceptions(play.batch)] == ["Labels for the bags: 1 printed again: smeared"]
    back(play, 1)
    back(play, 3)
    account(play, destroyed=1)
    assert play.value("1.3", "accounted") == "0 labels"


def test_nothing_is_printed_again_before_it_was_printed() -> None:
    """Nor fewer than one."""
    play = Play(small(STEPS)).start().step("1.1")
    with pytest.raises(Refused, match="“Labels for the bags” have not been printed yet"):
        play.do(lc.ReprintLabels(B, "1.2", "bags", 1, "smeared"))
    with pytest.raises(Malformed, match="print at least one label"):
        printed().do(lc.ReprintLabels(B, "1.3", "accounted", 0, "smeared"))


@pytest.mark.parametrize(("coi", "batch", "number"), [("COI-2", B, 1), ("COI-1", "B2", 1), ("COI-1", B, 4)])
def test_a_label_of_something_else_holds_the_batch(coi: str, batch: str, number: int) -> None:
    """Another child's, another batch's, one that was never printed: recorded, and a second person must look."""
    play = printed()
    entries = back(play, number, coi, batch)
    assert kinds(entries) == ["step started", "label scanned", "deviation raised", "batch held"]
    with pytest.raises(Refused, match="the batch is on hold"):
        back(play, 1)
    with pytest.raises(Refused, match="a second person says what happened"):
        play.do(c.ExplainDeviation(B, "D1", "a slip"), ALICE)
    play.do(c.ExplainDeviation(B, "D1", "from the neighbour's bench"), BOB)
    play.do(c.CloseDeviation(B, "D1", "destroyed", "none", "looked at"), QUINN)
    play.do(c.LiftHold(B, "the bench is cleared"), QUINN)
    back(play, 1)
    assert any(
        "was scanned as a label, and it must be a label of batch B1" in f.sentence for f in exceptions(play.batch)
    )


@pytest.mark.requirement("RQ-113")
@pytest.mark.parametrize("code", ["COI-1", "COI-1/B1/00001/XXXX", "nonsense"])
def test_what_is_no_label_is_none(code: str) -> None:
    """Not even the right identity proves that a label is where it should be."""
    play = printed()
    play.do(lc.ScanLabel(B, "1.3", "accounted", code))
    assert play.batch.holds


def test_a_label_counts_once() -> None:
    """A second scan of the same is no second label."""
    play = printed()
    back(play, 1)
    with pytest.raises(Refused, match="label 1 has been scanned already: scan the next one"):
        back(play, 1)
    assert list(applied(play.batch, "bags")) == [1]


def test_what_is_printed_after_the_count_is_counted_again() -> None:
    """A step is not completed over a count that no longer holds."""
    play = printed(1)
    back(play, 1)
    account(play)
    play.do(lc.ReprintLabels(B, "1.3", "accounted", 1, "one more bag"))
    with pytest.raises(Refused, match="labels were printed or scanned since; account for them again"):
        play.complete("1.3")
    with pytest.raises(Refused, match="to change it, correct it with a reason"):
        account(play, destroyed=2)
    back(play, 2)
    account(play, reason="after the second")
    play.complete("1.3")


def test_a_count_of_labels_is_not_corrected_by_typing() -> None:
    """What was printed was printed."""
    play = printed()
    with pytest.raises(Refused, match="print again, with the reason"):
        play.correct("1.2", "bags", "2")


@pytest.mark.parametrize(("destroyed", "kept"), [(-1, 0), (0, -1)])
def test_no_fewer_than_none_are_destroyed(destroyed: int, kept: int) -> None:
    """A number that cannot be is asked for again."""
    with pytest.raises(Malformed, match="from 0"):
        account(printed(), destroyed, kept)


@pytest.mark.requirement("RQ-115")
@pytest.mark.requirement("RQ-116")
def test_a_label_of_isbt_128_carries_donation_product_and_expiry() -> None:
    """What the recipe says stands in the symbol; the label is scanned back like any other."""
    answers = {"bags": "3", "expires": "2027-06-30T14:00+02:00"}
    play = Play(small(STEPS), answers=answers).start("CHA999926000001").step("1.1").step("1.2")
    code = label_of(play.batch, play.field("1.2", "bags"), "1.2", 2)
    said = [(each.kind.number, each.value) for each in read(code)]
    assert said[:4] == [
        ("040", "CHA999926000001"),
        ("001", "A999926000123"),
        ("003", "S1234500"),
        ("005", "0271811400"),
    ]
    play.do(lc.ScanLabel(B, "1.3", "accounted", code))
    assert list(applied(play.batch, "bags")) == [2]
    with pytest.raises(NotIsbt128):
        read(code[:-1])
    assert read_label(code[:-1]) is None


@pytest.mark.requirement("RQ-115")
@pytest.mark.parametrize("typed", ["A9999 26 000123 K", "A999926000123", "Klara's bag"])
def test_a_donation_number_that_is_none_is_asked_for_again(typed: str) -> None:
    """A wrong check character, a missing one, a text: nothing is recorded."""
    play = Play(small(STEPS)).start()
    with pytest.raises(Malformed):
        play.enter("1.1", donation=typed)
    assert "donation" not in play.batch.run("1.1").values


@pytest.mark.requirement("RQ-113")
@pytest.mark.requirement("RQ-115")
def test_a_scan_is_compared_by_what_it_identifies() -> None:
    """The collection's own symbol, its flags and all, is the donation that was recorded; another's is not."""
    text = STEPS + "- step: 1.4 Bag\n  check: {bag: {ask: Donation on the bag, matches: donation}}\n"
    play = Play(small(text), answers={"expires": "2027-06-30T14:00+02:00"}).start().finish("1.4")
    assert "batch held" not in kinds(play.scan("1.4", "bag", "=A99992600012305"))
    other = Play(small(text), answers={"expires": "2027-06-30T14:00+02:00"}).start().finish("1.4")
    assert "batch held" in kinds(other.scan("1.4", "bag", "=A99992600013205"))


@pytest.mark.requirement("RQ-113")
@pytest.mark.requirement("RQ-116")
def test_a_donation_of_another_therapy_holds_the_batch() -> None:
    """Whether it is entered or comes by a correction: recorded, with whose it is, and work stops."""
    number = "A999926000123"
    play = Play(small(STEPS)).start()
    entries = play.do(c.RecordValues(B, "1.1", {"donation": f"={number}00"}, therapies={number: "COI-2"}))
    assert kinds(entries)[-3:] == ["value recorded", "deviation raised", "batch held"]
    assert "belongs to COI-2" in play.batch.deviations["D1"].description
    own = Play(small(STEPS)).start()
    own.do(c.RecordValues(B, "1.1", {"donation": f"={number}00"}, therapies={number: "COI-1"}))
    assert not own.batch.holds
    other = "A999926000124"
    wish = c.CorrectValue(B, "1.1", "donation", f"={other}00", "misread", {other: "COI-2"})
    assert "batch held" in kinds(own.do(wish))
