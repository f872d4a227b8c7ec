"""A dose plan: the levels of a protocol, its rule of weight and tolerance, its portions, and how a level is looked for.

It is text that a person writes, another approves, and orders name, as a recipe is. Limits on doses stand here and
nowhere else: a batch carries the line of its level, with its tolerance, from the order to the bag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise

from batch_records.master import parts
from batch_records.master.digest import digest
from batch_records.master.load import RecipeError
from batch_records.master.text import Item, Mistake, Problems, read
from batch_records.values.boin import Row, bounds, table
from batch_records.values.dose import DoseError, DoseRule
from batch_records.values.quantity import Quantity

_PLANS = resources.files("batch_records.master") / "dose_plans"
_NEEDED = (
    *("dose plan", "code", "protocol", "recipes", "counted", "weight", "tolerance", "levels", "start"),
    *("de-escalation", "toxicity", "response"),
)
_LEVEL = re.compile(r"-?[0-9]{1,2}[a-z]?")
_WEIGHTS = tuple(Quantity.parse(f"{weight} kg").base for weight in (2, 5, 10, 20, 30, 40, 50, 60, 80, 100, 150))


class PlanError(RecipeError):
    """A dose plan that cannot be used; ``problems`` has every mistake with its line."""


@dataclass(frozen=True)
class Level:
    """One level: its name, and the rule of its dose with the plan's tolerance."""

    name: str
    rule: DoseRule


@dataclass(frozen=True)
class Portion:
    """A part of a split dose: what must hold before it is given, and how long after the one before."""

    name: str
    share: Quantity
    gate: str = ""
    after: Quantity | None = None


@dataclass(frozen=True)
class Endpoint:
    """What is counted at each level, at which rate it is aimed, and within which time it shows."""

    rate: Quantity
    counted: str
    window: Quantity


@dataclass(frozen=True)
class DosePlan:
    """A dose plan. ``digest`` is SHA-256 of the text people sign, in hex; levels stand from the lowest up."""

    code: str
    title: str
    protocol: str
    note: str
    recipes: tuple[str, ...]
    counted: str
    weight: str
    tolerance: Quantity
    levels: tuple[Level, ...]
    start: str
    deescalation: str
    toxicity: Endpoint
    response: Endpoint
    most: int
    portions: tuple[Portion, ...]
    text: str
    digest: str

    def level(self, name: str) -> Level | None:
        """Return a level by its name."""
        return next((level for level in self.levels if level.name == name), None)

    def assigned(self, name: str, edition: int) -> str:
        """Return the line that an order and its batch carry for a level. Raise `KeyError` for a level it has not."""
        level = self.level(name)
        if level is None:
            raise KeyError(name)
        return f"{level.rule.text} (level {name} of {self.code}, edition {edition})"

    def decisions(self) -> tuple[Row, ...]:
        """Return the decision table (BOIN) for one patient at a level up to the most that the plan allows."""
        return table(self.toxicity.rate.base, self.most)


def load_plan(text: str) -> DosePlan:
    """Read a dose plan. Raise `PlanError` with every mistake found."""
    problems = Problems()
    plan = None
    with problems.collecting():
        keys = read(text).keys(_NEEDED, ("note", "split"))
        plan = _Reader(keys, problems).plan(text)
    if plan is None or problems.found:
        raise PlanError(problems)
    return plan


def shipped_plans() -> dict[str, str]:
    """Return the texts of the dose plans that come with the system, by code."""
    files = sorted(_PLANS.iterdir(), key=lambda file: file.name)
    return {file.name.removesuffix(".yaml"): file.read_text("utf-8") for file in files if file.name.endswith(".yaml")}


