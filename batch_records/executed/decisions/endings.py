"""Ends without an infusion, signed by quality with a reason that can be counted."""

from __future__ import annotations

from batch_records.executed import supply_commands as s
from batch_records.executed.batch import TRANSITIONS, Batch
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import must_hold
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.ending_entries import BatchRemanufactured
from batch_records.executed.endings import Ending
from batch_records.master.recipe import Role


@decides(s.EndBatch)
def end(draft: Draft, command: s.EndBatch) -> None:
    """End a batch, or say of one that has ended what it failed of, or that nobody needed it."""
    must_hold(draft, Role.REVIEWER)
    if command.seen != draft.batch.last.hash:
        raise Refused("the record has changed since it was shown: read it again, then sign")
    if command.ending not in possible(draft.batch):
        raise Refused(f"the batch is {draft.batch.disposition.value}: it cannot become “{command.ending.value}”")
    if command.reason not in command.ending.reasons:
        raise Malformed("reason", f"choose why: {', '.join(command.ending.reasons)}")
    if not command.conclusion.strip():
        raise Malformed("conclusion", "say in words what led to it")
    draft.write(command.ending.entry(command.reason, command.conclusion.strip()))


@decides(s.NameSuccessor)
def name_successor(draft: Draft, command: s.NameSuccessor) -> None:
    """Name the batch that takes the place of one that came to nothing."""
    if (draft.batch.disposition, BatchRemanufactured) not in TRANSITIONS:
        raise Refused(f"batch {draft.batch.id} is {draft.batch.disposition.value}: nothing is made again in its place")
    draft.write(BatchRemanufactured(command.by))


def possible(batch: Batch) -> tuple[Ending, ...]:
    """Return how a batch can end now."""
    return tuple(each for each in Ending if (batch.disposition, each.entry) in TRANSITIONS)
