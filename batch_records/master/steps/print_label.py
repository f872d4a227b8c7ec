"""Labels: printed by the system, counted, and reconciled."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import IN_BRACES, Field, Kind
from batch_records.master.step_text import COMMON, LIMITS, StepText, step_type
from batch_records.master.text import Mistake
from batch_records.values.unit import Unit


@step_type("print")
def print_label(step: StepText) -> Iterator[Field]:
    """Print labels with the batch's identity, and count them."""
    labels = Unit.parse("labels")
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("lines",), ("carries", *LIMITS, *COMMON))
            lines = keys["lines"].sequence()
            for line in lines:
                if set("{}").intersection(IN_BRACES.sub("", line.text)):
                    raise Mistake(line, "a value's name stands in braces: “Batch {batch}”")
            yield Field(
                **step.common(name, keys),
                kind=Kind.LABELS,
                unit=labels,
                limits=step.limits(keys, labels),
                lines=tuple(line.text for line in lines),
                carries=tuple(each.text for each in keys["carries"].sequence()) if "carries" in keys else (),
            )
