"""What the file of a step type gets to read one step: its keys, its fields, and what all fields have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

from batch_records.master import parts
from batch_records.master.recipe import Consequence, Field, ParameterClass
from batch_records.master.text import Item, Mistake, Problems
from batch_records.values.expression import Type
from batch_records.values.formula import Formula
from batch_records.values.limit import NO_LIMITS, Limit, Limits
from batch_records.values.unit import Unit

COMMON = ("ask", "class", "on action", "note")
LIMITS = ("limit", "alert", "plausible")

ReadStep = Callable[["StepText"], Iterator[Field]]


@dataclass(frozen=True)
class StepType:
    """A kind of step: the key that makes a step one of these, its other keys, and how its fields are read."""

    keyword: str
    extra: tuple[str, ...]  # keys that it may have
    needs: tuple[str, ...]  # keys that it must have
    read: ReadStep

    @property
    def purpose(self) -> str:
        """What it is for, in its file's words."""
        return (self.read.__doc__ or "").partition("\n")[0]


STEP_TYPES: dict[str, StepType] = {}


def step_type(keyword: str, *extra: str, needs: tuple[str, ...] = ()) -> Callable[[ReadStep], ReadStep]:
    """Register the function below as the reader of steps that have the key ``keyword``."""

    def register(read: ReadStep) -> ReadStep:
        if keyword in STEP_TYPES:
            raise ValueError(f"two step types are written “{keyword}:”")
        STEP_TYPES[keyword] = StepType(keyword, extra, needs, read)
        return read

    return register


class Common(TypedDict):
    """The attributes that every field may have."""

    name: str
    ask: str
    parameter_class: ParameterClass | None
    on_action: Consequence
    note: str


@dataclass(frozen=True)
class StepText:
    """One step as text. ``types`` are the values that formulas may name; None while names are still collected."""

    keyword: str
    keys: Mapping[str, Item]
    types: Mapping[str, Type] | None
    problems: Problems

    def collecting(self) -> Problems:
        """Use as ``with step.collecting():`` around one field, so that the mistakes of the others are found too."""
        return self.problems.collecting()

    def fields(self) -> Iterator[tuple[str, Item]]:
        """Give the fields written under the step's keyword, by name."""
        place = self.keys[self.keyword]
        if not place.mapping():
            raise Mistake(place, f"name at least one thing to {self.keyword}")
        for name, item in place.mapping().items():
            with self.collecting():
                yield parts.name(place.key(name)), item

    def common(self, name: str, keys: Mapping[str, Item]) -> Common:
        """Read what all fields have in common."""
        return {
            "name": name,
            "ask": keys["ask"].text if "ask" in keys else name.replace("_", " ").capitalize(),
            "parameter_class": parts.one_of(keys["class"], ParameterClass.__members__) if "class" in keys else None,
            "on_action": parts.member(keys["on action"], Consequence) if "on action" in keys else Consequence.DEVIATION,
            "note": keys["note"].text if "note" in keys else "",
        }

    def limits(self, keys: Mapping[str, Item], unit: Unit | None, options: tuple[str, ...] = ()) -> Limits:
        """Read the limits of a number or a choice; while names are still collected there are none."""
        if self.types is None:
            return NO_LIMITS
        read = {key: self._limit(keys[key], self.types, unit, options) for key in LIMITS if key in keys}
        return Limits(read.get("plausible"), read.get("limit"), read.get("alert"))

    @staticmethod
    def _limit(item: Item, types: Mapping[str, Type], unit: Unit | None, options: tuple[str, ...]) -> Limit:
        if not (unit or options):
            raise Mistake(item, "only a number or a choice has a limit")
        limit = parts.limit(item, types, unit)
        if strange := [word for word in limit.accepted if word not in options]:
            raise Mistake(item, f"“{strange[0]}” is not among the options")
        return limit

    def options(self, item: Item) -> tuple[str, ...]:
        """Read the options of a choice."""
        options = tuple(option.text for option in item.sequence())
        if len(options) < 2 or len(set(options)) < len(options) or not all(options):
            raise Mistake(item, "a choice has two or more options, each different")
        return options

    def formula(self, item: Item, type_: Type) -> Formula | None:
        """Read a formula that gives ``type_``; while names are still collected there is none."""
        return None if self.types is None else parts.formula(item, self.types, type_)

    def text(self, key: str) -> str:
        """Return the text of an optional key of the step."""
        return self.keys[key].text if key in self.keys else ""
