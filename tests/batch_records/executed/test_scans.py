"""What is scanned: lots, equipment, tubes and labels, each the right one, as it is at this moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.draft import Malformed, Refused
from tests.batch_records.playing import START, B, Play, kinds
from tests.batch_records.writing import small

MATERIALS = """
- step: 1.1 Vector
  add:
    vector:
      material: CD7 vector
      gives: {titre: TU/mL, titre_method: {must be: "method 2"}}
    medium: {material: culture medium}
- step: 1.2 Volume
  calculate: {vector_volume: {formula: 1e8 TU / titre, unit: mL, round: up to 0.01}}
"""
PAST = START - timedelta(days=1)


def materials() -> Play:
    """Return a batch that waits for its materials."""
    return Play(small(MATERIALS)).start()


def test_a_lot_is_recorded_as_it_was_when_it_was_scanned() -> None:
    """Number, material, expiry, status, and what its certificate gives."""
    entries = materials().add("1.1", "vector", "LV-1")
    assert entries[1] == e.MaterialAdded(
        "1.1",
        "vector",
        "LV-1",
        material="CD7 vector",
        expires=(START + timedelta(days=90)).isoformat(),
        status="released",
        gives={"titre": "1.2e8 TU/mL", "titre_method": "method 2"},
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "quarantined"}, "lot LV-1 is quarantined: scan a released lot"),
        ({"status": "rejected"}, "lot LV-1 is rejected"),
        ({"status": "Released"}, "lot LV-1 is Released"),
        ({"status": ""}, "scan a released lot"),
        ({"material": "water"}, "lot LV-1 is water; this step needs CD7 vector"),
        ({"expires": PAST}, "lot LV-1 expired on 2026-03-01: scan another lot"),
        ({"expires": START}, "lot LV-1 expired on 2026-03-02"),
        ({"gives": {}}, "the certificate of lot LV-1 does not give “titre”"),
        ({"gives": {"titre": "1e8 TU/mL"}}, "does not give “titre method”"),
        ({"gives": {"titre": "1e8 TU/mL", "titre_method": "method 1"}}, "this recipe counts for “method 2” only"),
        ({"gives": {"titre": "1e8 TU", "titre_method": "method 2"}}, "this recipe needs transducing unit per volume"),
        ({"gives": {"titre": "1,2e8 TU/mL", "titre_method": "method 2"}}, "gives titre as “1,2e8 TU/mL”"),
        ({"gives": {"titre": "high", "titre_method": "method 2"}}, "gives titre as “high”"),
    ],
)
@pytest.mark.requirement("RQ-033")
def test_a_lot_that_is_not_right_is_refused(changes: dict[str, Any], said: str) -> None:
    """The wrong material, not released, expired, or measured by another method: nothing of it reaches the cells."""
    with pytest.raises(Refused, match=said):
        materials().add("1.1", "vector", "LV-1", **changes)


def test_a_code_of_no_lot_is_refused() -> None:
    """A bottle that nobody received."""
    with pytest.raises(Refused, match="“X-9” is the code of no lot"):
        materials().do(c.AddMaterial(B, "1.1", "medium", "X-9"))


def test_what_a_lot_gives_is_computed_with() -> None:
    """1e8 TU at 1.2e8 TU/mL are 0.84 mL, rounded up."""
    play = materials().step("1.1").step("1.2")
    assert play.value("1.2", "vector_volume") == "0.84 mL"


def test_another_lot_needs_a_reason_and_computes_again_what_rests_on_it() -> None:
    """The first vial was dropped; the second lot has half the titre, so twice the volume goes in."""
    play = materials().step("1.1").step("1.2")
    with pytest.raises(Refused, match=r"step 1.1 was completed by Alice Operator; to change what is in it, say why"):
        play.add("1.1", "vector", "LV-2")
    gives = {"titre": "0.6e8 TU/mL", "titre_method": "method 2"}
    entries = play.add("1.1", "vector", "LV-2", reason="the first vial fell", gives=gives)
    assert kinds(entries) == ["step reopened", "material added", "value calculated", "step reopened"]
    assert play.value("1.2", "vector_volume") == "1.67 mL"
    assert [old.text for old in play.batch.run("1.1").values["vector"].history] == ["vector-1.1"]


def test_the_same_lot_twice_is_nothing_new() -> None:
    """A second scan of the same bottle."""
    play = materials()
    play.add("1.1", "medium", "M-1")
    assert play.add("1.1", "medium", "M-1") == []


EQUIPMENT = """
- step: 1.1 Scan
  use: {oven: {equipment: incubator}}
