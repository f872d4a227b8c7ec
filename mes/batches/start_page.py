"""What the page that starts a batch shows: the orders that wait, and what the chosen one's recipe asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.master.recipe import Field, Kind
from mes.batches import shown
from mes.context import installation
from mes.doses.assigned import doses_to_start_with
from mes.masters.models import RecipeEdition
from mes.patients.models import TherapyOrder
from mes.web import shapes


@dataclass(frozen=True)
class Order:
    """An order without a batch."""

    coi: str
    product: str
    cell_source: str
    words: str
    blocked: str | None


@dataclass(frozen=True)
class StartPage:
    """Everything that ``start.html`` asks for."""

    orders: tuple[Order, ...]
    order: Order | None
    facts: tuple[shapes.Field, ...]
    recipe: str
    error: str


def start_page(coi: str, draft: Mapping[str, str], wrong: str = "", sentence: str = "") -> StartPage:
    """Return the orders that wait, and the facts that the chosen one's recipe asks for."""
    with installation().reading() as session:
        waiting = session.scalars(select(TherapyOrder).where(TherapyOrder.batch.is_(None)).order_by(TherapyOrder.coi))
        rows = {row.coi: row for row in waiting}
        orders = {row.coi: _order(session, row) for row in rows.values()}
        order, row = orders.get(coi), rows.get(coi)
        approved = _approved(session, row.recipe) if row else None
        edition = approved.edition if approved else 0
        recipe = installation().folds.recipe(session.connection(), approved.code, edition) if approved else None
        doses = doses_to_start_with(session, row)
    facts = tuple(_fact(each, draft, doses, wrong, sentence) for each in recipe.facts) if recipe else ()
    words = f"{recipe.title}, edition {edition}" if recipe else ""
    unknown = f"“{coi}” is the code of no order that waits for a batch." if coi and not order else ""
    error = ("" if wrong else sentence) or unknown
    return StartPage(tuple(orders.values()), order, facts, words, error)


def _order(session: Session, row: TherapyOrder) -> Order:
    edition = _approved(session, row.recipe)
    title, blocked = (edition.title, None) if edition else (row.recipe, "no approved recipe")
    return Order(row.coi, title, row.note, f"ordered {shown.local(row.ordered):%Y-%m-%d}", blocked)


def _approved(session: Session, code: str) -> RecipeEdition | None:
    query = select(RecipeEdition).where(RecipeEdition.code == code, RecipeEdition.status == "approved")
    return session.scalars(query.order_by(RecipeEdition.edition.desc())).first()


def _fact(
    asked: Field, draft: Mapping[str, str], doses: tuple[shapes.Option, ...], wrong: str, sentence: str
) -> shapes.Field:
    """Return a fact as it is asked for; a dose of a plan is picked, and picked already where the order names it."""
    error = sentence if wrong == asked.name else ""
    field = replace(shown.asked(asked, None), draft=draft.get(asked.name, ""), error=error)
    if asked.kind is not Kind.DOSE or not doses:
        return field
    return replace(field, kind="choice", options=doses, draft=doses[0].value if len(doses) == 1 else field.draft)
