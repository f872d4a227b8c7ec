"""What is asked about alarms: which wait for somebody, what became of each, which limits there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Person
from batch_records.master.recipe import Role
from mes.alarms.commands import AcknowledgeAlarm, ApproveAlarm, ProposeAlarm
from mes.alarms.models import BOOK, AlarmRule, AlarmView
from mes.alarms.states import KINDS, PRIORITIES, Event, State
from mes.batches import shown
from mes.context import installation
from mes.execute import HANDLERS
from mes.ledger.sealed_readings import book_of
from mes.ledger.tables import line
from mes.people.queries import names
from mes.web import shapes
from mes.web.history import head_of

_TONES = {"critical": "action", "high": "alert", "medium": "info", "low": "open"}
_WAITING = (State.UNACKNOWLEDGED.value, State.RETURNED.value)
_LOGGED = 40
_STATUS_TONES = {"approved": "ok", "proposed": "half", "retired": "none"}


@dataclass(frozen=True)
class AlarmShown:
    """An alarm in the list."""

    instrument: str
    rule: str
    name: str
    channel: str
    condition: str
    value: str
    priority: str
    tone: str
    state: str
    waits: bool
    is_out: bool
    raised: datetime
    shelved_until: datetime | None
    batches: tuple[str, ...]
    line: str
    url: str


@dataclass(frozen=True)
class Logged:
    """Something that happened to an alarm."""

    words: str
    more: str
    stamp: shapes.Stamp


@dataclass(frozen=True)
class AlarmsPage:
    """Everything that ``alarms.html`` asks for."""

    alarms: tuple[AlarmShown, ...]
    chosen: AlarmShown | None
    log: tuple[Logged, ...]
    may_answer: bool
    may_shelve: bool
    signature: shapes.Signature | None  # where the chosen one is critical
    limits_in_force: int
    error: str = ""
    draft: str = ""


@dataclass(frozen=True)
class Band:
    """What every page says about alarms that wait."""

    count: int
    words: str
    tone: str


@dataclass(frozen=True)
class Limit:
    """An alarm limit in the list."""

    number: str
    equipment_class: str
    channel: str
    condition: str
    details: str
    priority: str
    tone: str
    justification: str
    status: str
    status_tone: str
    proposed_by: str
    approved: shapes.Stamp | None
    url: str


@dataclass(frozen=True)
class LimitsPage:
    """Everything that ``limits.html`` asks for."""

    limits: tuple[Limit, ...]
    chosen: Limit | None
    kinds: tuple[shapes.Option, ...]
    priorities: tuple[shapes.Option, ...]
    may_propose: bool
    signature: shapes.Signature | None
    retiring: shapes.Signature | None
    draft: Mapping[str, str]
    error: str = ""


def alarms_page(person: Person, item: str = "", number: str = "", error: str = "", draft: str = "") -> AlarmsPage:
    """Return the alarms that are not normal, those that wait first, and the chosen one with what can be done."""
    with installation().reading() as session:
        found = _alarms(session)
        rules = session.scalars(select(AlarmRule.number).where(AlarmRule.status == "approved")).all()
        log = tuple(_log(session, names()))
    chosen = next((each for each in found if (each.instrument, each.rule) == (item, number)), None)
    may = bool(person.roles & HANDLERS[AcknowledgeAlarm].roles)
    return AlarmsPage(
        alarms=tuple(found),
        chosen=chosen,
        log=log,
        may_answer=may and bool(chosen and chosen.waits),
        may_shelve=may and bool(chosen and chosen.state != State.SHELVED.value) and _may_shelve(person, chosen),
        signature=_critical(chosen) if chosen and chosen.priority == "critical" else None,
        limits_in_force=len(rules),
        error=error,
        draft=draft,
    )


def _may_shelve(person: Person, chosen: AlarmShown | None) -> bool:
    return bool(chosen and (chosen.priority != "critical" or Role.REVIEWER.value in person.roles))


def _critical(chosen: AlarmShown) -> shapes.Signature:
    return shapes.Signature(
        "Acknowledge and sign",
        "I have seen this alarm, and this is done about it.",
        "acknowledged",
        chosen.line,
        f"alarm of {chosen.instrument}, limit {chosen.rule}",
        comment="required",
        comment_ask="What you saw, and what is done about it",
    )


def band() -> Band | None:
    """Return what every page says: how many alarms wait, and the gravest of them."""
    with installation().reading() as session:
        waiting = [each for each in _alarms(session) if each.waits]
    if not waiting:
        return None
    first = waiting[0]
    words = f"{first.instrument} {first.channel} {first.condition}"
    return Band(len(waiting), words, "action" if first.priority in ("critical", "high") else "alert")


def limit_lines(session: Session, equipment_class: str, channel: str) -> list[tuple[str, str]]:
    """Return the limits in force on a channel, to be drawn: the word, and the quantity as written."""
    query = select(AlarmRule).where(
        AlarmRule.status == "approved",
        AlarmRule.equipment_class == equipment_class,
        AlarmRule.channel == channel,
        AlarmRule.kind != "signal lost",
    )
    return [(f"{rule.kind} {rule.limit}", rule.limit) for rule in session.scalars(query)]


def _alarms(session: Session) -> list[AlarmShown]:
    query = select(AlarmView).where(AlarmView.state != State.NORMAL.value)
    found = [_shown(row) for row in session.scalars(query)]
    order = (State.UNACKNOWLEDGED.value, State.RETURNED.value, State.ACKNOWLEDGED.value, State.SHELVED.value)
    return sorted(found, key=lambda each: (order.index(each.state), PRIORITIES.index(each.priority), each.raised))


def _shown(row: AlarmView) -> AlarmShown:
    return AlarmShown(
        instrument=row.instrument,
        rule=row.rule,
        name=row.name,
        channel=row.channel.replace("_", " "),
        condition=row.condition,
        value=row.value,
        priority=row.priority,
        tone=_TONES[row.priority],
        state=row.state,
        waits=row.state in _WAITING,
        is_out=row.is_out,
        raised=shown.local(row.raised),
        shelved_until=shown.local(row.shelved_until) if row.shelved_until else None,
        batches=tuple(row.batches.split()),
        line=row.line,
        url=url_for("alarms.alarms", item=row.instrument, number=row.rule),
    )


def _log(session: Session, people: Mapping[str, str]) -> Iterator[Logged]:
    query = (
        select(line.c.text)
        .where(line.c.kind.in_([event.value for event in Event]), line.c.book.startswith(book_of("")))
        .order_by(line.c.at.desc(), line.c.page.desc())
        .limit(_LOGGED)
    )
    for text in session.connection().execute(query).scalars():
        content = json.loads(text)
        at = shown.local(datetime.fromisoformat(content["at"]))
        stamp = shapes.Stamp(people.get(content["author"], content["author"]), content.get("role", ""), at)
        yield Logged(*_said(content["kind"], content["body"]), stamp)


def _said(kind: str, body: Mapping[str, str]) -> tuple[str, str]:
    what = kind.removeprefix("alarm ")
    if kind == Event.RAISED.value:
        condition = f"{body['channel'].replace('_', ' ')} {body['condition']}, {body['value']}"
        return f"{body['alarm']} {what}", f"{condition}; {body['priority']}"
    return f"{body['alarm']} {what}", body.get("text") or body.get("because") or body.get("value", "")


# --- limits -------------------------------------------------------------------------------------------------------


def limits_page(
    person: Person, number: str = "", error: str = "", draft: Mapping[str, str] | None = None
) -> LimitsPage:
    """Return every limit, those in force first, and the chosen one with what can be done."""
    people = names()
    with installation().reading() as session:
        rows = session.scalars(select(AlarmRule)).all()
        head = head_of(session, BOOK) if rows else ""
        limits = [_limit(row, people) for row in rows]
        mine = {row.number for row in rows if row.proposed_by == person.id}
    order = ("proposed", "approved", "retired")
    limits.sort(key=lambda each: (order.index(each.status), each.equipment_class, each.channel, each.condition))
    chosen = next((each for each in limits if each.number == number), None)
    signs = bool(person.roles & HANDLERS[ApproveAlarm].roles)
    return LimitsPage(
        limits=tuple(limits),
        chosen=chosen,
        kinds=tuple(shapes.Option(each, each) for each in KINDS),
        priorities=tuple(shapes.Option(each, each) for each in PRIORITIES),
        may_propose=bool(person.roles & HANDLERS[ProposeAlarm].roles),
        signature=_approval(number, head)
        if chosen and signs and chosen.status == "proposed" and number not in mine
        else None,
        retiring=_retirement(number, head) if chosen and signs and chosen.status != "retired" else None,
        draft=draft or {},
        error=error,
    )


def _approval(number: str, head: str) -> shapes.Signature:
    statement = "This limit, its delays and its priority are justified as written."
    return shapes.Signature("Approve the limit", statement, "approved", head, f"limit {number}")


def _retirement(number: str, head: str) -> shapes.Signature:
    return shapes.Signature(
        "Retire the limit",
        "This limit is watched no more.",
        "retired",
        head,
        f"limit {number}",
        comment="required",
        comment_ask="Why",
    )


def _limit(row: AlarmRule, people: Mapping[str, str]) -> Limit:
    details = [f"deadband {row.deadband}"] if row.deadband else []
    details += [f"raised after {row.on_delay} s"] if row.on_delay else ["raised at once"]
    details += [f"over after {row.off_delay} s"] if row.off_delay else []
    approved = None
    if row.approved_by and row.approved_at:
        approved = shapes.Stamp(people.get(row.approved_by, row.approved_by), "", shown.local(row.approved_at))
    return Limit(
        number=row.number,
        equipment_class=row.equipment_class,
        channel=row.channel.replace("_", " "),
        condition=row.words,
        details=", ".join(details),
        priority=row.priority,
        tone=_TONES[row.priority],
        justification=row.justification,
        status=row.status,
        status_tone=_STATUS_TONES[row.status],
        proposed_by=people.get(row.proposed_by, row.proposed_by),
        approved=approved,
        url=url_for("alarms.limits", number=row.number),
    )
