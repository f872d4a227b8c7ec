"""What a new edition of a recipe changes, in words a reviewer reads: limits, roles, order, materials, formulas.

Two texts may differ in every line and mean the same, or in one digit and mean another medicine. So recipes are compared
by what they say, value by value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from batch_records.master.recipe import Choice, Field, Given, Operation, Recipe, Repeat, Step
from batch_records.values.formula import Formula
from batch_records.values.limit import Limit, Limits
from batch_records.values.quantity import Quantity

_OF_RECIPE = ("code", "title", "product", "note", "figures", "growth", "day_zero")
_UNSAID = ("line", "fields", "steps", "id", "name")  # where it stands in the text, and what is compared by itself
_WORDS = {
    "ask": "what is asked",
    "parameter_class": "class",
    "performer": "performed by",
    "verifier": "verified by",
    "after": "waits for",
    "when": "condition",
    "stage": "needed for",
    "on_action": "on action",
    "equipment_class": "equipment",
    "instruction": "instruction",
    "milestones": "milestone",
    "most": "at most",
    "least": "at least",
    "stop": "to",
    "start": "from",
}


def diff(old: Recipe, new: Recipe) -> Iterator[str]:
    """Give each change from one recipe to another, one sentence each; nothing where they mean the same."""
    yield from _attributes("the recipe", old, new, _OF_RECIPE)
    yield from _each("parameter", old.parameters, new.parameters)
    facts = ({fact.name: fact for fact in recipe.facts} for recipe in (old, new))
    yield from _each("fact", *facts)
    yield from _each("operation", old.operations_by_id, new.operations_by_id)
    yield from _each("step", old.steps, new.steps)
    before, after = old.fields, new.fields
    yield from _each("value", {n: f for n, (_, f) in before.items()}, {n: f for n, (_, f) in after.items()})
    for name in before.keys() & after.keys():
        if before[name][0].id != after[name][0].id:
            yield f"value {name}: recorded in step {after[name][0].id}, was in step {before[name][0].id}"
    yield from _each("hold time", *({clock.name: clock for clock in recipe.hold_times} for recipe in (old, new)))
    if list(old.steps) != list(new.steps) and set(old.steps) == set(new.steps):
        yield "the steps are written in another order"


def _each(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for name in old:
        if name not in new:
            yield f"{what} {name}{_titled(old[name])} is gone"
    for name, thing in new.items():
        if name not in old:
            yield f"{what} {name}{_titled(thing)} is new"
        elif isinstance(thing, Quantity):
            if str(thing) != str(old[name]):
                yield f"{what} {name}: {thing}, was {old[name]}"
        else:
            yield from _attributes(f"{what} {name}", old[name], thing)


def _attributes(what: str, old: object, new: Any, only: tuple[str, ...] = ()) -> Iterator[str]:  # noqa: ANN401 - any part of a recipe
    names = only or tuple(each.name for each in fields(new) if each.name not in _UNSAID)
    for name in names:
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, Limits) and isinstance(after, Limits):
            for layer, word in (("action", "limit"), ("alert", "alert"), ("plausible", "plausible")):
                yield from _said(f"{what}: {word}", getattr(before, layer), getattr(after, layer))
        else:
            yield from _said(f"{what}: {_WORDS.get(name, name.replace('_', ' '))}", before, after)


def _said(what: str, old: object, new: object) -> Iterator[str]:
    before, after = _text(old), _text(new)
    if before != after:
        yield (
            f"{what} “{after}”, was “{before}”"
            if before and after
            else (f"{what} “{after}”, was not there" if after else f"{what} is gone, was “{before}”")
        )


def _text(value: object) -> str:
    """Write an attribute as the recipe says it."""
    if value is None:
        return ""
    if isinstance(value, Formula | Limit):
        return " ".join(value.text.split())
    if isinstance(value, Choice):
        needs = f" needs {_text(value.needs)}" if value.needs else ""
        return f"{value.name}{needs}{' ends the batch' if value.ends else ''}"
    if isinstance(value, Repeat):
        return f"until {value.until} is {value.choice}, at most {value.at_most}"
    if isinstance(value, Given):
        return value.must_be or "given"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(entry)}" for key, entry in value.items())
    if isinstance(value, tuple):
        return ", ".join(_text(entry) for entry in value)
    return str(getattr(value, "value", value))


def _titled(thing: object) -> str:
    if isinstance(thing, Operation | Step):
        return f" “{thing.title}”"
    if isinstance(thing, Field):
        return f" “{thing.ask}”"
    return f" ({thing})" if isinstance(thing, Quantity) else ""