class _Reader:
    """Reads the parts of one plan; a part with a mistake is left out, and the mistake is kept."""

    def __init__(self, keys: Mapping[str, Item], problems: Problems) -> None:
        self.keys, self.problems = keys, problems

    def plan(self, text: str) -> DosePlan:
        keys = self.keys
        tolerance = _tolerance(keys["tolerance"])
        levels = tuple(self.levels(tolerance))
        with self.problems.collecting():
            _must_rise(keys["levels"], levels)
            if keys["start"].text not in [level.name for level in levels]:
                raise Mistake(keys["start"], f"“{keys['start'].text}” is no level of this plan")
        return DosePlan(
            code=parts.name(keys["code"]),
            title=keys["dose plan"].text,
            protocol=keys["protocol"].text,
            note=keys["note"].text if "note" in keys else "",
            recipes=tuple(parts.name(item) for item in keys["recipes"].sequence()),
            counted=keys["counted"].text,
            weight=keys["weight"].text,
            tolerance=tolerance,
            levels=levels,
            start=keys["start"].text,
            deescalation=keys["de-escalation"].text,
            toxicity=_toxicity(keys["toxicity"]),
            response=_response(keys["response"]),
            most=_most(keys["toxicity"]),
            portions=tuple(_portions(keys["split"])) if "split" in keys else (),
            text=text,
            digest=digest(text),
        )

    def levels(self, tolerance: Quantity) -> Iterator[Level]:
        for name, item in self.keys["levels"].mapping().items():
            with self.problems.collecting():
                if not _LEVEL.fullmatch(name):
                    raise Mistake(item, f"“{name}” is no name for a level: write 1, 2, 2a or -1")
                try:
                    yield Level(name, DoseRule.parse(f"{item.text} within {tolerance}"))
                except DoseError as error:
                    raise Mistake(item, str(error)) from None


def _tolerance(item: Item) -> Quantity:
    tolerance = parts.quantity(item, "%")
    if not 0 < tolerance.base < 1:
        raise Mistake(item, f"a tolerance of {tolerance} is none: it is above 0 % and below 100 %")
    return tolerance


def _must_rise(place: Item, levels: tuple[Level, ...]) -> None:
    """Refuse levels out of order: to raise and to lower a dose would mean nothing."""
    if len(levels) < 2:
        raise Mistake(place, "a plan has two levels or more")
    for lower, higher in pairwise(levels):
        if any(lower.rule.cells(weight) >= higher.rule.cells(weight) for weight in _WEIGHTS):
            raise Mistake(place, f"level {higher.name} is not above level {lower.name} for every weight")


def _toxicity(item: Item) -> Endpoint:
    keys = item.keys(("target", "counted", "window", "most patients at a level"))
    rate = parts.quantity(keys["target"], "%")
    try:
        bounds(rate.base)
    except ValueError:
        raise Mistake(keys["target"], f"{rate} is no rate of toxicity that a design can aim at") from None
    return Endpoint(rate, keys["counted"].text, parts.duration(keys["window"]))


def _most(item: Item) -> int:
    written = item.mapping()["most patients at a level"]
    if not re.fullmatch(r"[3-9]|[1-9][0-9]", written.text):
        raise Mistake(written, "write how many patients are treated at a level at most, from 3 to 99")
    return int(written.text)


def _response(item: Item) -> Endpoint:
    keys = item.keys(("wanted", "counted", "window"))
    rate = parts.quantity(keys["wanted"], "%")
    if not 0 < rate.base <= 1:
        raise Mistake(keys["wanted"], f"{rate} is no rate of response")
    return Endpoint(rate, keys["counted"].text, parts.duration(keys["window"]))


def _portions(item: Item) -> Iterator[Portion]:
    """Read the portions of a split dose: together the whole, and a gate before each but the first."""
    portions = [_portion(each, is_first=place == 0) for place, each in enumerate(item.sequence())]
    if len(portions) < 2 or sum(portion.share.base for portion in portions) != 1:
        raise Mistake(item, "the portions of a split dose are two or more, and 100 % together")
    yield from portions


def _portion(item: Item, *, is_first: bool) -> Portion:
    needed = ("portion", "share") if is_first else ("portion", "share", "gate", "after")
    keys = item.keys(needed)
    share = parts.quantity(keys["share"], "%")
    if not 0 < share.base < 1:
        raise Mistake(keys["share"], f"{share} is no share of a dose")
    after = None if is_first else parts.duration(keys["after"])
    return Portion(keys["portion"].text, share, "" if is_first else keys["gate"].text, after)
