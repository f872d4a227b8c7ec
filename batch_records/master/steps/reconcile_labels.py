"""Labels accounted for: each that was printed is on its container, on the record or destroyed (21 CFR 211.125)."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import Field, Kind
from batch_records.master.step_text import COMMON, StepText, step_type
from batch_records.values.limit import Limit, Limits
from batch_records.values.unit import Unit

_LABELS = Unit.parse("labels")
_NONE_MISSING = Limits(None, Limit.parse("0 to 0 labels", {}, _LABELS), None)  # not the recipe's to soften


@step_type("reconcile")
def reconcile_labels(step: StepText) -> Iterator[Field]:
    """Scan each label back where it was put, and account for the others."""
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("labels",), COMMON)
            labels = keys["labels"].text
            yield Field(
                **step.common(name, keys), kind=Kind.RECONCILIATION, unit=_LABELS, limits=_NONE_MISSING, labels=labels
            )
