"""One event of an alarm, written: a line in the instrument's book, the view, and the record of each batch concerned."""

from __future__ import annotations

from collections.abc import Iterable

from batch_records.executed import commands as c
from batch_records.executed.alarm_entries import (
    AlarmAcknowledged,
    AlarmRaised,
    AlarmReturned,
    AlarmShelved,
    AlarmUnshelved,
)
from batch_records.executed.draft import Refused
from batch_records.executed.entries import to_body
from mes.alarms.models import AlarmView
from mes.alarms.points import Point, follow, point_of, view_of
from mes.alarms.states import Event
from mes.batches.commands import carry_out
from mes.batches.folds import book_of as book_of_batch
from mes.execute import Doing
from mes.ledger.sealed_readings import book_of

Noted = AlarmRaised | AlarmReturned | AlarmAcknowledged | AlarmShelved | AlarmUnshelved


def write(doing: Doing, alarm: AlarmView, event: Event, noted: Noted) -> None:
    """Write what happened to an alarm that stands in the view."""
    body = {"rule": alarm.rule, "occurrence": alarm.occurrence, **to_body(noted)}
    _write(doing, point_of(alarm), event, body, noted, alarm.batches.split())


def write_raised(doing: Doing, point: Point, noted: AlarmRaised, batches: Iterable[str]) -> None:
    """Write that an alarm was raised, for the first time or again."""
    concerned = tuple(batches)
    body = {"rule": point.rule, "occurrence": point.occurrence + 1, **to_body(noted), "batches": " ".join(concerned)}
    _write(doing, point, Event.RAISED, body, noted, concerned)


def _write(
    doing: Doing, point: Point, event: Event, body: dict[str, object], noted: Noted, batches: Iterable[str]
) -> None:
    book = book_of(point.instrument)
    doing.act.lock([book, *map(book_of_batch, batches)])
    line = doing.act.write(book, event.value, body, signed=doing.signed)
    try:
        after = follow(point, event, body, doing.act.at, line.hash.hex())
    except ValueError:
        raise Refused(f"alarm {point.instrument}/{point.rule}/{point.occurrence} is {point.state}") from None
    doing.session.merge(view_of(after))
    for batch in batches:
        carry_out(doing, c.NoteAlarm(batch, noted))
