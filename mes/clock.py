"""What must happen by itself: hold times that ran out are declared, readings are sealed.

The clock is a process of its own, yet not a second writer: each second it asks the web application, as a machine with
an identity, to do what is due. So a late deviation is a line like any other, by an author like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from batch_records.executed.commands import DeclareOverdue
from batch_records.executed.progress import Progress
from mes.batches.commands import carry_out
from mes.batches.models import BatchView
from mes.context import installation
from mes.equipment.historian import seal_new_readings
from mes.execute import Doing, Outcome, handles
from mes.people.models import CLOCK

_SEAL_EVERY = timedelta(seconds=60)


@dataclass(frozen=True)
class Tick:
    """Do what is due. ``seconds`` is how long ago the clock ticked before; ``wall`` how far the wall clock moved."""

    seconds: float = 1.0


@handles(Tick, "ticked", roles=(CLOCK,))
def tick(doing: Doing, command: Tick) -> Outcome:
    """Declare what is overdue in every open batch, and seal what came since the last seal."""
    del command
    overdue = [batch for batch in _open_batches(doing) if _is_overdue(doing, batch)]
    for batch in overdue:
        carry_out(doing, DeclareOverdue(batch))
    return {"overdue": overdue, "sealed": seal_new_readings(doing, _SEAL_EVERY)}


def _open_batches(doing: Doing) -> list[str]:
    open_ = select(BatchView.batch).where(BatchView.disposition.in_(("in process", "conditionally released")))
    return list(doing.session.scalars(open_.order_by(BatchView.batch)))


def _is_overdue(doing: Doing, number: str) -> bool:
    batch = installation().folds.get(doing.session, number)
    if batch is None:
        return False
    clocks = Progress(batch).clocks()
    return any(clock.due and clock.due < doing.act.at and clock.name not in batch.overdue for clock in clocks)
