"""The dose that a batch is issued with, and follows: the line of its order's level, never another."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.entries import FactCorrected
from batch_records.master.recipe import Kind, Recipe
from batch_records.values.dose import DoseRule
from mes.doses.plans import plan_of, reassign
from mes.execute import Doing
from mes.patients.models import TherapyOrder
from mes.web.shapes import Option


def with_dose(session: Session, order: TherapyOrder, recipe: Recipe, facts: Mapping[str, str]) -> dict[str, str]:
    """Return the facts of a new batch, its dose as the order names it; an order from before the plan names it now."""
    names = [fact.name for fact in recipe.facts if fact.kind is Kind.DOSE]
    if names and not order.dose and plan_of(session, order.recipe):
        reassign(session, order, facts.get(names[0], ""))
    return {**facts, **dict.fromkeys(names, order.dose)} if order.dose else dict(facts)


def follow_dose(doing: Doing, batch: str, entry: FactCorrected) -> None:
    """Have the order follow a batch to another level of the plan in force; any other dose is refused."""
    order = doing.session.scalars(select(TherapyOrder).where(TherapyOrder.batch == batch)).first()
    if order and order.dose and entry.was == order.dose:
        reassign(doing.session, order, entry.value)


def doses_to_start_with(session: Session, order: TherapyOrder | None) -> tuple[Option, ...]:
    """Return what the dose of a new batch may be: the one that its order names, or where it names none, each level."""
    if order and order.dose:
        return (Option(order.dose, DoseRule.parse(order.dose).words),)
    return dose_options(session, order)


def dose_options(session: Session, order: TherapyOrder | None) -> tuple[Option, ...]:
    """Return the lines that the dose of an order's batch may be, in words; empty where it is typed."""
    approved = plan_of(session, order.recipe) if order else None
    if approved is None:
        return ()
    levels = approved.plan.levels
    return tuple(Option(approved.line(level.name), f"Level {level.name}: {level.rule.words}") for level in levels)
