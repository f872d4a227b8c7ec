"""The right cells for the right child: every identity scan of the batch matches."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch
from batch_records.master.recipe import Stage
from batch_records.release.criterion import Blocks, criterion


@criterion("Every identity check matches")
def identity_proven(batch: Batch, stage: Stage) -> Iterator[Blocks]:
    """Block on each identity scan whose newest result is a mismatch, and on a batch that has none."""
    del stage
    checks = [
        (run.key, value)
        for run in batch.runs.values()
        for value in run.values.values()
        if isinstance(value.entry, e.IdentityChecked)
    ]
    if not checks:
        yield Blocks("no identity was checked in this batch")
    for key, value in checks:
        if value.verdict.is_out:
            yield Blocks(f"step {key}: {value.text} was scanned, and it {value.entry.judged}", key)
