"""A decision with its ways to go; a way may need that something holds, and may end the batch."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master import parts
from batch_records.master.recipe import Choice, Field, Kind, Role
from batch_records.master.step_text import COMMON, StepText, step_type
from batch_records.master.text import Item, Mistake


@step_type("decide")
def decide(step: StepText) -> Iterator[Field]:
    """Choose how the batch goes on, and sign for it."""
    fields = list(step.fields())
    if len(fields) > 1:
        raise Mistake(step.keys["decide"], "a step decides one thing: give each decision a step of its own")
    for name, item in fields:
        with step.collecting():
            keys = item.keys(("choices",), COMMON)
            choices = tuple(_choice(step, word, way) for word, way in keys["choices"].mapping().items())
            if len(choices) < 2:
                raise Mistake(keys["choices"], "a decision has two or more choices")
            options = tuple(choice.name for choice in choices)
            yield Field(**step.common(name, keys), kind=Kind.DECISION, options=options, choices=choices)


def _choice(step: StepText, name: str, item: Item) -> Choice:
    if item.is_text and not item.text:
        return Choice(name)
    keys = item.keys((), ("needs", "ends the batch", "waived by"))
    waivers = keys["waived by"].sequence() if "waived by" in keys else []
    return Choice(
        name,
        needs=step.formula(keys["needs"], "truth") if "needs" in keys else None,
        ends="ends the batch" in keys and parts.yes_or_no(keys["ends the batch"]),
        waived_by=tuple(parts.member(each, Role) for each in waivers),
    )
