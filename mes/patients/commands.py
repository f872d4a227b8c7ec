"""What is done to therapy orders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.batches.models import CAME_TO_NOTHING, BatchView
from mes.execute import Doing, handles
from mes.masters.models import RecipeEdition
from mes.patients.models import TherapyOrder

_COI = re.compile(r"[A-Z0-9][A-Z0-9-]{5,39}")


@dataclass(frozen=True)
class PlaceOrder:
    """Order a therapy: its chain-of-identity code, issued before the first collection, and the recipe."""

    coi: str
    recipe: str
    note: str = ""


@handles(
    PlaceOrder,
    "ordered a therapy",
    roles=(Role.PHYSICIAN.value,),
    books=lambda command: (f"order:{command.coi}",),
)
def place_order(doing: Doing, command: PlaceOrder) -> None:
    """Keep the order; it holds no name. What came to nothing is ordered again under the same code."""
    if not _COI.fullmatch(command.coi):
        raise Malformed("coi", "a chain-of-identity code has 6 to 40 capital letters, digits and hyphens")
    if not doing.session.scalars(select(RecipeEdition.code).where(RecipeEdition.code == command.recipe)).first():
        raise Refused(f"there is no recipe “{command.recipe}”")
    if order := doing.session.get(TherapyOrder, command.coi):
        _order_again(doing, order, command)
        return
    doing.session.add(TherapyOrder(coi=command.coi, recipe=command.recipe, ordered=doing.act.at, note=command.note))


def _order_again(doing: Doing, order: TherapyOrder, command: PlaceOrder) -> None:
    """Order a therapy anew whose batch came to nothing: another batch is made under the same chain of identity."""
    before = doing.session.get(BatchView, order.batch) if order.batch else None
    if before is None or before.disposition not in CAME_TO_NOTHING:
        raise Refused(f"{command.coi} was issued before")
    order.recipe, order.note, order.ordered = command.recipe, command.note, doing.act.at
    order.supersedes, order.batch = before.batch, None
