"""Values that a person sees and enters: numbers with units, choices, times, texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from batch_records.master import parts
from batch_records.master.recipe import Consequence, Field, Kind
from batch_records.master.step_text import COMMON, LIMITS, StepText, step_type
from batch_records.master.text import Item, Mistake

_KINDS = {each.value: each for each in (Kind.TEXT, Kind.TIME, Kind.DONATION, Kind.PRODUCT, Kind.DOSE)}


@step_type("record")
def record(step: StepText) -> Iterator[Field]:
    """Enter values that were seen or read by a person."""
    for name, item in step.fields():
        with step.collecting():
            yield entered(step, name, item)


def entered(step: StepText, name: str, item: Item) -> Field:
    """Read one value that a person enters; a recipe's facts are read the same way."""
    keys = item.keys((), ("unit", "one of", "kind", *LIMITS, *COMMON))
    common = step.common(name, keys)
    if _how_many(keys) != 1:
        raise Mistake(item, f"“{name}” has either “unit:”, “one of: […]” or “kind:”")
    if "unit" in keys:
        unit = parts.unit(keys["unit"])
        return Field(**common, kind=Kind.NUMBER, unit=unit, limits=step.limits(keys, unit))
    if "one of" in keys:
        options = step.options(keys["one of"])
        return Field(**common, kind=Kind.CHOICE, options=options, limits=step.limits(keys, None, options))
    kind = parts.one_of(keys["kind"], _KINDS)
    if kind is Kind.DONATION:
        common["on_action"] = Consequence.HOLD  # it belongs to another therapy: not the recipe's to soften
    return Field(**common, kind=kind, limits=step.limits(keys, None))


def _how_many(keys: Mapping[str, Item]) -> int:
    return sum(key in keys for key in ("unit", "one of", "kind"))