"""


def test_equipment_is_recorded_as_it_was_and_becomes_the_batchs() -> None:
    """The batch knows which incubator is its own from here on."""
    play = Play(small(EQUIPMENT)).start()
    entries = play.use("1.1", "oven", "INC-1")
    until = START + timedelta(days=90)
    assert entries[1] == e.EquipmentUsed(
        "1.1",
        "oven",
        "INC-1",
        equipment_class="incubator",
        status="ready",
        calibrated_until=until.isoformat(),
    )
    assert play.batch.equipment == {"incubator": "INC-1"}
    assert play.batch.calibrated == {"INC-1": until}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"equipment_class": "freezer"}, "INC-1 is of the class “freezer”; this step needs “incubator”"),
        ({"status": "in cleaning"}, "INC-1 is in cleaning: use another, or have it made ready"),
        ({"calibrated_until": PAST}, "the calibration of INC-1 ended on 2026-03-01"),
        ({"calibrated_until": START}, "the calibration of INC-1 ended"),
        ({"batch": "B2"}, "INC-1 is in use for batch B2"),
    ],
)
@pytest.mark.requirement("RQ-010")
@pytest.mark.requirement("RQ-028")
@pytest.mark.requirement("RQ-088")
def test_equipment_that_is_not_right_is_refused(changes: dict[str, Any], said: str) -> None:
    """The wrong kind, not ready, out of calibration, or another patient's."""
    with pytest.raises(Refused, match=said):
        Play(small(EQUIPMENT)).start().use("1.1", "oven", "INC-1", **changes)


def test_equipment_that_is_this_batchs_already_may_be_scanned_again() -> None:
    """Its own incubator is not in the way."""
    play = Play(small(EQUIPMENT)).start()
    play.use("1.1", "oven", "INC-1")
    assert play.use("1.1", "oven", "INC-1", batch=B) == []


def test_a_code_of_no_equipment_is_refused() -> None:
    """A label that fell off something else."""
    with pytest.raises(Refused, match="“X-9” is the code of no equipment"):
        Play(small(EQUIPMENT)).start().do(c.UseEquipment(B, "1.1", "oven", "X-9"))


def test_equipment_that_breaks_is_replaced_with_a_reason() -> None:
    """The step where it was scanned is opened again, and the batch knows the new one."""
    play = Play(small(EQUIPMENT)).start().step("1.1")
    entries = play.use("1.1", "oven", "INC-2", reason="the first one's door does not close")
    assert kinds(entries) == ["step reopened", "equipment used"]
    assert play.batch.equipment == {"incubator": "INC-2"}


SAMPLES = """
- step: 1.1 Sample
  sample: {tube: {ask: Tube}, second_tube: {ask: Second tube}}
- step: 1.2 Result
  result: {growth: {one of: [none, some], limit: none}}
  sample: tube
  method: Plate
"""


def test_a_result_names_its_tube_and_its_method() -> None:
    """What was measured comes back to this tube and no other."""
    play = Play(small(SAMPLES), answers={"tube": "S-1"}).start().step("1.1")
    entries = play.report("1.2", growth="none")
    assert entries[1].method == "Plate"  # type: ignore[attr-defined]  # a result
    assert entries[1].sample == "S-1"  # type: ignore[attr-defined]  # a result


def test_a_tube_that_holds_another_sample_is_refused() -> None:
    """No two samples in one tube, of whichever batch."""
    with pytest.raises(Refused, match="tube S-1 already holds a sample of batch B7: take a new tube"):
        Play(small(SAMPLES)).start().tube("1.1", "tube", "S-1", known_in="B7")


def test_the_same_tube_twice_is_nothing_new() -> None:
    """The application knows the tube by now, and it is this very sample."""
    play = Play(small(SAMPLES)).start()
    play.tube("1.1", "tube", "S-1")
    assert play.tube("1.1", "tube", "S-1", known_in=B) == []


