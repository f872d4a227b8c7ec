"""Out of specification is rejected by default; a result outside its limit releases nothing (21 CFR 211.165(f))."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed.batch import Batch
from batch_records.master.recipe import ParameterClass, Stage
from batch_records.release.criterion import Blocks, criterion


@criterion("Every quality attribute is within its specification")
def specification_met(batch: Batch, stage: Stage) -> Iterator[Blocks]:
    """Block on each quality attribute whose newest value is outside its action limit, deviation closed or not."""
    del stage
    for run in batch.runs.values():
        for name, value in run.values.items():
            field = batch.recipe.fields[name][1] if name in batch.recipe.fields else None
            if field and field.parameter_class is ParameterClass.CQA and value.verdict.is_out:
                yield Blocks(f"{field.ask}: {value.text} {value.entry.found}", run.key)
