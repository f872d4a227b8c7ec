"""What is asked about therapy orders: which there are, and from any code the whole chain of identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import abort, url_for
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Person
from batch_records.master.recipe import Kind
from batch_records.values import isbt128
from batch_records.values.isbt128 import NotIsbt128, Structure
from batch_records.values.label_code import read_label
from mes.batches.queries import find
from mes.batches.shown import local
from mes.codes.queries import words_of
from mes.context import installation
from mes.doses.plans import approved_plans
from mes.execute import HANDLERS
from mes.masters.models import RecipeEdition
from mes.patients.commands import PlaceOrder, RecordDonation
from mes.patients.models import Donation, TherapyOrder
from mes.web.shapes import Link, Option


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
    issues: bool  # whether this site issues codes of its own
    searched: str = ""
    error: str = ""


@dataclass(frozen=True)
class DonationShown:
    """One collection for a therapy."""

    number: str
    donor: str
    collected: datetime | None
    note: str


@dataclass(frozen=True)
class ChainPage:
    """Everything that ``chain.html`` asks for."""

    coi: str
    recipient: str
    donor: str
    recipe: str
    ordered: datetime
    note: str
    started: Link | None
    disposition: str
    donations: tuple[DonationShown, ...]
    may_record: bool
    error: str = ""


def orders_page(person: Person, searched: str = "", error: str = "") -> OrdersPage:
    """Return the orders, the newest first; of those searched for, whatever code of theirs was scanned."""
    with installation().reading() as session:
        query = select(TherapyOrder).order_by(TherapyOrder.ordered.desc())
        rows = session.scalars(query.where(_concerned(session, searched)) if searched else query).all()
        approved = select(RecipeEdition.code, RecipeEdition.title).where(RecipeEdition.status == "approved")
        recipes = tuple(Option(code, title) for code, title in session.execute(approved))
        levels = tuple(_levels(session))
    may = bool(person.roles & HANDLERS[PlaceOrder].roles)
    titles = {option.value: option.word for option in recipes}
    lines = tuple(_line(row, titles) for row in rows)
    return OrdersPage(lines, recipes, levels, may, bool(installation().settings.facility), searched, error)


def _levels(session: Session) -> Iterator[Option]:
    """Give the levels of the plans in force."""
    for approved in approved_plans(session):
        for level in approved.plan.levels:
            yield Option(approved.key(level.name), f"{approved.plan.title}, level {level.name}: {level.rule.words}")


def _concerned(session: Session, scanned: str) -> ColumnElement[bool]:
    """Return the condition for the orders that a code belongs to: of therapy, donation, person, batch or label."""
    codes = _codes(scanned)
    donations = session.scalars(select(Donation.coi).where(or_(Donation.number.in_(codes), Donation.donor.in_(codes))))
    columns = (TherapyOrder.coi, TherapyOrder.recipient, TherapyOrder.donor, TherapyOrder.batch)
    return or_(*(column.in_(codes) for column in columns), TherapyOrder.coi.in_(donations.all()))


def _codes(scanned: str) -> list[str]:
    """Return what a scan may be a code of. A donation number is found with and without its check."""
    if label := read_label(scanned):
        return [label.coi]
    try:
        if scanned.startswith(("=", "&")):
            return [each.value for each in isbt128.read(scanned)]
        return [isbt128.read_donation(scanned)]
    except NotIsbt128:
        return [scanned]


def _line(row: TherapyOrder, titles: Mapping[str, str]) -> OrderLine:
    ordered = f"{local(row.ordered):%Y-%m-%d %H:%M}"
    url = url_for("patients.chain", coi=row.coi)
    return OrderLine(row.coi, titles.get(row.recipe, row.recipe), ordered, row.note, row.batch, url, row.dose or "")


def chain_page(coi: str, person: Person, error: str = "") -> ChainPage:
    """Return the whole chain of one therapy: for whom, whose cells, every collection, and what became of them."""
    with installation().reading() as session:
        order = _order(session, coi)
        rows = session.scalars(select(Donation).where(Donation.coi == coi).order_by(Donation.collected)).all()
        batch = find(session, order.batch) if order.batch else None
        kept = [_donation(session, row, order) for row in rows]
    known = {row.number for row in rows}
    for step, field in batch.recipe.fields.values() if batch else ():
        values = batch.all_values().recorded(field.name) if batch and field.kind is Kind.DONATION else []
        where = f"recorded in step {step.id} of the batch, not here"
        kept += [DonationShown(isbt128.printed(v.text), "", None, where) for v in values if v.text not in known]
    return ChainPage(
        coi=order.coi,
        recipient=order.recipient,
        donor=order.donor,
        recipe=order.recipe,
        ordered=local(order.ordered),
        note=order.note,
        started=Link(batch.id, url_for("batches.batch", batch=batch.id)) if batch else None,
        disposition=batch.disposition.value if batch else "",
        donations=tuple(kept),
        may_record=bool(person.roles & HANDLERS[RecordDonation].roles),
        error=error,
    )


def _order(session: Session, coi: str) -> TherapyOrder:
    order = session.get(TherapyOrder, coi)
    if order is None:
        abort(404, f"{coi} is the code of no therapy order.")
    return order


def _donation(session: Session, row: Donation, order: TherapyOrder) -> DonationShown:
    banked = "; collected before the code was issued: banked" if row.collected < order.ordered else ""
    facility = words_of(session, "facilities", isbt128.facility_of(row.number))
    return DonationShown(isbt128.printed(row.number), row.donor, local(row.collected), facility + banked)


def chain_as_xml(coi: str) -> bytes:
    """Return the chain of one therapy for other systems; codes stand as a symbol of ISBT 128 holds them."""
    with installation().reading() as session:
        order = _order(session, coi)
        rows = session.scalars(select(Donation).where(Donation.coi == coi).order_by(Donation.collected)).all()
    chain = Element("chainOfIdentity", identifier=coi, issued=order.ordered.isoformat())
    if isbt128.is_identity(coi):
        chain.set("isbt128", Structure(isbt128.IDENTITY, coi).text)
    SubElement(chain, "recipient", code=order.recipient)
    SubElement(chain, "donor", code=order.donor or order.recipient)
    for row in rows:
        about = {"number": row.number, "isbt128": isbt128.donation(row.number).text, "donor": row.donor}
        SubElement(chain, "collection", about, collected=row.collected.isoformat())
    if order.batch:
        SubElement(chain, "batch", number=order.batch)
    text: bytes = tostring(chain, encoding="utf-8", xml_declaration=True)
    return text
