"""A lot of a material, scanned before it touches the cells: the right material, released, not expired."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master import parts
from batch_records.master.recipe import Field, Given, Kind
from batch_records.master.step_text import COMMON, StepText, step_type
from batch_records.master.text import Item


@step_type("add")
def add_material(step: StepText) -> Iterator[Field]:
    """Scan the lot of each material that goes in."""
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("material",), ("gives", *COMMON))
            yield Field(
                **step.common(name, keys),
                kind=Kind.LOT,
                material=keys["material"].text,
                gives=dict(_given(keys["gives"])) if "gives" in keys else {},
            )


def _given(item: Item) -> Iterator[tuple[str, Given]]:
    for name, what in parts.named(item):
        if not what.is_text:
            yield name, Given("text", what.keys(("must be",))["must be"].text)
        else:
            yield name, Given("text" if what.text == "text" else parts.unit(what).dimensions)
