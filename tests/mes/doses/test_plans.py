"""Dose plans: drafted, approved by another, named by an order, followed by its batch, frozen at release."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Stage
from mes.archive.gather import gather
from mes.batches.commands import IssueBatch
from mes.doses.commands import ApproveDosePlan, DraftDosePlan, RecordOutcome
from mes.doses.models import DosePlanEdition
from mes.execute import Forbidden
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from mes.patients.models import TherapyOrder
from tests.cast import ALICE, DORA, QUINN
from tests.mes.doses.planned import DOSED, PLAN, TEXT, draft, ordered, planned, started
from tests.mes.laboratory import SVEN, Laboratory
from tests.mes.played import Played

LINE = "1e6 cells/kg within 30 % (level 3 of cd7_dose_finding, edition 1)"


@pytest.mark.requirement("RQ-039")
def test_a_plan_is_approved_by_another_than_who_wrote_it(lab: Laboratory) -> None:
    """Quinn may write and may approve, and not both of one text."""
    lab.do(DraftDosePlan(PLAN, TEXT), QUINN)
    with pytest.raises(Refused, match="who wrote a dose plan does not approve it"):
        lab.do(ApproveDosePlan(PLAN, 1), QUINN)


@pytest.mark.requirement("RQ-029")
def test_only_who_may_writes_a_plan(lab: Laboratory) -> None:
    """Limits on doses are for physicians to write and for quality to approve."""
    with pytest.raises(Forbidden):
        lab.do(DraftDosePlan(PLAN, TEXT), ALICE)
    lab.do(DraftDosePlan(PLAN, TEXT), DORA)
    with pytest.raises(Forbidden):
        lab.do(ApproveDosePlan(PLAN, 1), DORA)


def test_a_text_with_a_mistake_is_no_draft(lab: Laboratory) -> None:
    """Its line is named, and nothing is kept."""
    with pytest.raises(Malformed, match="“4” is no level of this plan"):
        lab.do(DraftDosePlan(PLAN, TEXT.replace('start: "1"', 'start: "4"')), DORA)
    assert lab.count("dose_plan_edition") == 0


def test_another_edition_retires_the_one_before(lab: Laboratory) -> None:
    """Orders keep the line that they were given; new ones get the new text's."""
    planned(lab)
    ordered(lab, "3", 1)
    lab.do(DraftDosePlan(PLAN, TEXT.replace("tolerance: 30 %", "tolerance: 20 %")), DORA)
    lab.do(ApproveDosePlan(PLAN, 2), QUINN)
    ordered(lab, "3", 2)
    assert lab.row(DosePlanEdition, (PLAN, 1)).status == "retired"
    assert lab.row(TherapyOrder, "COI-26-0001-D").dose == LINE
    newer = "1e6 cells/kg within 20 % (level 3 of cd7_dose_finding, edition 2)"
    assert lab.row(TherapyOrder, "COI-26-0002-D").dose == newer


def test_a_recipe_has_one_plan(lab: Laboratory) -> None:
    """Two plans for one recipe would give a level two meanings."""
    planned(lab)
    lab.do(DraftDosePlan("second", TEXT.replace(f"code: {PLAN}", "code: second")), DORA)
    with pytest.raises(Refused, match="recipe dosed has the dose plan cd7_dose_finding already"):
        lab.do(ApproveDosePlan("second", 1), QUINN)


@pytest.mark.parametrize("level", ["", "cd7_dose_finding/9", "3", "other/3"])
def test_where_a_plan_is_in_force_an_order_names_a_level_of_it(lab: Laboratory, level: str) -> None:
    """No dose is typed by hand any more."""
    planned(lab)
    with pytest.raises(Malformed, match=r"choose the dose level; .* has 1, 2, 3"):
        lab.do(PlaceOrder("COI-26-0001-D", "dosed", "synthetic", level=level), DORA)


def test_a_recipe_without_a_plan_takes_no_level(lab: Laboratory) -> None:
    """A level of nothing would say nothing."""
    with pytest.raises(Refused, match="no approved dose plan"):
        lab.do(PlaceOrder("COI-26-0001-D", "short", "synthetic", level="cd7_dose_finding/3"), DORA)


@pytest.mark.requirement("RQ-041")
def test_a_batch_carries_the_line_of_its_level(lab: Laboratory) -> None:
    """Whatever else is sent with the form: the dose is the order's."""
    planned(lab)
    (coi,) = ordered(lab, "3", 1)
    batch = Played(lab).start(coi, assigned_dose="5e6 cells/kg within 90 %")
    assert batch.batch.facts["assigned_dose"] == LINE


