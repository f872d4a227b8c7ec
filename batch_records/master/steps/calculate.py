"""Values that the system computes from recorded ones: recomputed when those change, never edited."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master import parts
from batch_records.master.recipe import Field, Kind
from batch_records.master.step_text import COMMON, LIMITS, StepText, step_type


@step_type("calculate")
def calculate(step: StepText) -> Iterator[Field]:
    """Compute values from recorded ones, by a formula with its rounding stated."""
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("formula", "unit", "round"), (*LIMITS, *COMMON))
            unit = parts.unit(keys["unit"])
            yield Field(
                **step.common(name, keys),
                kind=Kind.CALCULATED,
                unit=unit,
                limits=step.limits(keys, unit),
                formula=step.formula(keys["formula"], unit.dimensions),
                rounding=parts.rounding(keys["round"]),
            )
