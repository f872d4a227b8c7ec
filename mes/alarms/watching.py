"""Readings held against the approved limits as they come, and alarms raised and ended each time the clock ticks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from batch_records.executed.alarm_entries import AlarmRaised, AlarmReturned, AlarmUnshelved
from batch_records.executed.batch import Disposition
from batch_records.executed.span import apart
from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.unit import Unit, UnitError
from devices.reading import Quality, Reading
from mes.alarms.models import AlarmRule, AlarmView, AlarmWatch
from mes.alarms.points import Point, point_of
from mes.alarms.states import NOTHING, Event, State, Watched, due, watch
from mes.alarms.write import write, write_raised
from mes.batches.models import BatchView
from mes.context import installation
from mes.equipment.models import Equipment
from mes.execute import Doing
from mes.ledger.line import utc
from mes.ledger.tables import reading

_LOST = "signal lost"
_HEARD = (
    select(reading.c.received_time)
    .where(
        reading.c.instrument == bindparam("instrument"),
        reading.c.channel == bindparam("channel"),
        reading.c.quality == Quality.GOOD.value,
    )
    .order_by(reading.c.sequence.desc())
    .limit(1)
)


# --- as readings come ---------------------------------------------------------------------------------------------


def watch_readings(doing: Doing, readings: Sequence[Reading]) -> None:
    """Hold new readings of one instrument against its limits, each in its turn."""
    instrument = readings[0].instrument
    query = select(AlarmRule).join(Equipment, Equipment.equipment_class == AlarmRule.equipment_class)
    query = query.where(AlarmRule.status == "approved", Equipment.code == instrument).order_by(AlarmRule.number)
    for rule in doing.session.scalars(query).all():
        if rule.kind != _LOST and (mine := [each for each in readings if each.channel == rule.channel]):
            _watch(doing, rule, instrument, mine)


def _watch(doing: Doing, rule: AlarmRule, instrument: str, readings: Iterable[Reading]) -> None:
    row = doing.session.get(AlarmWatch, (instrument, rule.number), with_for_update=True)
    before = known = row.known if row else Watched()
    for each in readings:
        number = _number(each, rule)
        if number is not None:
            at = min(each.source_time or each.received_time, each.received_time)
            known = watch(rule.condition, known, number.base, str(number), at)
    if known != before:
        _keep(doing, (instrument, rule.number), known)


def _number(each: Reading, rule: AlarmRule) -> Quantity | None:
    """Return a good number in a unit that the limit can be compared with; anything else is no value at all."""
    if each.quality is not Quality.GOOD:
        return None
    try:
        read = Quantity.parse(each.value, Unit.parse(each.unit or "1"))
    except (QuantityError, UnitError):
        return None
    return read if read.unit.dimensions == Quantity.parse(rule.limit).unit.dimensions else None


# --- each time the clock ticks ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Watching:
    """An approved limit on one instrument, with where its alarm stands."""

    rule: AlarmRule
    equipment: Equipment
    point: Point
    known: Watched


def raise_and_end(doing: Doing) -> int:
    """Raise what is due, end what is over, put back what was shelved for long enough. Return how many lines say so."""
    alarms = {(row.instrument, row.rule): row for row in doing.session.scalars(select(AlarmView))}
    written = 0
    watched = set()
    for each in _watching(doing, alarms):
        watched.add((each.point.instrument, each.point.rule))
        written += _attend(doing, each, alarms)
    for key, alarm in alarms.items():
        if alarm.is_out and key not in watched:  # its limit was retired, or its instrument is out of service
            _end(doing, alarm, doing.act.at, "")
            _keep(doing, key, Watched())
            written += 1
        if alarm.shelved_until and alarm.shelved_until <= doing.act.at:
            write(doing, alarm, Event.UNSHELVED, AlarmUnshelved(alarm.name, "its time ran out"))
            written += 1
    return written


def _watching(doing: Doing, alarms: dict[tuple[str, str], AlarmView]) -> Iterator[_Watching]:
    query = (
        select(AlarmRule, Equipment)
        .join(Equipment, Equipment.equipment_class == AlarmRule.equipment_class)
        .where(AlarmRule.status == "approved", Equipment.status != "out of service")
        .order_by(Equipment.code, AlarmRule.number)
    )
    pairs = doing.session.execute(query).all()
    # In the order in which deliveries lock them, too.
    all_ = select(AlarmWatch).order_by(AlarmWatch.instrument, AlarmWatch.rule).with_for_update()
    rows = doing.session.scalars(all_).all() if pairs else []
    watches = {(row.instrument, row.rule): row.known for row in rows}
    for rule, equipment in pairs:
        key = (equipment.code, rule.number)
        point = point_of(alarms[key]) if key in alarms else Point(*key)
        known = _silence(doing, rule, point) if rule.kind == _LOST else watches.get(key, Watched())
        yield _Watching(rule, equipment, point, known)


def _silence(doing: Doing, rule: AlarmRule, point: Point) -> Watched:
    """Say since when a channel has sent nothing good, once it was heard at all."""
    heard = _heard(doing.act.connection, point.instrument, rule.channel)
    if heard is None:
        return Watched()
    silent = apart(doing.act.at, heard) > timedelta(seconds=float(Quantity.parse(rule.limit).base))
    if silent:
        return Watched(heard, None, f"nothing good since {utc(heard)}", is_raised=point.is_out)
    return Watched(heard, heard, back="heard again", is_raised=True) if point.is_out else Watched()


def _heard(connection: Connection, instrument: str, channel: str) -> datetime | None:
    found = connection.execute(_HEARD, {"instrument": instrument, "channel": channel}).scalar()
    return datetime.fromisoformat(found) if found else None


def _attend(doing: Doing, each: _Watching, alarms: dict[tuple[str, str], AlarmView]) -> int:
    condition = each.rule.condition
    if each.rule.kind == _LOST:  # the limit is the delay: what was silent for so long is lost
        condition = replace(condition, on_delay=NOTHING)
    what = due(condition, each.known, doing.act.at)
    if what is None:
        return 0
    key = (each.point.instrument, each.point.rule)
    raises = what is Event.RAISED
    if raises and not each.point.is_out:
        _raise(doing, each)
    elif each.point.is_out and each.known.back_since:
        _end(doing, alarms[key], each.known.back_since, each.known.back)
    if each.rule.kind != _LOST:
        _keep(doing, key, replace(each.known, is_raised=True) if raises else Watched())
    return 1


def _keep(doing: Doing, key: tuple[str, str], known: Watched) -> None:
    doing.session.merge(AlarmWatch(instrument=key[0], rule=key[1], **vars(known)))


def _raise(doing: Doing, each: _Watching) -> None:
    point, rule = each.point, each.rule
    noted = AlarmRaised(
        alarm=f"{point.instrument}/{rule.number}/{point.occurrence + 1}",
        instrument=point.instrument,
        channel=rule.channel,
        condition=rule.words,
        priority=rule.priority,
        value=each.known.out,
        since=utc(each.known.out_since or doing.act.at),
    )
    write_raised(doing, point, noted, batches_of(doing, each.equipment))


def _end(doing: Doing, alarm: AlarmView, since: datetime, value: str) -> None:
    write(doing, alarm, Event.RETURNED, AlarmReturned(alarm.name, utc(since), value))


def batches_of(doing: Doing, equipment: Equipment) -> list[str]:
    """Return the batches in process that equipment belongs to: the one it is kept for, or all that scanned it last."""
    query = select(BatchView.batch).where(BatchView.disposition == Disposition.IN_PROCESS.value)
    open_ = doing.session.scalars(query.order_by(BatchView.batch)).all()
    if equipment.exclusive:
        return [number for number in open_ if number == equipment.holds]
    folds, connection = installation().folds, doing.act.connection
    folded = [(number, folds.get(connection, number)) for number in open_]
    return [number for number, batch in folded if batch and equipment.code in batch.equipment.values()]


def is_waiting(state: str) -> bool:
    """Say whether somebody must look at an alarm in this state."""
    return state in (State.UNACKNOWLEDGED.value, State.RETURNED.value)
