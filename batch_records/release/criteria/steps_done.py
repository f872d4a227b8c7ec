"""The record is whole: every step that applies is done and, where it must be, verified (21 CFR 211.188, 610.1)."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed.batch import Batch, key_of
from batch_records.executed.progress import Progress
from batch_records.master.recipe import Stage, Step
from batch_records.release.criterion import Blocks, Finding, Pending, criterion


@criterion("Every step is done and verified, every result needed is in")
def steps_done(batch: Batch, stage: Stage) -> Iterator[Finding]:
    """Block on each step that is not over; name as pending what only a later stage needs."""
    progress = Progress(batch)
    for operation in batch.recipe.operations:
        if operation.repeat and not progress.is_complete(operation):
            yield Blocks(f"operation {operation.id} “{operation.title}” has not ended", operation.steps[0].id)
        for number in range(1, progress.rounds(operation) + 1):
            for step in operation.steps:
                key = key_of(step.id, number)
                if not progress.is_over(key):
                    yield _unfinished(step, key, progress, stage)


def _unfinished(step: Step, key: str, progress: Progress, stage: Stage) -> Finding:
    standing = progress.standing(key).value
    if stage is Stage.CONDITIONAL and step.stage is Stage.FINAL:
        return Pending(step.title, f"“{step.title}” is awaited", key)
    return Blocks(f"step {key} “{step.title}” is {standing}", key)
