"""What is asked about the machine: what every page warns of, and what its own page shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from batch_records.executed.commands import Person
from batch_records.executed.span import apart, in_words
from batch_records.master.recipe import Role
from mes.backups.commands import MADE, RESTORED
from mes.batches.shown import local
from mes.context import installation
from mes.ledger.tables import line
from mes.machine.commands import BOOK, COMPARED, in_step, is_filling
from mes.machine.keeping import SILENT, not_kept
from mes.machine.models import MachineTold
from mes.web import shapes
from mes.web.history import head_of

_SET = timedelta(hours=12)  # how long every page says that the clock was set
_KINDS = ("clock set", "clock in step", "clock out of step", COMPARED, "disk filling", "disk has room", MADE, RESTORED)
_SHOWN = 30
_LAST_SET = select(line.c.at, line.c.text).where(line.c.book == BOOK, line.c.kind == "clock set")
_LAST_SET = _LAST_SET.order_by(line.c.page.desc()).limit(1)


@dataclass(frozen=True)
class Said:
    """One thing about the machine: what, how it is, and a tone."""

    what: str
    words: str
    tone: str


@dataclass(frozen=True)
class Happened:
    """One line about the machine."""

    at: datetime
    words: str
    more: str


@dataclass(frozen=True)
class MachinePage:
    """Everything that ``machine.html`` asks for."""

    things: tuple[Said, ...]
    log: tuple[Happened, ...]
    blocked: str  # why nothing is released by this clock; empty where it is kept
    signature: shapes.Signature | None
    place: str = "equipment.equipment"


def warnings() -> tuple[str, ...]:
    """Return what every page must say of the machine: nothing, where all is well."""
    now = installation().now()
    with installation().reading() as session:
        row = session.scalars(select(MachineTold)).first()
        if row is None:
            return ()
        set_ = session.execute(_LAST_SET).first()
        said = list(_warned(row, now))
    if set_ and not installation().settings.is_demonstration and apart(now, datetime.fromisoformat(set_.at)) < _SET:
        by = timedelta(seconds=float(json.loads(set_.text)["body"]["seconds"]))
        way = "back" if by < timedelta(0) else "ahead"
        said.append(f"The server's clock was set {way} by {in_words(abs(by))} at {_local(set_.at):%H:%M}.")
    return tuple(said)


def _warned(row: MachineTold, now: datetime) -> Iterator[str]:
    is_real = not installation().settings.is_demonstration  # whose time is not the machine's, and may hurry
    if is_real and apart(now, row.heard) > SILENT:
        yield "Nothing is heard of the server's clock process: nothing is declared overdue, no alarm is raised."
    if is_real and not in_step(row.told):
        yield f"The server's clock is out of step ({_off(row.told)}): look at another clock before you sign."
    for place, share in row.told["full"].items():
        if is_filling(share):
            yield f"The disk of {place} is {float(share):.0%} full: tell who administers the server."


def _off(told: dict[str, Any]) -> str:
    return "nothing keeps it in step" if told["off"] is None else f"it may be off by {float(told['off']):.1f} s"


def machine_page(person: Person) -> MachinePage:
    """Return how the machine is, what became of it, and what a reviewer may sign where its clock is not kept."""
    columns = line.c.at, line.c.kind, line.c.text
    query = select(*columns).where(line.c.book == BOOK, line.c.kind.in_(_KINDS)).order_by(line.c.page.desc())
    with installation().reading() as session:
        row = session.scalars(select(MachineTold)).first()
        lines = session.execute(query.limit(_SHOWN)).all()
        things = tuple(_things(row, installation().now()))
        blocked = not_kept(session.connection(), installation().now())
        head = head_of(session, BOOK)
    log = tuple(Happened(_local(at), kind, _more(json.loads(text)["body"])) for at, kind, text in lines)
    may = blocked and Role.REVIEWER.value in person.roles
    return MachinePage(things, log, blocked[:1].upper() + blocked[1:], _comparing(head) if may else None)


def _comparing(head: str) -> shapes.Signature:
    return shapes.Signature(
        "Compare the clock",
        "I compared the server's clock with one that keeps time. For a day, batches may be released by it.",
        "approved",
        head,
        "The server's clock",
        comment="required",
        comment_ask="Which clock it was compared with, and what both showed",
    )


def _local(at: str) -> datetime:
    return local(datetime.fromisoformat(at))


def _more(body: dict[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in sorted(body.items()))


def _things(row: MachineTold | None, now: datetime) -> Iterator[Said]:
    if row is None:
        yield Said("Clock process", "nothing was heard of it yet", "alert")
        return
    silent = apart(now, row.heard) > SILENT
    yield Said("Clock process", "silent" if silent else "ticks", "alert" if silent else "ok")
    steps = in_step(row.told)
    words = f"in step, {_off(row.told)}" if steps else f"out of step: {_off(row.told)}"
    yield Said("Clock", words, "ok" if steps else "alert")
    for place, share in sorted(row.told["full"].items()):
        yield Said(f"Disk of {place}", f"{float(share):.0%} full", "alert" if is_filling(share) else "ok")
