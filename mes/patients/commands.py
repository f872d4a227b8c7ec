"""What is done to therapy orders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.doses.plans import assign
from mes.execute import Doing, handles
from mes.masters.models import RecipeEdition
from mes.patients.models import TherapyOrder

_COI = re.compile(r"[A-Z0-9][A-Z0-9-]{5,39}")


@dataclass(frozen=True)
class PlaceOrder:
    """Order a therapy: its chain-of-identity code, issued before the first collection, and the recipe.

    ``level`` is a level of the recipe's dose plan, as the form names it; empty where the recipe has none.
    """

    coi: str
    recipe: str
    note: str = ""
    level: str = ""


@handles(
    PlaceOrder,
    "ordered a therapy",
    roles=(Role.PHYSICIAN.value,),
    books=lambda command: (f"order:{command.coi}",),
)
def place_order(doing: Doing, command: PlaceOrder) -> None:
    """Keep the order; it holds no name."""
    if not _COI.fullmatch(command.coi):
        raise Malformed("coi", "a chain-of-identity code has 6 to 40 capital letters, digits and hyphens")
    if not doing.session.scalars(select(RecipeEdition.code).where(RecipeEdition.code == command.recipe)).first():
        raise Refused(f"there is no recipe “{command.recipe}”")
    if doing.session.get(TherapyOrder, command.coi):
        raise Refused(f"{command.coi} was issued before")
    order = TherapyOrder(coi=command.coi, recipe=command.recipe, ordered=doing.act.at, note=command.note)
    assign(doing.session, order, command.level)
    doing.session.add(order)
