"""What was tapped without a connection: it waited on the tablet, and is sent when the connection is back.

Each is counted once by its tap, however often it is sent. What can be recorded is, by who entered it, and a remark on
the step says when, as the tablet has it, that was; the lines bear the time at which it came. What cannot be recorded
any more is reported: as a deviation that somebody has to conclude on, or, once the batch is decided on, as a remark.
So is what somebody entered whose account works no more: nothing is recorded in another person's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from mes.batches.commands import RecordFields, carry_out, record_fields
from mes.batches.shown import local
from mes.context import installation
from mes.execute import HANDLERS, Actor, Doing, Outcome, execute, handles
from mes.people.models import User

_RECORDED = HANDLERS[RecordFields]


@dataclass(frozen=True)
class RecordLate(RecordFields):
    """Record what one entered without a connection; who and when, the tablet tells."""

    entered: str = ""
    entered_by: str = ""


@dataclass(frozen=True)
class ReportLate(c.StepCommand):
    """Report what waited on a tablet and is not recorded, with why not."""

    values: Mapping[str, str]
    entered: str
    objection: str


@handles(
    RecordLate,
    "sent values that had waited on a tablet",
    roles=_RECORDED.roles,
    books=_RECORDED.books,
    refused=_RECORDED.refused,
)
def record_late(doing: Doing, command: RecordLate) -> Outcome:
    """Record the values as if they had come in time, and say when they were entered and when they came."""
    if command.entered_by != doing.by.person.id:
        name = installation().names.get(command.entered_by, command.entered_by)
        raise Refused(f"it was entered by {name}, whose account works no more")
    outcome = record_fields(doing, command)
    carry_out(doing, c.AddComment(command.batch, _came(doing, command.entered), command.step))
    return outcome


@handles(
    ReportLate,
    "reported what waited on a tablet and is not recorded",
    roles=_RECORDED.roles,
    books=_RECORDED.books,
    refused=_RECORDED.refused,
)
def report_late(doing: Doing, command: ReportLate) -> Outcome:
    """Have somebody conclude on it; of a batch that is decided on already, remark it."""
    values = ", ".join(f"{name}: {text}" for name, text in sorted(command.values.items()))
    text = f"{_came(doing, command.entered)} Not recorded: {command.objection}. What was entered: {values}"
    try:
        return carry_out(doing, c.RaiseDeviation(command.batch, text, command.step))
    except Refused:
        return carry_out(doing, c.AddComment(command.batch, text))


def waits_for_another(entered_by: str, by: Actor) -> bool:
    """Say whether who entered it can still sign in and send it: until then it waits on the tablet."""
    with installation().reading() as session:
        found = session.get(User, entered_by)
        return bool(found and found.active and found.id != by.person.id)


def report(command: RecordLate, objection: Exception, by: Actor, tap: str) -> None:
    """Report what was refused, once however often it is sent."""
    reported = ReportLate(command.batch, command.step, command.values, command.entered, str(objection))
    execute(reported, by=by, tap=str(uuid5(UUID(tap), "reported")))


def _came(doing: Doing, entered: str) -> str:
    came = local(doing.act.at).isoformat(" ", "seconds")
    return f"Entered on the tablet at {_local(entered)} without a connection, and sent at {came}."


def _local(entered: str) -> str:
    try:
        at = datetime.fromisoformat(entered)
    except ValueError:
        return entered or "an unknown time"
    return local(at).isoformat(" ", "seconds") if at.tzinfo else entered  # what a tablet tells is told on as it is
