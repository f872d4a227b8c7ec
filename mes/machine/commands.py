"""What the clock process tells of the machine, and what quality found its clock to show beside another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from batch_records.executed.draft import Malformed
from batch_records.master.recipe import Role
from mes.execute import Doing, handles
from mes.machine.models import MachineTold
from mes.machine.watch import FULL_FROM, MOST_OFF
from mes.people.models import CLOCK

BOOK = "laboratory"
COMPARED = "clock compared"


@dataclass(frozen=True)
class HearMachine:
    """Keep what the machine told, as `mes.machine.watch` has it."""

    told: Mapping[str, Any]


@dataclass(frozen=True)
class CompareClock:
    """Say what the server's clock and another one showed, where no time service keeps it."""

    found: str


@handles(HearMachine, "told how the machine is", roles=(CLOCK,), books=lambda _: (BOOK,))
def hear_machine(doing: Doing, command: HearMachine) -> None:
    """Write what became otherwise since it was heard last: a jump of the time, a clock out of step, a full disk."""
    connection = doing.act.connection
    before = connection.execute(select(MachineTold.told)).scalar()
    for kind, body in changes(before or {}, command.told):
        doing.act.write(BOOK, kind, body)
    values = {"heard": doing.act.at, "told": dict(command.told)}
    if before is None:
        connection.execute(insert(MachineTold).values(id=1, **values))
    else:
        connection.execute(update(MachineTold).values(**values))


@handles(
    CompareClock,
    "compared the server's clock",
    roles=(Role.REVIEWER.value,),
    books=lambda _: (BOOK,),
    signature="approved",
)
def compare_clock(doing: Doing, command: CompareClock) -> None:
    """Write what was found, with how far the machine says that its clock may be off."""
    if not command.found.strip():
        raise Malformed("comment", "say which clock it was compared with, and what both showed")
    told = doing.act.connection.execute(select(MachineTold.told)).scalar() or {}
    body = {"found": command.found.strip(), "off": told.get("off") or "not known"}
    doing.act.write(BOOK, COMPARED, body, signed=doing.signed)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the kind and the body of a line for everything that is otherwise than before."""
    if now.get("jump"):
        yield "clock set", dict(now["jump"])
    if not before or in_step(before) != in_step(now):
        yield ("clock in step" if in_step(now) else "clock out of step"), {"off": now.get("off") or "not known"}
    for place, share in sorted(now.get("full", {}).items()):
        was, is_ = (is_filling(told.get("full", {}).get(place, "0")) for told in (before, now))
        if was != is_:
            yield ("disk filling" if is_ else "disk has room"), {"place": place, "share": share}


def in_step(told: Mapping[str, Any]) -> bool:
    """Say whether the clock is kept in step, as told."""
    return told.get("off") is not None and float(told["off"]) <= MOST_OFF


def is_filling(share: str) -> bool:
    """Say whether a disk is so full that somebody must see to it."""
    return float(share) >= FULL_FROM
