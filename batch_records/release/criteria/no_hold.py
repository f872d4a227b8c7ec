"""A held batch goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed.batch import Batch
from batch_records.master.recipe import Stage
from batch_records.release.criterion import Blocks, criterion


@criterion("The batch is not on hold")
def no_hold(batch: Batch, stage: Stage) -> Iterator[Blocks]:
    """Block on each hold that was not lifted."""
    del stage
    for _, hold in batch.holds:
        yield Blocks(f"the batch is on hold: {hold.cause}")
