"""Time that must pass: a step that ends no sooner than it may, and in time."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import Field
from batch_records.master.step_text import StepText, step_type


@step_type("wait")
def wait(step: StepText) -> Iterator[Field]:
    """Let time pass since another step; ending too early is refused, too late is a deviation."""
    step.keys["wait"].keys(("since",), ("at least", "at most"))  # read by the loader: the wait belongs to the step
    yield from ()
