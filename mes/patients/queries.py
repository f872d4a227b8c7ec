"""What is asked about therapy orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Person
from mes.batches.shown import local
from mes.context import installation
from mes.doses.plans import approved_plans
from mes.execute import HANDLERS
from mes.masters.models import RecipeEdition
from mes.patients.commands import PlaceOrder
from mes.patients.models import TherapyOrder
from mes.web.shapes import Option


@dataclass(frozen=True)
class OrderLine:
    """An order in the list."""

    coi: str
    recipe: str
    ordered: str
    note: str
    batch: str | None
    url: str
    dose: str


@dataclass(frozen=True)
class OrdersPage:
    """Everything that ``orders.html`` asks for."""

    orders: tuple[OrderLine, ...]
    recipes: tuple[Option, ...]
    levels: tuple[Option, ...]
    may_order: bool
    error: str = ""


def orders_page(person: Person, error: str = "") -> OrdersPage:
    """Return the orders, the newest first."""
    with installation().reading() as session:
        rows = session.scalars(select(TherapyOrder).order_by(TherapyOrder.ordered.desc())).all()
        approved = select(RecipeEdition.code, RecipeEdition.title).where(RecipeEdition.status == "approved")
        recipes = tuple(Option(code, title) for code, title in session.execute(approved))
        levels = tuple(_levels(session))
    may = bool(person.roles & HANDLERS[PlaceOrder].roles)
    titles = {option.value: option.word for option in recipes}
    return OrdersPage(tuple(_line(row, titles) for row in rows), recipes, levels, may, error)


def _levels(session: Session) -> Iterator[Option]:
    """Give the levels of the plans in force."""
    for approved in approved_plans(session):
        for level in approved.plan.levels:
            yield Option(approved.key(level.name), f"{approved.plan.title}, level {level.name}: {level.rule.words}")


def _line(row: TherapyOrder, titles: Mapping[str, str]) -> OrderLine:
    url = url_for("batches.batch", batch=row.batch) if row.batch else url_for("batches.start", coi=row.coi)
    ordered = f"{local(row.ordered):%Y-%m-%d %H:%M}"
    return OrderLine(row.coi, titles.get(row.recipe, row.recipe), ordered, row.note, row.batch, url, row.dose or "")