def test_an_order_from_before_the_plan_names_its_level_at_the_start(lab: Laboratory) -> None:
    """A line of the plan in force is taken; a dose that somebody typed is not."""
    lab.do(DraftRecipe("dosed", DOSED), SVEN)
    lab.do(ApproveRecipe("dosed", 1), QUINN)
    lab.do(PlaceOrder("COI-26-0001-D", "dosed", "synthetic"), DORA)
    lab.do(DraftDosePlan(PLAN, TEXT), DORA)
    lab.do(ApproveDosePlan(PLAN, 1), QUINN)
    with pytest.raises(Refused, match="is the dose of no level of the plan in force"):
        lab.do(IssueBatch("COI-26-0001-D", {"weight": "20", "assigned_dose": "2e6 cells/kg within 30 %"}), DORA)
    lab.do(IssueBatch("COI-26-0001-D", {"weight": "20", "assigned_dose": LINE}), DORA)
    assert lab.row(TherapyOrder, "COI-26-0001-D").dose_level == "3"


def test_without_a_plan_the_dose_is_typed(lab: Laboratory) -> None:
    """A laboratory that has approved none works as before."""
    draft(lab)
    lab.do(PlaceOrder("COI-26-0001-D", "dosed", "synthetic"), DORA)
    batch = Played(lab).start("COI-26-0001-D", assigned_dose="1e6 cells/kg within 20 %")
    assert batch.batch.facts["assigned_dose"] == "1e6 cells/kg within 20 %"


def correct(batch: Played, fact: str, value: str) -> None:
    batch.do(c.CorrectFact(batch.number, fact, value, "decided by the committee"), DORA)


@pytest.mark.requirement("RQ-079")
def test_a_level_is_changed_with_a_signature_and_the_order_follows(lab: Laboratory) -> None:
    """The dose in the bag is held against the new level at once: half the dose is a deviation."""
    planned(lab)
    batch = started(lab).finish("1.8")
    assert batch.value("1.7", "in_bag") == "24.750 10^6 cells"
    assert not batch.batch.deviations
    correct(batch, "assigned_dose", LINE.replace("1e6", "0.5e6").replace("level 3", "level 2"))
    assert lab.row(TherapyOrder, "COI-26-0001-D").dose_level == "2"
    assert [each.field for each in batch.batch.deviations.values()] == ["in_bag"]


def test_a_dose_of_no_level_is_refused_and_on_record(lab: Laboratory) -> None:
    """The physician's signature does not make a dose that nobody approved."""
    planned(lab)
    batch = started(lab)
    with pytest.raises(Refused, match="is the dose of no level of the plan in force"):
        correct(batch, "assigned_dose", "9e6 cells/kg within 30 %")
    assert "is the dose of no level" in lab.refusals(batch.book)[-1]


def test_a_weight_that_changed_after_formulation_is_a_dose_deviation(lab: Laboratory) -> None:
    """The bag is as it was; the dose for the new weight is out of range, and the old number stays struck through."""
    planned(lab)
    batch = started(lab).finish("1.9")
    correct(batch, "weight", "12 kg")
    assert batch.value("1.7", "in_bag") == "24.750 10^6 cells"
    assert [each.field for each in batch.batch.deviations.values()] == ["in_bag"]
    assert batch.batch.runs["1.7"].values["in_bag"].entry.judged == "limit 8.4 to 15.6 10^6 cells"


@pytest.mark.requirement("RQ-091")
def test_the_level_is_frozen_at_release(lab: Laboratory) -> None:
    """Conditionally released for level 3, the batch is no other level's; the order says so still."""
    planned(lab)
    batch = started(lab).finish("3.1")
    batch.review(Stage.CONDITIONAL)
    batch.release(Stage.CONDITIONAL)
    with pytest.raises(Refused, match="“Assigned dose” is frozen"):
        correct(batch, "assigned_dose", LINE.replace("1e6", "0.5e6").replace("level 3", "level 2"))
    assert lab.row(TherapyOrder, "COI-26-0001-D").dose_level == "3"
    assert lab.verify().holds


@pytest.mark.requirement("RQ-003")
def test_an_archive_holds_the_plan_that_the_dose_rests_on(lab: Laboratory) -> None:
    """From the draft of the edition to its approval, and nothing of what was seen of other patients."""
    planned(lab)
    (other,) = ordered(lab, "3", 7)
    lab.do(RecordOutcome(PLAN, other, "dose-limiting", "response"), DORA)
    batch = started(lab).finish("1.5")
    with lab.database.snapshot() as connection:
        kept = gather(connection, batch.batch).lines
    kinds = [line.content["kind"] for line in kept if line.book == f"dose-plan:{PLAN}"]
    assert kinds[0] == "dose plan edition added"
    assert "dose plan approved" in kinds
    assert not [line for line in kept if other in line.text]


def test_a_dose_typed_as_if_from_a_plan_breaks_no_archive(lab: Laboratory) -> None:
    """Without a plan in force a person may type any source; there is nothing to keep of it."""
    draft(lab)
    lab.do(PlaceOrder("COI-26-0001-D", "dosed", "synthetic"), DORA)
    batch = Played(lab).start("COI-26-0001-D", assigned_dose="1e6 cells/kg within 20 % (level 1 of none, edition 9)")
    with lab.database.snapshot() as connection:
        assert not [line for line in gather(connection, batch.batch).lines if line.book.startswith("dose-plan")]
