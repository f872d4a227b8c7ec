"""Values that an instrument measures. Typing one instead is possible, asks a reason, and the reviewer sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from batch_records.master import parts
from batch_records.master.recipe import Average, Field, Kind, Outliers, Repeats
from batch_records.master.step_text import COMMON, LIMITS, StepText, step_type
from batch_records.master.text import Item, Mistake
from batch_records.values.limit import Limits
from batch_records.values.quantity import Quantity
from batch_records.values.spread import PERCENT

_OF_REPEATS = ("average", "round", "cv", "cv alert", "outliers")


@step_type("measure", "sample", "fresh for", needs=("from",))
def measure(step: StepText) -> Iterator[Field]:
    """Take values from an instrument that is assigned to the batch."""
    instrument = step.keys["from"].text
    fresh = parts.duration(step.keys["fresh for"]) if "fresh for" in step.keys else Quantity.parse("5 min")
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("unit",), ("channel", "repeats", *_OF_REPEATS, *LIMITS, *COMMON))
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
                repeats=_repeats(keys),
            )


def _repeats(keys: Mapping[str, Item]) -> Repeats | None:
    """Read how often a value is measured, and what is made of the counts; all of it is stated, or none."""
    if "repeats" not in keys:
        if alone := [key for key in _OF_REPEATS if key in keys]:
            raise Mistake(keys[alone[0]], f"“{alone[0]}:” belongs to a value with “repeats:”")
        return None
    for needed in ("average", "round", "cv", "outliers"):
        if needed not in keys:
            raise Mistake(keys["repeats"], f"a value that is repeated says “{needed}:”, too")
    if not re.fullmatch(r"[2-9]|10", keys["repeats"].text):
        raise Mistake(keys["repeats"], "write how often it is measured, from 2 to 10")
    alert = parts.limit(keys["cv alert"], {}, PERCENT) if "cv alert" in keys else None
    return Repeats(
        times=int(keys["repeats"].text),
        average=parts.member(keys["average"], Average),
        rounding=parts.rounding(keys["round"]),
        cv=Limits(None, parts.limit(keys["cv"], {}, PERCENT), alert),
        outliers=parts.member(keys["outliers"], Outliers),
    )
