"""A recipe's text, read into a `Recipe`, or refused with every mistake at its line.

The text is read twice: first for the names and kinds of all values, then whole, so that a formula may stand above the
step that records what it names. Whether a value is recorded *before* it is used is for the lint to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources

from batch_records.master import parts, steps
from batch_records.master.digest import digest
from batch_records.master.discover import discover
from batch_records.master.include import Absent, put_in
from batch_records.master.recipe import (
    Consequence,
    Edge,
    Field,
    Gate,
    Growth,
    HoldTime,
    Milestone,
    Notify,
    Occasion,
    Operation,
    Phenotype,
    Recipe,
    Repeat,
    Role,
    Stage,
    Step,
    SupplyPath,
)
from batch_records.master.step_text import STEP_TYPES, StepText
from batch_records.master.steps.record import entered
from batch_records.master.text import Consequent, Item, Mistake, Problem, Problems, read
from batch_records.values.expression import Type
from batch_records.values.formula import Formula
from batch_records.values.quantity import Quantity

discover(steps)

_RECIPES = resources.files("batch_records.master") / "recipes"

_STEP_KEYS = ("do", "when", "after", "performed by", "verified by", "signed", "needed for", "milestone", "gate", "note")
_RECIPE_KEYS = (
    *("parameters", "hold times", "note", "figures", "growth", "day zero"),
    *("out of specification", "notifications"),
)
_OPERATION = re.compile(r"(0|[1-9][0-9]*) (\S.*)")
_STEP = re.compile(r"((?:0|[1-9][0-9]*)\.[1-9][0-9]*) (\S.*)")
BUILT_IN: Mapping[str, Type] = {"coi": "text", "batch": "text"}


class RecipeError(ValueError):
    """A recipe that cannot be used; ``problems`` has every mistake with its line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def load(text: str) -> Recipe:
    """Read a recipe. Raise `RecipeError` with every mistake found."""
    try:
        whole = read(text)
        keys = whole.keys(("recipe", "code", "product", "facts", "operations"), _RECIPE_KEYS)
    except Mistake as mistake:
        raise RecipeError([mistake.problem]) from None
    names = Problems()
    types = _types(_Reader(keys, None, names), names)
    problems = Problems()
    problems.found = names.found
    recipe = _Reader(keys, types, problems).recipe(text)
    if recipe is None or problems.found:
        raise RecipeError(problems)
    return recipe


def shipped() -> dict[str, str]:
    """Return the texts of the recipes that come with the system, by code."""
    files = sorted(_RECIPES.iterdir(), key=lambda file: file.name)
    written = {file.name.removesuffix(".yaml"): file for file in files if file.name.endswith(".yaml")}
    return {code: put_in(file.read_text("utf-8"), shipped_part).text for code, file in written.items()}


def shipped_part(name: str) -> str:
    """Return the text of a part that the shipped recipes share. Raise `Absent`."""
    file = _RECIPES / "parts" / f"{name}.yaml"
    if not file.is_file():
        raise Absent(f"there is no part “{name}”")
    return file.read_text("utf-8")


def _types(reader: _Reader, problems: Problems) -> dict[str, Type]:
    """Collect the type of every name; a name given twice is a mistake."""
    types: dict[str, Type] = dict(BUILT_IN)
    with problems.collecting():
        for place, name, type_ in reader.names():
            if name in types:
                problems.add(place, f"a value is already named “{name}”")
            types[name] = type_
    if problems.found:  # what stands in a part that could not be read is not unknown for that
        types |= {key: "unread" for item in reader.keys.values() for key in item.every_key() if key not in types}
    return types


