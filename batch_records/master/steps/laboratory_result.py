"""A result that a laboratory reports for a sample of the batch, by a named method."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master import parts
from batch_records.master.recipe import Field, Kind
from batch_records.master.step_text import COMMON, LIMITS, StepText, step_type
from batch_records.master.text import Mistake


@step_type("result", "sample", "method")
def laboratory_result(step: StepText) -> Iterator[Field]:
    """Report what the laboratory found in a sample."""
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys((), ("unit", "one of", *LIMITS, *COMMON))
            if ("unit" in keys) == ("one of" in keys):
                raise Mistake(item, f"“{name}” has either “unit:” or “one of: […]”")
            unit = parts.unit(keys["unit"]) if "unit" in keys else None
            options = step.options(keys["one of"]) if "one of" in keys else ()
            yield Field(
                **step.common(name, keys),
                kind=Kind.RESULT,
                unit=unit,
                options=options,
                limits=step.limits(keys, unit, options),
                sample=step.text("sample"),
                method=step.text("method"),
            )
