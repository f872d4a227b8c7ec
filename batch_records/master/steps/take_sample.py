"""A sample: the code of its tube, scanned, so that what is measured in it comes back to this batch and no other."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import Field, Kind
from batch_records.master.step_text import COMMON, StepText, step_type


@step_type("sample")
def take_sample(step: StepText) -> Iterator[Field]:
    """Take samples and scan their tubes."""
    for name, item in step.fields():
        with step.collecting():
            yield Field(**step.common(name, item.keys((), COMMON)), kind=Kind.SAMPLE)
