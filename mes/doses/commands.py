"""What is done to dose plans: drafted, approved by another person, succeeded; and outcomes recorded by physicians."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.dose_plan import PlanError, load_plan
from batch_records.master.recipe import Role
from mes.doses.models import DoseOutcome, DosePlanEdition
from mes.doses.plans import approved_plans
from mes.execute import Doing, Outcome, handles
from mes.masters.editions import add_draft, approve, must_be_approvable
from mes.patients.models import TherapyOrder

TOXICITIES = ("none", "dose-limiting", "not yet known")
RESPONSES = ("response", "no response", "not yet known")
_AUTHORS = (Role.PHYSICIAN.value, Role.REVIEWER.value)


@dataclass(frozen=True)
class DraftDosePlan:
    """Enter a dose plan's text as a draft of its next edition."""

    code: str
    text: str


@dataclass(frozen=True)
class ApproveDosePlan:
    """Approve a draft: orders name its levels from now on, and the edition before is retired."""

    code: str
    edition: int


@dataclass(frozen=True)
class RecordOutcome:
    """Record what was seen of a patient at a level; ``reason`` says why, where it was recorded otherwise before."""

    plan: str
    coi: str
    toxicity: str
    response: str
    reason: str = ""


def _book(command: DraftDosePlan | ApproveDosePlan) -> Iterable[str]:
    return (f"dose-plan:{command.code}",)


@handles(DraftDosePlan, "drafted a dose plan", roles=_AUTHORS, books=_book)
def draft_dose_plan(doing: Doing, command: DraftDosePlan) -> Outcome:
    """Keep a text that reads without a problem, as a draft."""
    try:
        plan = load_plan(command.text)
    except PlanError as error:
        raise Malformed("text", str(error)) from None
    if plan.code != command.code:
        raise Malformed("text", f"the text is of dose plan “{plan.code}”, not of “{command.code}”")
    row = DosePlanEdition(code=plan.code, title=plan.title, text=command.text, digest=plan.digest)
    return {"edition": add_draft(doing, row)}


@handles(
    ApproveDosePlan,
    "approved a dose plan",
    roles=(Role.REVIEWER.value,),
    books=lambda command: (*_book(command), "laboratory"),
    signature="approved",
)
def approve_dose_plan(doing: Doing, command: ApproveDosePlan) -> None:
    """Approve a draft that another person wrote; a recipe has one plan at a time, or an order's level would be two."""
    found = doing.session.get(DosePlanEdition, (command.code, command.edition))
    edition = must_be_approvable(doing, found, "dose plan", command.code, command.edition)
    recipes, before = set(load_plan(edition.text).recipes), []
    for other in approved_plans(doing.session):
        if other.row.code == edition.code:
            before.append(other.row)
        elif shared := recipes & set(other.plan.recipes):
            raise Refused(f"recipe {min(shared)} has the dose plan {other.row.code} already")
    approve(doing, edition, before, "dose plan approved")


@handles(
    RecordOutcome,
    "recorded what was seen at a dose level",
    roles=(Role.PHYSICIAN.value,),
    books=lambda command: (f"order:{command.coi}",),
)
def record_outcome(doing: Doing, command: RecordOutcome) -> None:
    """Keep what was seen; what was recorded before stays in the book, with the reason of the change."""
    order = doing.session.get(TherapyOrder, command.coi)
    if order is None or order.dose_plan != command.plan:
        raise Refused(f"“{command.coi}” is the code of no order with a level of {command.plan}")
    if command.toxicity not in TOXICITIES:
        raise Malformed("toxicity", f"choose one of: {', '.join(TOXICITIES)}")
    if command.response not in RESPONSES:
        raise Malformed("response", f"choose one of: {', '.join(RESPONSES)}")
    known = doing.session.get(DoseOutcome, command.coi)
    if known and not command.reason.strip():
        raise Malformed("reason", "say why this is recorded anew")
    outcome = known or DoseOutcome(coi=command.coi, plan=command.plan)
    outcome.toxicity, outcome.response = command.toxicity, command.response
    outcome.recorded, outcome.recorded_by = doing.act.at, doing.by.person.id
    doing.session.add(outcome)
    said = {"level": order.dose_level, "toxicity": command.toxicity, "response": command.response}
    doing.act.write(outcome.book, "dose outcome recorded", said, reason=command.reason.strip())
