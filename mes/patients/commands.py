"""What is done to therapy orders: the code issued, and each collection for it recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from batch_records.values import isbt128
from batch_records.values.isbt128 import NotIsbt128
from mes.batches.models import CAME_TO_NOTHING, BatchView
from mes.context import installation
from mes.doses.plans import assign
from mes.execute import Doing, Outcome, handles
from mes.masters.models import RecipeEdition
from mes.patients.models import Donation, TherapyOrder

_COI = re.compile(r"[A-Z0-9][A-Z0-9-]{5,39}")
_PERSON = re.compile(r"[A-Za-z0-9-]{0,40}")


@dataclass(frozen=True)
class PlaceOrder:
    """Order a therapy: its chain-of-identity code, issued before the first collection, and the recipe.

    Without a code this site issues one. ``donor`` is empty where the recipient gives the cells. ``level`` is a level of
    the recipe's dose plan, as the form names it; empty where the recipe has none.
    """

    coi: str
    recipe: str
    note: str = ""
    recipient: str = ""
    donor: str = ""
    level: str = ""


@dataclass(frozen=True)
class RecordDonation:
    """Record one collection for a therapy. ``number`` is its donation number, scanned or with its check character."""

    coi: str
    number: str
    donor: str
    collected: datetime


def _books(command: PlaceOrder) -> Iterable[str]:
    return (f"order:{command.coi}",) if command.coi else ("laboratory",)


@handles(PlaceOrder, "ordered a therapy", roles=(Role.PHYSICIAN.value,), books=_books)
def place_order(doing: Doing, command: PlaceOrder) -> Outcome:
    """Keep the order; it holds no name. What came to nothing is ordered again under the same code."""
    coi = command.coi or _issued(doing)
    if not _COI.fullmatch(coi):
        raise Malformed("coi", "a chain-of-identity code has 6 to 40 capital letters, digits and hyphens")
    for name in ("recipient", "donor"):
        _must_be_a_code(name, getattr(command, name))
    if command.donor and command.donor == command.recipient:
        raise Malformed("donor", "donor and recipient are two people: leave the donor empty where they are one")
    if not doing.session.scalars(select(RecipeEdition.code).where(RecipeEdition.code == command.recipe)).first():
        raise Refused(f"there is no recipe “{command.recipe}”")
    order = doing.session.get(TherapyOrder, coi)
    if order:
        _order_again(doing, order, command)
    else:
        order = TherapyOrder(coi=coi, recipient=command.recipient)
    order.recipe, order.ordered, order.note, order.donor = command.recipe, doing.act.at, command.note, command.donor
    assign(doing.session, order, command.level)
    doing.session.add(order)
    return {"coi": coi}


def _order_again(doing: Doing, order: TherapyOrder, command: PlaceOrder) -> None:
    """Order a therapy anew whose batch came to nothing: another is made for the same recipient under the same code."""
    before = doing.session.get(BatchView, order.batch) if order.batch else None
    if before is None or before.disposition not in CAME_TO_NOTHING:
        raise Refused(f"{order.coi} was issued before")
    if command.recipient not in ("", order.recipient) and order.recipient:
        raise Refused(f"{order.coi} is the code of {order.recipient}: another recipient has another code")
    order.recipient = order.recipient or command.recipient
    order.supersedes, order.batch = before.batch, None


def _issued(doing: Doing) -> str:
    """Issue the next chain-of-identity identifier of this site and year; the laboratory's book is locked."""
    facility, year = installation().settings.facility, doing.act.at.year
    if not facility:
        raise Malformed("coi", "scan or type the code: this site has no facility number to issue one by")
    first = isbt128.issue_identity(facility, year, 0)
    query = select(func.max(TherapyOrder.coi)).where(TherapyOrder.coi.startswith(first[:9]))
    last = doing.session.execute(query).scalar()
    coi = isbt128.issue_identity(facility, year, int(last[9:]) + 1 if last and last[9:].isdigit() else 1)
    doing.act.lock([f"order:{coi}"])
    return coi


def _must_be_a_code(name: str, text: str) -> None:
    if not _PERSON.fullmatch(text):
        raise Malformed(name, f"the code of the {name} has up to 40 letters, digits and hyphens, and is no name")


@handles(
    RecordDonation,
    "recorded a donation",
    roles=(Role.PHYSICIAN.value, Role.OPERATOR.value),
    books=lambda command: (f"order:{command.coi}",),
)
def record_donation(doing: Doing, command: RecordDonation) -> None:
    """Join one more collection to a therapy; a number belongs to one therapy for ever."""
    order = doing.session.get(TherapyOrder, command.coi)
    if order is None:
        raise Refused(f"“{command.coi}” is the code of no therapy order")
    try:
        number = isbt128.read_donation(command.number)
    except NotIsbt128 as error:
        raise Malformed("number", str(error)) from None
    if known := doing.session.get(Donation, number):
        where = "this therapy already" if known.coi == order.coi else f"therapy {known.coi}: put the bag aside"
        raise Refused(f"donation {isbt128.printed(number)} belongs to {where}")
    giver = order.donor or order.recipient
    if giver and command.donor != giver:
        raise Refused(f"the cells of {order.coi} are from {giver}, and “{command.donor}” is on the collection")
    _must_be_a_code("donor", command.donor)
    if command.collected > doing.act.at:
        raise Malformed("collected", "a collection that is recorded has taken place")
    doing.session.add(Donation(number=number, coi=order.coi, donor=command.donor, collected=command.collected))
