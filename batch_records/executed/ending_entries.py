"""Entries about a batch that was never infused: failed, withdrawn, never used, made again. Each is a normal end.

``reason`` is one of `batch_records.executed.endings`, so that batches can be counted by it; ``conclusion`` is in words.
"""

from __future__ import annotations

from batch_records.executed.entries import Entry, entry_kind


@entry_kind
class BatchFailed(Entry):
    """The manufacture failed, or quality says of a batch that was ended or rejected, why it failed."""

    reason: str
    conclusion: str


@entry_kind
class BatchWithdrawn(Entry):
    """The product is not wanted any more, for a reason that lies with the patient or the trial."""

    reason: str
    conclusion: str


@entry_kind
class BatchNeverUsed(Entry):
    """What was made or banked was never needed."""

    reason: str
    conclusion: str


@entry_kind
class BatchRemanufactured(Entry):
    """Another batch takes its place, under the same chain of identity."""

    by: str


ENDINGS = (BatchFailed, BatchWithdrawn, BatchNeverUsed, BatchRemanufactured)