class _Reader:
    """Reads the parts of one recipe; ``types`` is None on the first time through."""

    def __init__(self, keys: Mapping[str, Item], types: Mapping[str, Type] | None, problems: Problems) -> None:
        self.keys, self.types, self.problems = keys, types, problems

    def names(self) -> Iterator[tuple[Item, str, Type]]:
        for name, item, quantity in self.parameters():
            yield item, name, quantity.unit.dimensions
        for field in self.facts():
            yield self.keys["facts"].key(field.name), field.name, field.type
        for operation in self.operations():
            for step in operation.steps:
                for field in step.fields:
                    yield self.places[step.id, field.name], field.name, field.type
                    for name, given in field.gives.items():
                        yield self.places[step.id, field.name], name, given.type

    def recipe(self, text: str) -> Recipe | None:
        with self.problems.collecting():
            return Recipe(
                code=self.keys["code"].text,
                title=self.keys["recipe"].text,
                product=self.keys["product"].text,
                note=self.keys["note"].text if "note" in self.keys else "",
                facts=tuple(self.facts()),
                parameters={name: quantity for name, _, quantity in self.parameters()},
                operations=tuple(self.operations()),
                hold_times=tuple(self.hold_times()),
                types=self.types or {},
                text=text,
                digest=digest(text),
                figures=tuple(self.figures()),
                growth=self.growth(),
                day_zero=parts.edge(self.keys["day zero"]) if "day zero" in self.keys else None,
                supply=self.supply(),
                notifications=tuple(self.notifications()),
            )
        return None

    def parameters(self) -> Iterator[tuple[str, Item, Quantity]]:
        if "parameters" in self.keys:
            for name, item in parts.named(self.keys["parameters"]):
                with self.problems.collecting():
                    value = item.keys(("value",), ("ask", "note"))["value"]
                    yield name, self.keys["parameters"].key(name), parts.quantity(value)

    def facts(self) -> Iterator[Field]:
        for name, item in parts.named(self.keys["facts"]):
            with self.problems.collecting():
                yield entered(StepText("facts", {}, self.types, self.problems), name, item)

    def operations(self) -> Iterator[Operation]:
        self.places: dict[tuple[str, str], Item] = {}
        self.waits: list[HoldTime] = []
        before: Sequence[str] = ()
        for item in _some(self.keys["operations"], "operation"):
            with self.problems.collecting():
                operation = self.operation(item, before)
                before = (operation.id,)
                yield operation

    def operation(self, item: Item, before: Sequence[str]) -> Operation:
        keys = item.keys(("operation", "steps"), ("when", "after", "repeat"))
        number, title = "", ""
        with self.problems.collecting():  # its steps are read all the same
            number, title = _heading(keys["operation"], _OPERATION, "4 Transduction")
        return Operation(
            id=number,
            title=title,
            steps=tuple(self.steps(keys["steps"], number)),
            after=tuple(_ids(keys["after"])) if "after" in keys else tuple(before),
            when=self.condition(keys),
            repeat=_repeat(keys["repeat"]) if "repeat" in keys else None,
        )

    def condition(self, keys: Mapping[str, Item]) -> Formula | None:
        if "when" not in keys or self.types is None:
            return None
        return parts.formula(keys["when"], self.types, "truth")

    def steps(self, items: Item, operation: str) -> Iterator[Step]:
        before: tuple[str, ...] = ()
        for item in _some(items, "step"):
            with self.problems.collecting():
                step = self.step(item, before)
                if operation and step.id.split(".")[0] != operation:
                    raise Mistake(item, f"step {step.id} does not belong to operation {operation}")
                before = (step.id,)
                yield step

    def step(self, item: Item, before: tuple[str, ...]) -> Step:
        kind = _kind(list(item.mapping()))
        type_ = STEP_TYPES[kind]
        keys = item.keys(("step", *type_.needs), (kind, *type_.extra, *_STEP_KEYS))
        if kind not in keys:
            raise Mistake(item, f"say what the step is, with one of: {', '.join(sorted(STEP_TYPES))}")
        number, title = _heading(keys["step"], _STEP, "4.2 Viability before transduction")
        fields = tuple(type_.read(StepText(kind, keys, self.types, self.problems)))
        if kind == "wait":
            self.waits.append(_wait(keys["wait"], number, title))
        self.places |= {(number, field.name): keys[kind].key(field.name) for field in fields}
        return Step(
            id=number,
            title=title,
            type=kind,
            instruction=keys["do"].text if "do" in keys else "",
            fields=fields,
            performer=parts.member(keys["performed by"], Role) if "performed by" in keys else Role.OPERATOR,
            verifier=parts.member(keys["verified by"], Role) if "verified by" in keys else None,
            signed=kind == "decide" or ("signed" in keys and parts.yes_or_no(keys["signed"])),
            when=self.condition(keys),
            after=tuple(_ids(keys["after"])) if "after" in keys else before,
            stage=parts.member(keys["needed for"], Stage) if "needed for" in keys else Stage.CONDITIONAL,
            note=keys["note"].text if "note" in keys else "",
            line=item.line,
            milestones=tuple(_milestones(keys["milestone"])) if "milestone" in keys else (),
            gate=_gate(keys["gate"]) if "gate" in keys else None,
        )

    def figures(self) -> Iterator[str]:
        for item in self.keys["figures"].sequence() if "figures" in self.keys else ():
            yield self.number(item)

    def growth(self) -> Growth | None:
        if "growth" not in self.keys:
            return None
        keys = self.keys["growth"].keys(("cells", "viability"), ("target",))
        return Growth(**{key: self.number(item) for key, item in keys.items()})

    def supply(self) -> SupplyPath | None:
        key = "out of specification"
        return parts.member(self.keys[key], SupplyPath) if key in self.keys else None

    def notifications(self) -> Iterator[Notify]:
        for item in self.keys["notifications"].sequence() if "notifications" in self.keys else ():
            with self.problems.collecting():
                keys = item.keys(("notify", "of", "within"), ("acknowledged", "note"))
                yield Notify(
                    to=keys["notify"].text,
                    of=parts.member(keys["of"], Occasion),
                    within=parts.duration(keys["within"]),
                    acknowledged="acknowledged" in keys and parts.yes_or_no(keys["acknowledged"]),
                )

    def number(self, item: Item) -> str:
        type_ = (self.types or {}).get(item.text, "text")
        if type_ == "unread":
            raise Consequent
        if isinstance(type_, str):
            raise Mistake(item, f"“{item.text}” names no recorded number")
        return item.text

    def hold_times(self) -> Iterator[HoldTime]:
        yield from self.waits
        for item in self.keys["hold times"].sequence() if "hold times" in self.keys else ():
            with self.problems.collecting():
                keys = item.keys(("hold time", "from", "to"), ("at most", "at least", "on action"))
                yield HoldTime(
                    name=keys["hold time"].text,
                    start=self.start(keys["from"]),
                    stop=parts.edge(keys["to"]),
                    least=_duration(keys, "at least"),
                    most=_duration(keys, "at most"),
                    on_action=parts.member(keys["on action"], Consequence)
                    if "on action" in keys
                    else Consequence.DEVIATION,
                )

    def start(self, item: Item) -> Edge:
        """Read where a clock starts; a recorded time belongs to the step that records it."""
        for step, name in self.places:
            if name == item.text:
                return Edge(step, is_start=False, value=name)
        return parts.edge(item, ", or the name of a recorded time")


