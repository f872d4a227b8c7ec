"""The dose of one batch: frozen at release, and computed again, on the record, when the weight changes."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.draft import Refused
from batch_records.master.load import load, shipped
from batch_records.master.recipe import Recipe, Stage
from batch_records.values.limit import Verdict
from tests.batch_records.child import child, child_at
from tests.batch_records.playing import B, Play, kinds
from tests.cast import DORA

HIGHER = "2e6 cells/kg within 30 % (level 3 of cd7_dose_finding, edition 1)"


def correct(play: Play, fact: str, value: str) -> list[e.Entry]:
    """Correct a fact of the order, by the physician."""
    return play.do(c.CorrectFact(B, fact, value, "weighed again"), DORA)


def test_a_flat_dose_needs_no_other_recipe() -> None:
    """Fact 12: the rule is data. The same recipe gives 3e7 cells to every weight, by bands or flat."""
    flat = child(assigned_dose="3e7 cells within 20 %").finish("7.7")
    banded = child(assigned_dose="1e6 cells/kg up to 10 kg, 3e7 cells above, within 20 %").finish("7.7")
    assert flat.value("7.6", "target_dose") == banded.value("7.6", "target_dose") == "30.0 10^6 cells"


def test_a_dose_that_no_child_gets_is_found_before_the_bioreactor_is_seeded() -> None:
    """A zero too many is not plausible: the number is recorded, and a deviation opens."""
    play = child(assigned_dose="1e9 cells/kg within 30 %").finish("7.6")
    play.work("7.6")
    assert play.batch.run("7.6").values["target_dose"].verdict is Verdict.IMPLAUSIBLE
    assert [each.field for each in play.batch.deviations.values()] == ["target_dose"]


@pytest.mark.requirement("RQ-029")
def test_a_changed_weight_after_formulation_is_a_recalculation_and_a_deviation() -> None:
    """The bag stays as it was filled; its dose for the new weight is out of range, and says so."""
    play = child_at("15.1")
    entries = correct(play, "weight", "12 kg")
    assert play.value("11.8", "bag_fill") == "2.38 mL"
    assert play.value("14.9", "final_dose") == "1.666 10^6 cells/kg"
    assert play.batch.run("14.9").values["final_dose"].verdict is Verdict.ACTION
    assert play.value("7.6", "target_dose") == "12.0 10^6 cells"
    raised = [entry.field for entry in entries if isinstance(entry, e.DeviationRaised)]
    assert {"final_dose", "bag_fill"} <= set(raised)


@pytest.mark.requirement("RQ-079")
def test_what_was_computed_before_stays_struck_through() -> None:
    """The old dose, the new one and the reason stand side by side; the steps are signed again."""
    play = child_at("15.1")
    correct(play, "weight", "19 kg")
    value = play.batch.run("14.9").values["final_dose"]
    assert [old.text for old in value.history] == ["1.000 10^6 cells/kg"]
    assert value.text == "1.052 10^6 cells/kg"
    assert value.verdict is Verdict.WITHIN
    ((_, because),) = play.batch.run("14.9").reopened
    assert because == "“Body weight” was corrected from 20 kg to 19 kg"


def test_a_level_may_change_until_the_release() -> None:
    """A level changed after formulation opens the calculation of the dose again: the bag is not that dose."""
    play = child_at("15.1")
    assert "deviation raised" in kinds(correct(play, "assigned_dose", HIGHER))
    assert play.value("7.6", "target_dose") == "40.0 10^6 cells"


def test_the_level_is_frozen_at_release() -> None:
    """What was released was released for one level: no later change makes it another's dose."""
    play = child_at("15.1")
    play.review(Stage.CONDITIONAL)
    play.release(Stage.CONDITIONAL)
    with pytest.raises(Refused, match="“Assigned dose” is frozen: the batch was released for 1e6 cells/kg within 30 %"):
        correct(play, "assigned_dose", HIGHER)
    assert "fact corrected" in kinds(correct(play, "weight", "20.5 kg"))


