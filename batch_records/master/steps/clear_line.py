"""Line clearance: nothing of another batch, patient or label is left in the room before this one opens."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import Field, Kind
from batch_records.master.step_text import COMMON, StepText, step_type
from batch_records.values.limit import Limit, Limits


@step_type("clear")
def clear_line(step: StepText) -> Iterator[Field]:
    """Look at each place and say that it is clear."""
    for name, item in step.fields():
        with step.collecting():
            common = step.common(name, item.keys((), COMMON))
            limits = Limits(action=Limit("clear", accepted=("clear",)))
            yield Field(**common, kind=Kind.CHOICE, options=("clear", "not clear"), limits=limits)
