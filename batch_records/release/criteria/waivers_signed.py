"""A gate that was not met was waived by everybody whom the recipe names, on the values as they are now."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed.batch import Batch
from batch_records.executed.waiver import signed, still_to_sign, waived
from batch_records.master.recipe import Stage
from batch_records.release.criterion import Blocks, criterion


@criterion("Every gate is met, or waived by two people")
def waivers_signed(batch: Batch, stage: Stage) -> Iterator[Blocks]:
    """Block on each gate that was passed without being met, and lacks a signature or has one person's twice."""
    del stage
    for key, choice in waived(batch):
        people = {stamp.author for stamp, _ in signed(batch, key, choice)}
        if still_to_sign(batch, key, choice) or len(people) < len(choice.waived_by):
            yield Blocks(f"step {key}: “{choice.name}” was decided without what it needs, and without its waiver", key)
