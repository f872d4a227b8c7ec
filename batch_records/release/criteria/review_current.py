"""Somebody who did none of the work read the record as it is now, with its audit trail (Annex 11 draft, 12.5)."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed.batch import Batch
from batch_records.master.recipe import Stage
from batch_records.release.criterion import Blocks, criterion


@criterion("The record has been reviewed since its last change")
def review_current(batch: Batch, stage: Stage) -> Iterator[Blocks]:
    """Block while there is no review for this stage, or anything was recorded after it."""
    if batch.review is None:
        yield Blocks("changed since its last review" if batch.reviews else "not reviewed yet")
    elif batch.review[1].stage != stage.value:
        yield Blocks(f"reviewed for {batch.review[1].stage}, not for {stage.value}")
