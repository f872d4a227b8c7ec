"""A piece of equipment or a room, scanned before use: qualified, calibrated, clean, and no other batch's."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import Field, Kind
from batch_records.master.step_text import COMMON, StepText, step_type


@step_type("use")
def use_equipment(step: StepText) -> Iterator[Field]:
    """Scan the equipment that this batch is to use from here on."""
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("equipment",), COMMON)
            yield Field(**step.common(name, keys), kind=Kind.EQUIPMENT, equipment_class=keys["equipment"].text)
