"""A deviation is a question about the product; release answers none that is still open (21 CFR 211.192)."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed.batch import Batch
from batch_records.master.recipe import Stage
from batch_records.release.criterion import Blocks, criterion


@criterion("Every deviation is closed")
def deviations_closed(batch: Batch, stage: Stage) -> Iterator[Blocks]:
    """Block on each deviation without a conclusion, at every stage."""
    del stage
    for deviation in batch.deviations.values():
        if not deviation.closed:
            yield Blocks(f"deviation {deviation.number} is still open: {deviation.description}", deviation.step)
