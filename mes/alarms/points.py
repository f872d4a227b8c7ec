"""Alarms as the lines of their instruments' books make them: followed line by line, rebuilt, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from mes.alarms.models import AlarmView
from mes.alarms.states import Event, State, after
from mes.ledger.sealed_readings import book_of
from mes.ledger.tables import line
from mes.ledger.verify import Flaw

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Point:
    """One alarm of one instrument after some of its lines; the attributes are the view's columns."""

    instrument: str
    rule: str
    state: str = State.NORMAL.value
    is_out: bool = False
    occurrence: int = 0
    channel: str = ""
    condition: str = ""
    priority: str = ""
    value: str = ""
    raised: datetime = _NEVER
    returned: datetime | None = None
    shelved_until: datetime | None = None
    batches: str = ""
    line: str = ""


def follow(point: Point, event: Event, body: Mapping[str, Any], at: datetime, hashed: str) -> Point:
    """Return an alarm after one more line. Raise `ValueError` for one that cannot follow."""
    is_out = {Event.RAISED: True, Event.RETURNED: False}.get(event, point.is_out)
    state = after(State(point.state), event, is_out=is_out)
    if state is None:
        raise ValueError(f"“{event.value}” cannot follow: the alarm is {point.state}")
    made = replace(point, state=state.value, is_out=is_out)
    if event is Event.RAISED:
        said = {name: body[name] for name in ("occurrence", "channel", "condition", "priority", "value")}
        return replace(made, **said, batches=body.get("batches", ""), raised=at, returned=None, line=hashed)
    if event is Event.RETURNED:
        return replace(made, returned=at)
    if event is Event.SHELVED:
        return replace(made, shelved_until=datetime.fromisoformat(body["until"]))
    return replace(made, shelved_until=None) if event is Event.UNSHELVED else made


def point_of(row: AlarmView) -> Point:
    """Return an alarm as its view has it."""
    return Point(**{column.key: getattr(row, column.key) for column in AlarmView.__table__.columns})


def view_of(point: Point) -> AlarmView:
    """Return the row of an alarm."""
    return AlarmView(**vars(point))


def wrong_alarms(connection: Connection) -> Iterator[Flaw]:
    """Give every alarm whose view says something else than its lines."""
    session = Session(bind=connection, autoflush=False)
    shown = {(row.instrument, row.rule): point_of(row) for row in session.scalars(select(AlarmView))}
    kinds = [event.value for event in Event]
    columns = (line.c.book, line.c.page, line.c.kind, line.c.text, line.c.hash)
    query = select(*columns).where(line.c.kind.in_(kinds)).order_by(line.c.book, line.c.page)
    made: dict[tuple[str, str], Point] = {}
    for book, page, kind, text, hashed in connection.execute(query):
        if not book.startswith(book_of("")):
            continue  # a batch's: noted there as well
        try:
            content = json.loads(text)
            key = (book.removeprefix(book_of("")), content["body"]["rule"])
            at = datetime.fromisoformat(content["at"])
            made[key] = follow(made.get(key, Point(*key)), Event(kind), content["body"], at, bytes(hashed).hex())
        except (KeyError, TypeError, ValueError) as error:
            yield Flaw(book, page, f"it cannot be read as an alarm: {error}")
    for key in sorted({*shown, *made}):
        if shown.get(key) != made.get(key):
            yield Flaw(book_of(key[0]), 0, f"the view of alarm {key[1]} is not what its lines say")
