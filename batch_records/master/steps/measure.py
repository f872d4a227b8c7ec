"""Values that an instrument measures. Typing one instead is possible, asks a reason, and the reviewer sees it."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master import parts
from batch_records.master.recipe import Field, Kind
from batch_records.master.step_text import COMMON, LIMITS, StepText, step_type
from batch_records.values.quantity import Quantity


@step_type("measure", "sample", "fresh for", needs=("from",))
def measure(step: StepText) -> Iterator[Field]:
    """Take values from an instrument that is assigned to the batch."""
    instrument = step.keys["from"].text
    fresh = parts.duration(step.keys["fresh for"]) if "fresh for" in step.keys else Quantity.parse("5 min")
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("unit",), ("channel", *LIMITS, *COMMON))
            unit = parts.unit(keys["unit"])
            yield Field(
                **step.common(name, keys),
                kind=Kind.READING,
                unit=unit,
                limits=step.limits(keys, unit),
                channel=keys["channel"].text if "channel" in keys else name,
                instrument=instrument,
                sample=step.text("sample"),
                fresh_for=fresh,
            )
