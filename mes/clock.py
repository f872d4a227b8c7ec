"""What must happen by itself: hold times that ran out are declared, alarms come and go, readings are sealed.

The clock is a process of its own, yet not a second writer: each second it asks the web application, as a machine with
an identity, to do what is due. So a late deviation is a line like any other, by an author like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from batch_records.executed.commands import DeclareOverdue
from mes.alarms.watching import raise_and_end
from mes.batches.commands import carry_out
from mes.batches.models import BatchView
from mes.equipment.sealing import seal_new_readings
from mes.execute import Doing, Outcome, handles
from mes.ledger.partitions import make_room
from mes.people.models import CLOCK

_SEAL_EVERY = timedelta(seconds=60)


@dataclass(frozen=True)
class Tick:
    """Do what is due."""


@handles(Tick, "ticked", roles=(CLOCK,))
def tick(doing: Doing, command: Tick) -> Outcome:
    """Make room ahead, declare what is overdue, raise and end alarms, and seal what came since the last seal."""
    del command
    make_room(doing.act.connection, doing.act.at)
    query = select(BatchView.batch).where(BatchView.due < doing.act.at).order_by(BatchView.batch)
    overdue = list(doing.session.scalars(query))
    for batch in overdue:
        carry_out(doing, DeclareOverdue(batch))
    raise_and_end(doing)
    return {"overdue": overdue, "sealed": seal_new_readings(doing, _SEAL_EVERY)}
