"""What quality and physicians do about a product out of specification, and about whom to tell, through the door."""

from __future__ import annotations

from uuid import uuid4

import batch_records.release.out_of_specification  # noqa: F401 - registers the decisions
from batch_records.executed import supply_commands as s
from batch_records.executed.commands import Command
from batch_records.executed.ending_entries import BatchFailed, BatchNeverUsed, BatchWithdrawn
from batch_records.executed.entries import BatchStarted
from batch_records.executed.supply_entries import BatchReleasedOutOfSpecification, SupplyConcluded
from mes.batches.commands import FOLLOW_UPS, WORKERS, archive, carry_out, must_verify, show_attempt
from mes.batches.folds import batch_only
from mes.execute import Doing, Outcome, handles
from mes.machine.keeping import must_be_kept
from mes.patients.models import TherapyOrder
from mes.reports.models import SUPPLY, Document
from mes.seals.commands import seal_now

_COMMANDS: tuple[tuple[type[Command], str, str], ...] = (
    (s.RequestSupply, "asked for a product out of specification", "requested"),
    (s.EvaluateRisk, "evaluated the risk of a supply", "evaluated"),
    (s.AcceptSupply, "accepted a product out of specification", "accepted"),
    (s.AuthoriseSupply, "authorised a supply under an IND", "authorised"),
    (s.ReleaseOutOfSpecification, "released a batch out of specification", "released out of specification"),
    (s.ConcludeSupply, "concluded a supply out of specification", "concluded"),
    (s.ReportLateResult, "reported what was found after a release", "reported"),
    (s.MakeNotification, "told somebody", "told"),
    (s.AcknowledgeNotification, "acknowledged a notification", "acknowledged"),
    (s.WaiveGate, "waived a gate", "waived"),
    (s.EndBatch, "ended a batch without infusion", "ended"),
    (s.NameSuccessor, "named the batch made in the place of another", ""),
)


def carry_out_verified(doing: Doing, command: Command) -> Outcome:
    """Carry out what a record must verify for: a signature of quality stands on every line before it."""
    must_verify(doing, command.batch)
    if isinstance(command, s.ReleaseOutOfSpecification):
        must_be_kept(doing.act.connection, doing.act.at)
    return carry_out(doing, command)


def _ask_for_documents(doing: Doing, batch: str, entry: BatchReleasedOutOfSpecification) -> None:
    """Have the document of the supply printed, beside the record."""
    by, at = doing.by.person.id, doing.act.at
    doing.session.add(Document(id=str(uuid4()), batch=batch, asked=at, asked_by=by, state="asked", form=SUPPLY))
    archive(doing, batch, entry)


def _supersede(doing: Doing, batch: str, entry: BatchStarted) -> None:
    """Say in the record of a batch that came to nothing which one is made in its place, under the same code."""
    order = doing.session.get(TherapyOrder, entry.coi)
    if order and order.supersedes:
        carry_out(doing, s.NameSuccessor(order.supersedes, batch))
        order.supersedes = None


FOLLOW_UPS.update(dict.fromkeys((SupplyConcluded, BatchFailed, BatchWithdrawn, BatchNeverUsed), archive))
FOLLOW_UPS.update({BatchReleasedOutOfSpecification: _ask_for_documents, BatchStarted: _supersede})
_ENDS = (s.ReleaseOutOfSpecification, s.ConcludeSupply)


def _nothing(_: Command) -> Outcome:
    return {}


for _command, _sentence, _meaning in _COMMANDS:
    _register = handles(
        _command,
        _sentence,
        roles=WORKERS,
        books=batch_only,
        signature=_meaning,
        refused=show_attempt,
        then=seal_now(batch_only) if _command in _ENDS else _nothing,
    )
    _register(carry_out_verified if _command in _ENDS else carry_out)
