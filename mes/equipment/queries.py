"""What is asked about equipment, and what its instruments said last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Person
from batch_records.executed.entries import kind
from batch_records.executed.notice_entries import NOTICES, GapFound
from batch_records.executed.span import apart, in_words
from batch_records.master.recipe import Role
from mes.batches.shown import local
from mes.context import installation
from mes.equipment.commands import STATUSES, AddEquipment
from mes.equipment.models import Equipment
from mes.execute import HANDLERS
from mes.ledger.sealed_readings import KIND as SEALED
from mes.ledger.sealed_readings import book_of
from mes.ledger.tables import line, reading
from mes.people.queries import names
from mes.web.history import Event, history_of
from mes.web.shapes import Option, Stamp

_TONES = {"ready": "ok", "to be cleaned": "alert", "out of service": "action"}
_SILENT = timedelta(minutes=2)
_NOTICES = 20  # shown


@dataclass(frozen=True)
class ItemShown:
    """A piece of equipment in the list."""

    name: str
    kind: str
    words: str
    status: str
    tone: str
    holds: str | None
    calibrated: str
    calibrated_tone: str
    qualified: str
    qualified_tone: str
    connection: str  # good, stale, none
    heard: str | None
    url: str


@dataclass(frozen=True)
class EquipmentPage:
    """Everything that ``equipment.html`` asks for."""

    items: tuple[ItemShown, ...]
    chosen: ItemShown | None
    statuses: tuple[Option, ...]
    log: tuple[Event, ...]
    notices: tuple[Event, ...]
    may_set_status: bool
    may_calibrate: bool
    may_enter: bool
    error: str = ""


def equipment_page(person: Person, chosen: str = "", error: str = "") -> EquipmentPage:
    """Return all equipment, and the chosen one with its log."""
    with installation().reading() as session:
        heard = _heard(session)
        rows = session.scalars(select(Equipment).order_by(Equipment.equipment_class, Equipment.code)).all()
        items = [_shown(row, heard) for row in rows]
        log = history_of(session, f"equipment:{chosen}", names(), without=SEALED) if chosen else ()
        notices = tuple(_notices(session, chosen)) if chosen else ()
    return EquipmentPage(
        items=tuple(items),
        chosen=next((item for item in items if item.name == chosen), None),
        statuses=tuple(Option(status, status) for status in STATUSES),
        log=log,
        notices=notices,
        may_set_status=Role.OPERATOR.value in person.roles,
        may_calibrate=Role.REVIEWER.value in person.roles,
        may_enter=bool(person.roles & HANDLERS[AddEquipment].roles),
        error=error,
    )


def _heard(session: Session) -> Mapping[str, str]:
    """Return when each instrument was last heard: its newest reading is found by its key, however many there are."""
    newest = select(reading.c.received_time).where(reading.c.instrument == Equipment.code)
    at = newest.order_by(reading.c.sequence.desc()).limit(1).scalar_subquery()
    return {code: heard for code, heard in session.execute(select(Equipment.code, at)) if heard}


def _notices(session: Session, code: str) -> Iterator[Event]:
    """Give the newest gaps and notices in an instrument's book, the newest first."""
    kinds, people = [kind(each) for each in NOTICES], names()
    query = select(line.c.text).where(line.c.kind.in_(kinds), line.c.book == book_of(code))
    for text in session.connection().execute(query.order_by(line.c.page.desc()).limit(_NOTICES)).scalars():
        content = json.loads(text)
        words = content["body"]["text"]
        who, at = people.get(content["author"], content["author"]), local(datetime.fromisoformat(content["at"]))
        yield Event(f"Gap: {words}" if content["kind"] == kind(GapFound) else words, Stamp(who, "", at))


def _shown(row: Equipment, heard: Mapping[str, str]) -> ItemShown:
    now = installation().now()
    last = datetime.fromisoformat(heard[row.code]) if row.code in heard else None
    return ItemShown(
        name=row.code,
        kind=row.equipment_class,
        words=row.name,
        status="in use" if row.holds else row.status,
        tone="now" if row.holds else _TONES[row.status],
        holds=row.holds,
        calibrated=f"{local(row.calibrated_until):%Y-%m-%d}",
        calibrated_tone=_tone(row.calibrated_until - now),
        qualified=f"{local(row.qualified_until):%Y-%m-%d}" if row.qualified_until else "",
        qualified_tone=_tone(row.qualified_until - now) if row.qualified_until else "none",
        connection="none" if last is None else "stale" if apart(now, last) > _SILENT else "good",
        heard=f"{in_words(max(now - last, timedelta(0)))} ago" if last else None,
        url=url_for("equipment.equipment", item=row.code),
    )


def _tone(left: timedelta) -> str:
    return "action" if left < timedelta(0) else "alert" if left < timedelta(days=14) else "none"
