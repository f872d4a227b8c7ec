"""The dose plans in force, and the levels that an order can name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.dose_plan import DosePlan, load_plan
from mes.doses.models import DosePlanEdition
from mes.patients.models import TherapyOrder


@dataclass(frozen=True)
class Approved:
    """An approved edition: its row, and what its text says."""

    row: DosePlanEdition
    plan: DosePlan

    def line(self, level: str) -> str:
        """Return the line that an order and its batch carry for a level."""
        return self.plan.assigned(level, self.row.edition)

    def key(self, level: str) -> str:
        """Return what stands for a level in a form: two plans may have levels of one name."""
        return f"{self.row.code}/{level}"


def approved_plans(session: Session) -> Iterator[Approved]:
    """Give the dose plans in force."""
    query = select(DosePlanEdition).where(DosePlanEdition.status == "approved").order_by(DosePlanEdition.code)
    for row in session.scalars(query):
        yield Approved(row, load_plan(row.text))


def plan_of(session: Session, recipe: str) -> Approved | None:
    """Return the dose plan in force for a recipe, or None where it has none."""
    return next((each for each in approved_plans(session) if recipe in each.plan.recipes), None)


def assign(session: Session, order: TherapyOrder, level: str) -> None:
    """Write a level of the plan in force, by its key, into an order; a recipe without a plan takes none."""
    approved = plan_of(session, order.recipe)
    if approved is None:
        if level:
            raise Refused(f"recipe {order.recipe} has no approved dose plan, and so no level {level}")
        return
    name = {approved.key(each.name): each.name for each in approved.plan.levels}.get(level)
    if name is None:
        names = ", ".join(each.name for each in approved.plan.levels)
        raise Malformed("level", f"choose the dose level; {approved.plan.title} has {names}")
    order.dose_plan, order.dose_edition = approved.row.code, approved.row.edition
    order.dose_level, order.dose = name, approved.line(name)


def reassign(session: Session, order: TherapyOrder, dose: str) -> None:
    """Write the level into an order whose batch was given another line; a line of no level in force is refused."""
    approved = plan_of(session, order.recipe)
    levels = {approved.line(level.name): approved.key(level.name) for level in approved.plan.levels} if approved else {}
    if dose not in levels:
        raise Refused(f"“{dose}” is the dose of no level of the plan in force")
    assign(session, order, levels[dose])