def infusion() -> Recipe:
    """Return the shipped recipe of thaw and infusion."""
    return load(shipped()["thaw_and_infusion"])


ORDER = {
    "product_batch": "B26-0001",
    "recipient": "COI-1",
    "assigned_dose": "1e6 cells/kg within 30 %",
    "bag_dose": "20",
    "bag_volume": "10",
    "bag_endotoxin": "0.1",
    "bags_made": "3",
    "portion": "the whole dose",
    "portion_share": "100",
}


@pytest.mark.parametrize(("weight", "out"), [("20", False), ("16", False), ("15", True), ("30", True)])
def test_the_dose_is_held_against_the_weight_of_the_day(weight: str, out: bool) -> None:  # noqa: FBT001 - what is expected
    """A child lost weight since: 20 million cells for 15 kg are more than the level allows, a dose deviation."""
    play = Play(infusion(), ORDER, {"infusion_weight": weight}).start().finish("1.2")
    play.work("1.2")
    fields = [each.field for each in play.batch.deviations.values()]
    assert ("dose_today" in fields) is out
    assert play.batch.facts["bag_dose"] == "20 10^6 cells"


@pytest.mark.parametrize(("share", "out"), [("40 %", False), ("100 %", True)])
def test_a_portion_is_held_against_its_share(share: str, out: bool) -> None:  # noqa: FBT001 - what is expected
    """Fact 12: 8 million cells for 20 kg are the first 40 % of a split dose, and no whole dose."""
    facts = ORDER | {"bag_dose": "8", "portion": "first portion", "portion_share": share}
    play = Play(infusion(), facts, {"infusion_weight": "20"}).start().finish("1.2")
    play.work("1.2")
    assert bool(play.batch.deviations) is out


def test_a_portion_behind_its_gate_is_not_thawed() -> None:
    """The gate of the protocol was not met: the record is held, and the way to thaw is closed."""
    facts = ORDER | {"portion": "second portion", "portion_share": "60", "bag_dose": "12"}
    play = Play(infusion(), facts, {"infusion_weight": "20", "portion_gate": "not met"}).start()
    play.work("1.1")
    assert play.batch.holds
    play.settle().finish("1.3")
    with pytest.raises(Refused, match="“thaw” needs that"):
        play.choose("1.3", "go", "thaw")


@pytest.mark.requirement("RQ-029")
@pytest.mark.requirement("RQ-107")
def test_a_calculation_is_recorded_with_its_inputs_units_rule_and_rounding() -> None:
    """Whoever reads the record can compute the volume of vector again: 5.0e7 cells at 3 TU a cell of 1.2e8 TU/mL."""
    play = child_at("6.7")
    volume = play.batch.run("6.6").values["vector_volume"].entry
    assert isinstance(volume, e.ValueCalculated)
    assert volume.value == "1.25 mL"
    assert (volume.formula, volume.rounding) == ("cells_to_transduce * moi / titre", "up to 0.01")
    assert dict(volume.inputs) == {"cells_to_transduce": "50.0 10^6 cells", "moi": "3 TU/cell", "titre": "1.2e8 TU/mL"}
    assert play.value("6.6", "vector_vials") == "2 vials"
    assert play.value("6.6", "vector_left") == "0.75 mL"


@pytest.mark.requirement("RQ-029")
def test_a_calculation_is_never_typed_over() -> None:
    """It is computed again when what it rests on is corrected, and in no other way."""
    play = child_at("6.7")
    with pytest.raises(Refused, match="correct what it is computed from"):
        play.correct("6.6", "vector_volume", "1.30 mL")
    play.correct("6.4", "activated_volume", "80 mL")
    assert play.value("6.6", "vector_volume") == "1.00 mL"
    assert [old.text for old in play.batch.run("6.6").values["vector_volume"].history] == ["1.25 mL"]
