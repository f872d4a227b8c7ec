"""Batches played by a recipe before it is signed, some of their values out of limits: how they end, and why.

The proof shows that every path ends; a simulation shows what the paths are like, through the very commands that a
laboratory's batch goes through. Chance is handed in, so that a batch can be played again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, Self, TypeVar

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from batch_records.executed.entries import BatchStopped, DeviationRaised, Entry
from batch_records.executed.progress import Standing
from batch_records.master.recipe import Field, Kind, Recipe, Role, Stage
from batch_records.release.rehearsal import A_DOSE, B, Rehearsal, bounds, middle
from batch_records.values.expression import Constants

T = TypeVar("T")
STUCK = "stuck"


class Luck(Protocol):
    """Chance, as the standard library's generator gives it."""

    def random(self) -> float:
        """Return a number from 0 to 1."""

    def sample(self, population: Sequence[T], k: int) -> list[T]:
        """Return some of a sequence in any order."""


@dataclass(frozen=True)
class Simulated:
    """How one batch went: its end, its steps, its days, and the deviations in it."""

    end: str
    steps: int
    days: float
    deviations: tuple[str, ...]


def simulate(recipe: Recipe, luck: Luck, out: float, usual: Mapping[str, str]) -> Simulated:
    """Play one batch to its end; a share ``out`` of its values lies outside what its limits accept.

    ``usual`` are the values to be expected, by name; of the others, the middle of what their limits allow.
    """
    played = Simulation(recipe, luck, out, usual)
    played.start(**{fact.name: played.fact(fact) for fact in recipe.facts})
    end = played.finish().conclude()
    span = played.at - played.lines[0][0].at
    deviations = tuple(each.description for each in played.batch.deviations.values())
    steps = sum(1 for run in played.batch.runs.values() if run.started)
    return Simulated(end, steps, span.total_seconds() / 86_400, deviations)


class Simulation(Rehearsal):
    """A rehearsal in which things happen."""

    def __init__(self, recipe: Recipe, luck: Luck, out: float, usual: Mapping[str, str]) -> None:
        super().__init__(recipe)
        self.luck, self.out, self.usual = luck, out, usual

    def do(self, command: c.Command, by: Person | None = None) -> list[Entry]:
        """Carry out a command; quality concludes at once on what it brings."""
        entries = super().do(command, by)
        if any(isinstance(entry, DeviationRaised) for entry in entries) and self.batch.disposition.is_open:
            self.settle()
        return entries

    def work(self, key: str) -> Self:
        """Do one step; what has to be decided is decided in one of the ways that are open."""
        step = self.recipe.steps[key.partition(":")[0]]
        if step.type == "decide":
            self.wait(key)
            self.decide(key, step.fields[0])
            return self
        super().work(key)
        return self

    def decide(self, key: str, decision: Field) -> None:
        """Choose: first what goes on, or now and then anything; what is refused is not chosen."""
        ways = [super().good(key, decision), *self.luck.sample(decision.options, len(decision.options))]
        for way in ways[1:] if self.happens() else ways:
            try:
                self.do(c.Decide(B, key, decision.name, way))
            except Refused:
                continue
            return
        self.do(c.StopBatch(B, f"no choice of “{decision.ask}” is open"), self.performers[Role.REVIEWER])

    def good(self, key: str, each: Field) -> str:
        """Return a value, now and then one that the limits do not accept."""
        good = self.usual.get(each.name) or super().good(key, each)
        judged = each.kind not in (Kind.IDENTITY, Kind.LABELS)
        return (self.bad(key, each) if judged and self.happens() else "") or good

    def bad(self, key: str, each: Field) -> str:
        """Return a value outside the action limit; empty where there is none."""
        limit = each.limits.action
        if limit is None:
            return ""
        if limit.accepted:
            return next((option for option in each.options if option not in limit.accepted), "")
        if each.unit is None:
            return ""
        low, high = bounds(each.limits, self.batch.seen_from(key))
        base = high * Fraction(11, 10) if high else low * Fraction(9, 10)
        return f"{float(base / each.unit.factor):.6g} {each.unit}"

    def fact(self, each: Field) -> str:
        """Return a fact that the recipe is for."""
        if each.name in self.usual:
            return self.usual[each.name]
        if each.kind is Kind.TIME:
            return self.at.isoformat()
        if each.kind is Kind.DOSE:
            return A_DOSE
        accepted = each.limits.action.accepted if each.limits.action else ()
        if words := accepted or each.options:
            return words[0]
        if each.unit is None:
            return f"{each.name} (simulated)"
        parameters = Constants({name: quantity.base for name, quantity in self.recipe.parameters.items()})
        return f"{float(middle(*bounds(each.limits, parameters)) / each.unit.factor):.6g} {each.unit}"

    def happens(self) -> bool:
        """Say whether something goes wrong now."""
        return self.luck.random() < self.out

    def conclude(self) -> str:
        """Review and release the batch where that can be, else reject it; return how it ended."""
        if not self.batch.disposition.is_open:
            ended = self.lines[-1][1]
            return ended.cause if isinstance(ended, BatchStopped) else self.batch.disposition.value
        if waiting := [key for key in self.progress if self.progress.standing(key) is Standing.WAITING]:
            return f"{STUCK}: step {waiting[0]} waits for ever"
        self.review(Stage.FINAL)
        try:
            self.release(Stage.FINAL)
        except Refused as refused:
            last = self.batch.last.hash
            self.do(c.RejectBatch(B, str(refused), last), self.performers[Role.RELEASER])
        return self.batch.disposition.value