@pytest.mark.parametrize("code", ["", "   ", "a\x00b", "x" * 2001])
def test_a_scan_of_nothing_is_asked_for_again(code: str) -> None:
    """A scanner's hiccup is no tube."""
    with pytest.raises(Malformed):
        Play(small(SAMPLES)).start().tube("1.1", "tube", code)


def test_another_tube_opens_what_was_measured_in_the_first() -> None:
    """The result was of another tube than the record now says: it is reported again."""
    play = Play(small(SAMPLES)).start().finish()
    entries = play.tube("1.1", "tube", "S-2", reason="the first one leaked")
    assert kinds(entries) == ["step reopened", "sample taken", "step reopened"]
    assert kinds(play.step("1.1").report("1.2", growth="none")) == ["result reported"]


def test_a_result_waits_for_its_tube() -> None:
    """Where no sample was taken, there is nothing to report on."""
    text = SAMPLES.replace("- step: 1.2 Result\n", "- step: 1.2 Result\n  after: []\n")
    with pytest.raises(Refused, match=r"“Growth” is measured in “Tube” \(step 1.1\), which is not taken yet"):
        Play(small(text)).start().report("1.2", growth="none")


LABELS = """
- step: 1.1 Volume
  record: {fill: {unit: mL}}
- step: 1.2 Print
  print:
    bag_labels: {plausible: 1 to 20 labels, lines: ["{coi}", "Batch {batch}", "Volume {fill} of {fill}"]}
"""


def test_labels_bear_what_is_recorded() -> None:
    """Whose, which batch, how much."""
    play = Play(small(LABELS), answers={"fill": "2.50"}).start().step("1.1")
    entries = play.do(c.PrintLabels(B, "1.2", "bag_labels", 2))
    assert entries[1].lines == ("COI-1", "Batch B1", "Volume 2.50 mL of 2.50 mL")  # type: ignore[attr-defined]  # labels
    assert play.value("1.2", "bag_labels") == "2 labels"


def test_braces_in_a_value_stay_what_they_are() -> None:
    """A text that looks like a name on a label is not filled a second time."""
    text = '- step: 1.1 A\n  record: {said: {kind: text}}\n- step: 1.2 B\n  print: {bag: {lines: ["{said} {coi}"]}}\n'
    play = Play(small(text), answers={"said": "{coi}"}).start().step("1.1")
    play.do(c.PrintLabels(B, "1.2", "bag", 1))
    (lines,) = [entry.lines for _, entry in play.lines if isinstance(entry, e.LabelsPrinted)]
    assert lines == ("{coi} COI-1",)


@pytest.mark.parametrize("copies", [0, -1])
def test_no_fewer_than_one_label_is_printed(copies: int) -> None:
    """What is counted up can be counted down by reconciling only."""
    play = Play(small(LABELS)).start().step("1.1")
    with pytest.raises(Malformed, match="print at least one label"):
        play.do(c.PrintLabels(B, "1.2", "bag_labels", copies))


def test_a_label_does_not_go_out_with_a_gap() -> None:
    """What it is to bear comes first."""
    text = LABELS.replace("- step: 1.2 Print\n", "- step: 1.2 Print\n  after: []\n")
    with pytest.raises(Refused, match=r"“Bag labels” needs “Fill” \(step 1.1\) first"):
        Play(small(text)).start().do(c.PrintLabels(B, "1.2", "bag_labels", 1))


@pytest.mark.requirement("RQ-038")
def test_a_correction_of_what_a_label_bears_opens_the_printing_again() -> None:
    """The bags' labels say 2.5 mL and the record says 2.4 mL: somebody has to print and stick anew."""
    play = Play(small(LABELS), answers={"fill": "2.5", "bag_labels": "2"}).start().finish()
    assert kinds(play.correct("1.1", "fill", "2.4")) == ["value corrected", "step reopened", "step reopened"]
    entries = play.step("1.1").do(c.PrintLabels(B, "1.2", "bag_labels", 2))
    assert entries[0].lines[2] == "Volume 2.4 mL of 2.4 mL"  # type: ignore[attr-defined]  # labels
