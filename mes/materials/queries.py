"""What is asked about lots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for
from sqlalchemy import or_, select

from batch_records.executed.commands import Person
from batch_records.executed.span import in_words
from batch_records.master.recipe import Role
from mes.batches.shown import local
from mes.context import installation
from mes.materials.models import Lot
from mes.people.queries import names
from mes.web import shapes
from mes.web.history import Event, head_of, history_of

_TONES = {"released": "ok", "quarantine": "open", "rejected": "action"}


@dataclass(frozen=True)
class LotShown:
    """A lot in the list."""

    number: str
    material: str
    expiry: str
    expires: str
    expiry_tone: str
    status: str
    tone: str
    gives: tuple[tuple[str, str], ...]
    url: str


@dataclass(frozen=True)
class LotsPage:
    """Everything that ``lots.html`` asks for."""

    lots: tuple[LotShown, ...]
    chosen: LotShown | None
    log: tuple[Event, ...]
    signature: shapes.Signature | None
    search: str
    may_receive: bool
    error: str = ""
    draft: Mapping[str, str] = field(default_factory=dict)


def lots_page(person: Person, search: str = "", chosen: str = "", error: str = "") -> LotsPage:
    """Return the lots, newest expiry last, and the chosen one with its history."""
    now = installation().now()
    with installation().reading() as session:
        query = select(Lot).order_by(Lot.material, Lot.expires)
        if search:
            contains = (column.contains(search, autoescape=True) for column in (Lot.number, Lot.material))
            query = query.where(or_(*contains))
        lots = [_shown(row, now) for row in session.scalars(query)]
        one = session.get(Lot, chosen) if chosen else None
        log = history_of(session, one.book, names()) if one else ()
        head = head_of(session, one.book) if one else ""
    picked = _shown(one, now) if one else None
    reviewer = Role.REVIEWER.value in person.roles
    return LotsPage(
        lots=tuple(lots),
        chosen=picked,
        log=log,
        signature=_deciding(one.number, head) if one and one.status == "quarantine" and reviewer else None,
        search=search,
        may_receive=bool(person.roles & {Role.OPERATOR.value, Role.REVIEWER.value}),
        error=error,
    )


def _shown(row: Lot, now: datetime) -> LotShown:
    left = row.expires - now
    tone = "action" if left.total_seconds() <= 0 else "alert" if left.days < 30 else "none"
    words = "expired" if left.total_seconds() <= 0 else f"in {in_words(left)}"
    url = url_for("materials.lots", lot=row.number)
    gives = tuple((name.replace("_", " "), text) for name, text in row.gives.items())
    expiry = f"{local(row.expires):%Y-%m-%d}"
    return LotShown(row.number, row.material, expiry, words, tone, row.status, _TONES[row.status], gives, url)


def _deciding(lot: str, head: str) -> shapes.Signature:
    statement = "I have compared the lot with its certificate."
    return shapes.Signature(
        "Release the lot", statement, "approved", head, f"lot {lot}", comment="optional", comment_ask="Remark"
    )