def _some(item: Item, what: str) -> list[Item]:
    items = item.sequence()
    if not items:
        raise Mistake(item, f"write at least one {what}")
    return items


def _kind(keys: list[str]) -> str:
    """Return the step type that a step's keys say: the ``sample`` of a step that measures is no step type."""
    kinds = [key for key in keys if key in STEP_TYPES and key != "do"]
    beside = {extra for kind in kinds for extra in (*STEP_TYPES[kind].extra, *STEP_TYPES[kind].needs)}
    return next((kind for kind in kinds if kind not in beside), "do")


def _heading(item: Item, form: re.Pattern[str], example: str) -> tuple[str, str]:
    match = form.fullmatch(item.text)
    if not match:
        raise Mistake(item, f"write a number and a title: “{example}”")
    return match[1], match[2]


def _ids(item: Item) -> Iterator[str]:
    for entry in item.sequence():
        yield entry.text


def _milestones(item: Item) -> Iterator[Milestone]:
    for entry in [item] if item.is_text else item.sequence():
        yield parts.member(entry, Milestone)


def _gate(item: Item) -> Gate:
    keys = item.keys(("metric", "phenotype", "sensitivity"), ("valid for",))
    return Gate(
        metric=keys["metric"].text,
        phenotype=parts.member(keys["phenotype"], Phenotype),
        sensitivity=parts.quantity(keys["sensitivity"], "%"),
        valid_for=_duration(keys, "valid for"),
    )


def _repeat(item: Item) -> Repeat:
    keys = item.keys(("until", "is", "at most"))
    times = keys["at most"].text
    if not re.fullmatch(r"[1-9][0-9]?|100", times) or times == "1":
        raise Mistake(keys["at most"], "write how often at most, from 2 to 100")
    return Repeat(keys["until"].text, keys["is"].text, int(times))


def _wait(item: Item, step: str, title: str) -> HoldTime:
    keys = item.keys(("since",), ("at least", "at most"))
    least, most = _duration(keys, "at least"), _duration(keys, "at most")
    return HoldTime(title, parts.edge(keys["since"]), Edge(step, is_start=False), least, most, Consequence.DEVIATION)


def _duration(keys: Mapping[str, Item], key: str) -> Quantity | None:
    return parts.duration(keys[key]) if key in keys else None
