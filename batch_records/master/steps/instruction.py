"""A step that only says what to do; completing it says it was done."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import Field
from batch_records.master.step_text import StepText, step_type


@step_type("do")
def instruction(step: StepText) -> Iterator[Field]:
    """Do something, and say that it is done."""
    del step
    yield from ()
