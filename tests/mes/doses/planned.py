"""A laboratory with a dose plan in force, and a recipe short enough to be played in a blink whose dose it is."""

from __future__ import annotations

from batch_records.master.dose_plan import shipped_plans
from mes.doses.commands import ApproveDosePlan, DraftDosePlan
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from tests.cast import DORA, QUINN
from tests.mes.furnishing import SHORT
from tests.mes.laboratory import SVEN, Laboratory
from tests.mes.played import Played

PLAN = "cd7_dose_finding"
TEXT = shipped_plans()[PLAN].replace("[cd7_car_t_autologous_pebl]", "[dosed]")
DOSED = (
    SHORT.replace("code: short", "code: dosed")
    .replace("facts:\n", "facts:\n  assigned_dose: {ask: Assigned dose, kind: dose}\n")
    .replace(
        "unit: 10^6 cells, round: down to 0.1}\n",
        "unit: 10^6 cells, round: down to 0.1}\n"
        "          in_bag:\n"
        "            ask: Dose in the bag\n"
        "            formula: cells / 2\n"
        "            unit: 10^6 cells\n"
        "            round: half up to 0.001\n"
        '            limit: "within tolerance(assigned_dose) of dose(assigned_dose, weight)"\n'
        "            class: CQA\n",
        1,
    )
)


def draft(lab: Laboratory) -> None:
    """Have a recipe with a dose, and a plan for it that nobody approved yet."""
    lab.do(DraftRecipe("dosed", DOSED), SVEN)
    lab.do(ApproveRecipe("dosed", 1), QUINN)
    lab.train("dosed")
    lab.do(DraftDosePlan(PLAN, TEXT), DORA)


def planned(lab: Laboratory) -> None:
    """Have a dose plan in force."""
    draft(lab)
    lab.do(ApproveDosePlan(PLAN, 1), QUINN)


def ordered(lab: Laboratory, level: str, *numbers: int) -> list[str]:
    """Order a therapy at a level for each number; return the codes."""
    codes = [f"COI-26-{number:04}-D" for number in numbers]
    for code in codes:
        lab.do(PlaceOrder(code, "dosed", "synthetic", level=f"{PLAN}/{level}"), DORA)
    return codes


def started(lab: Laboratory, level: str = "3") -> Played:
    """Start a batch of an order at a level."""
    (coi,) = ordered(lab, level, 1)
    return Played(lab).start(coi)
