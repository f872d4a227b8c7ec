"""What is done about alarms: limits proposed, approved and retired; alarms acknowledged, shelved and put back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from batch_records.executed import alarm_entries as a
from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.unit import UnitError
from mes.alarms.models import BOOK, AlarmRule, AlarmView
from mes.alarms.states import KINDS, PRIORITIES, Event, State
from mes.alarms.write import write
from mes.execute import Doing, Outcome, handles
from mes.ledger.line import utc
from mes.ledger.sealed_readings import book_of

_LONGEST_SHELF = timedelta(hours=24)
_OPERATE = (Role.OPERATOR.value, Role.VERIFIER.value, Role.REVIEWER.value)


@dataclass(frozen=True)
class ProposeAlarm:
    """Propose a limit for a channel of a class of equipment, with what justifies it. Delays are in seconds."""

    equipment_class: str
    channel: str
    kind: str
    limit: str
    priority: str
    justification: str
    deadband: str = ""
    on_delay: str = "0"
    off_delay: str = "0"


@dataclass(frozen=True)
class ApproveAlarm:
    """Approve a proposed limit: from now on it is watched, and the one it replaces is not."""

    number: str


@dataclass(frozen=True)
class RetireAlarm:
    """Watch a limit no more."""

    number: str
    reason: str


@dataclass(frozen=True)
class AcknowledgeAlarm:
    """Say that an alarm was seen, and what is done about it."""

    instrument: str
    rule: str
    text: str


@dataclass(frozen=True)
class ShelveAlarm:
    """Take an alarm off the list for some hours."""

    instrument: str
    rule: str
    hours: str
    reason: str


@dataclass(frozen=True)
class UnshelveAlarm:
    """Put a shelved alarm back on the list before its time."""

    instrument: str
    rule: str
    reason: str


def _book(command: AcknowledgeAlarm | ShelveAlarm | UnshelveAlarm) -> Iterable[str]:
    return (book_of(command.instrument),)


# --- limits -------------------------------------------------------------------------------------------------------


@handles(ProposeAlarm, "proposed an alarm limit", roles=_OPERATE, books=lambda _: (BOOK,))
def propose_alarm(doing: Doing, command: ProposeAlarm) -> Outcome:
    """Keep a limit that reads, as a proposal."""
    for name in ("equipment_class", "channel", "justification"):
        if not getattr(command, name).strip():
            raise Malformed(name, f"a limit has a {name.replace('_', ' ')}")
    for name, words in (("kind", KINDS), ("priority", PRIORITIES)):
        if getattr(command, name) not in words:
            raise Malformed(name, f"the {name} is one of: {', '.join(words)}")
    limit = _quantity("limit", command.limit)
    if command.kind == "signal lost" and (limit.unit.dimensions != (("time", 1),) or limit.base <= 0):
        raise Malformed("limit", "of a lost signal the limit is a time: 120 s")
    deadband = _quantity("deadband", command.deadband) if command.deadband.strip() else None
    if deadband and (deadband.unit.dimensions != limit.unit.dimensions or deadband.base < 0):
        raise Malformed("deadband", f"the deadband is a number of 0 or more in {limit.unit}, as the limit is")
    count = doing.session.execute(select(func.count()).select_from(AlarmRule)).scalar_one()
    rule = AlarmRule(
        number=f"A{count + 1}",
        equipment_class=command.equipment_class.strip(),
        channel=command.channel.strip(),
        kind=command.kind,
        limit=str(limit),
        deadband=str(deadband) if deadband else "",
        on_delay=_seconds("on_delay", command.on_delay),
        off_delay=_seconds("off_delay", command.off_delay),
        priority=command.priority,
        justification=command.justification.strip(),
        status="proposed",
        proposed_by=doing.by.person.id,
    )
    doing.session.add(rule)
    return {"number": rule.number}


def _quantity(name: str, text: str) -> Quantity:
    try:
        return Quantity.parse(text)
    except (QuantityError, UnitError) as error:
        raise Malformed(name, f"{error}. Write it with its unit: 37.5 °C") from None


def _seconds(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text.strip()):
        raise Malformed(name, "enter a delay in whole seconds, 0 for none")
    return int(text)


@handles(
    ApproveAlarm, "approved an alarm limit", roles=(Role.REVIEWER.value,), books=lambda _: (BOOK,), signature="approved"
)
def approve_alarm(doing: Doing, command: ApproveAlarm) -> None:
    """Approve a limit that another person proposed; the one of the same kind on the same channel is retired."""
    rule = _rule(doing, command.number, "proposed")
    if rule.proposed_by == doing.by.person.id:
        raise Refused("who proposed a limit does not approve it")
    same = (AlarmRule.equipment_class, AlarmRule.channel, AlarmRule.kind)
    query = select(AlarmRule).where(AlarmRule.status == "approved", *(of == getattr(rule, of.key) for of in same))
    for before in doing.session.scalars(query):
        before.status = "retired"
    rule.status, rule.approved_by, rule.approved_at = "approved", doing.by.person.id, doing.act.at
    body = {"rule": rule.number, "condition": rule.words, "channel": rule.channel, "class": rule.equipment_class}
    doing.act.write(BOOK, "alarm limit approved", body, signed=doing.signed)


@handles(
    RetireAlarm, "retired an alarm limit", roles=(Role.REVIEWER.value,), books=lambda _: (BOOK,), signature="retired"
)
def retire_alarm(doing: Doing, command: RetireAlarm) -> None:
    """Watch a limit no more, for a reason."""
    rule = _rule(doing, command.number, "approved", "proposed")
    if not command.reason.strip():
        raise Malformed("reason", "say why this limit is watched no more")
    rule.status = "retired"
    body = {"rule": rule.number, "condition": rule.words}
    doing.act.write(BOOK, "alarm limit retired", body, reason=command.reason.strip(), signed=doing.signed)


def _rule(doing: Doing, number: str, *statuses: str) -> AlarmRule:
    rule = doing.session.get(AlarmRule, number)
    if rule is None:
        raise Refused(f"there is no alarm limit {number}")
    if rule.status not in statuses:
        raise Refused(f"alarm limit {number} is {rule.status}")
    return rule


# --- alarms -------------------------------------------------------------------------------------------------------


@handles(
    AcknowledgeAlarm,
    "acknowledged an alarm",
    roles=_OPERATE,
    books=_book,
    signature="acknowledged",
    unsigned_too=True,
)
def acknowledge_alarm(doing: Doing, command: AcknowledgeAlarm) -> None:
    """Acknowledge an alarm, with what is done about it; a critical one is signed for."""
    alarm = _alarm(doing, command)
    if alarm.state not in (State.UNACKNOWLEDGED.value, State.RETURNED.value):
        raise Refused(f"alarm {alarm.name} is {alarm.state}: there is nothing to acknowledge")
    if not command.text.strip():
        raise Malformed("text", "say what you saw and what is done about it")
    _must_be_signed(doing, alarm)
    write(doing, alarm, Event.ACKNOWLEDGED, a.AlarmAcknowledged(alarm.name, command.text.strip()))


@handles(ShelveAlarm, "shelved an alarm", roles=_OPERATE, books=_book, signature="shelved", unsigned_too=True)
def shelve_alarm(doing: Doing, command: ShelveAlarm) -> None:
    """Take an alarm off the list until a time, for a reason; a critical one only by quality, who signs."""
    alarm = _alarm(doing, command)
    if not re.fullmatch(r"[0-9]{1,2}", command.hours) or not 0 < int(command.hours) <= 24:
        raise Malformed("hours", f"an alarm is shelved for 1 to {_LONGEST_SHELF.total_seconds() / 3600:.0f} hours")
    if not command.reason.strip():
        raise Malformed("reason", "say why the alarm is shelved")
    if alarm.priority == "critical" and Role.REVIEWER.value not in doing.by.person.roles:
        raise Refused("a critical alarm is shelved by a quality reviewer only")
    _must_be_signed(doing, alarm)
    until = utc(doing.act.at + timedelta(hours=int(command.hours)))
    write(doing, alarm, Event.SHELVED, a.AlarmShelved(alarm.name, until, command.reason.strip()))


@handles(UnshelveAlarm, "put a shelved alarm back", roles=_OPERATE, books=_book)
def unshelve_alarm(doing: Doing, command: UnshelveAlarm) -> None:
    """Put an alarm back on the list."""
    if not command.reason.strip():
        raise Malformed("reason", "say why the alarm is put back")
    alarm = _alarm(doing, command)
    write(doing, alarm, Event.UNSHELVED, a.AlarmUnshelved(alarm.name, command.reason.strip()))


def _alarm(doing: Doing, command: AcknowledgeAlarm | ShelveAlarm | UnshelveAlarm) -> AlarmView:
    alarm = doing.session.get(AlarmView, (command.instrument, command.rule))
    if alarm is None:
        raise Refused(f"{command.instrument} has no alarm {command.rule}")
    return alarm


def _must_be_signed(doing: Doing, alarm: AlarmView) -> None:
    if alarm.priority == "critical" and not doing.signed:
        raise Refused("this alarm is critical: enter user and password")
