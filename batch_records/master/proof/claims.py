"""What is claimed of every path, one function for each: it gives a story for each path on which the claim fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from batch_records.master.lint import Linted
from batch_records.master.proof import clocks
from batch_records.master.proof.known import Known
from batch_records.master.proof.walk import Walked, Ways
from batch_records.master.recipe import Kind, Milestone, ParameterClass, Recipe, Step

_TYPED = (Kind.NUMBER, Kind.TEXT, Kind.CHOICE, Kind.TIME, Kind.RESULT, Kind.DOSE)
_BLASTS = (Milestone.BLOOD, Milestone.BAG, Milestone.CULTURE, Milestone.PRODUCT)
_CRITICAL = (ParameterClass.CPP, ParameterClass.CQA)


@dataclass(frozen=True)
class CounterExample:
    """Where a claim fails: at which step, why, and what happened until there."""

    step: str
    why: str
    story: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Tell it as a story."""
        told = [f"    {number}. {event}" for number, event in enumerate(self.story, 1)]
        return "\n".join([f"  step {self.step}: {self.why}" if self.step else f"  {self.why}", *told])


@dataclass(frozen=True)
class Explored:
    """A recipe with the paths through it."""

    recipe: Recipe
    walked: Walked

    @cached_property
    def linted(self) -> Linted:
        """What the lint knows of what comes before what."""
        return Linted(self.recipe)

    def marked(self, milestone: Milestone) -> list[Step]:
        """Return the steps that are a milestone."""
        return [step for step in self.recipe.steps.values() if milestone in step.milestones]

    def hangs_on_facts(self, step: Step) -> bool:
        """Say whether a step applies or not by what the order says alone."""
        facts = {fact.name for fact in self.recipe.facts}
        conditions = (step.when, self.recipe.operation_of[step.id].when)
        return all(set(when.names) <= facts | set(self.recipe.parameters) for when in conditions if when)


Claim = Callable[[Explored], Iterable[CounterExample]]
CLAIMS: dict[str, Claim] = {}


def _claim(sentence: str) -> Callable[[Claim], Claim]:
    def register(claim: Claim) -> Claim:
        CLAIMS[sentence] = claim
        return claim

    return register


@_claim("Every path comes to a named end")
def every_path_ends(explored: Explored) -> Iterator[CounterExample]:
    """No step waits for what will never be, and no decision is without an open choice."""
    seen = set()
    for stuck in explored.walked.stuck:
        if (stuck.step, stuck.why) not in seen:
            seen.add((stuck.step, stuck.why))
            yield CounterExample(stuck.step, stuck.why, stuck.story)


@_claim("Every step is done on some path")
def every_step_is_reached(explored: Explored) -> Iterator[CounterExample]:
    """A step that no path does is a mistake in its condition."""
    for step in explored.recipe.steps.values():
        if step.id not in explored.walked.done:
            yield CounterExample(step.id, f"no path does “{step.title}”")


@_claim("Every choice is open on some path")
def every_choice_is_open(explored: Explored) -> Iterator[CounterExample]:
    """A choice that nobody can ever make is a mistake in what it needs."""
    for step, field in explored.recipe.fields.values():
        for choice in field.choices:
            if step.id in explored.walked.done and (field.name, choice.name) not in explored.walked.chosen:
                yield CounterExample(step.id, f"“{choice.name}” of “{field.ask}” can be chosen on no path")


@_claim("A batch can be released")
def a_path_is_released(explored: Explored) -> Iterator[CounterExample]:
    """A recipe by which no batch can leave is none."""
    if not explored.walked.released:
        yield CounterExample("", "no path ends in release")


@_claim("No batch is released before every quality attribute was recorded")
def attributes_gate_the_release(explored: Explored) -> Iterator[CounterExample]:
    """What releases is evaluated on every path to release; only the order's facts may say that it does not apply."""
    for step in explored.recipe.steps.values():
        attributes = [field.ask for field in step.fields if field.parameter_class is ParameterClass.CQA]
        if attributes and not explored.hangs_on_facts(step):
            for ways in _released_without(explored, [step]):
                yield CounterExample(step.id, f"“{attributes[0]}” is not recorded, and the batch is released", ways)


@_claim("Leukaemic blasts are looked for before release, wherever the recipe says so")
def blasts_are_looked_for(explored: Explored) -> Iterator[CounterExample]:
    """In the product always, where a CAR enters, unless a donor was found healthy; elsewhere as the recipe says."""
    gates = [*explored.marked(Milestone.PRODUCT), *explored.marked(Milestone.HEALTHY_DONOR)]
    if explored.marked(Milestone.CAR) and not gates:
        yield CounterExample("", f"a CAR enters, and no step has “milestone: {Milestone.PRODUCT.value}”")
    for ways in _released_without(explored, gates) if gates and not explored.marked(Milestone.PRODUCT) else ():
        yield CounterExample(gates[0].id, "released without knowing the donor to be healthy", ways)
    for milestone in _BLASTS:
        steps = explored.marked(milestone)
        if steps and not all(explored.hangs_on_facts(step) for step in steps):
            for ways in _released_without(explored, steps):
                yield CounterExample(steps[0].id, f"released without looking for {milestone.value}", ways)
        for step in steps:
            if not any(field.limits.action or field.choices for field in step.fields):
                yield CounterExample(step.id, f"it looks for {milestone.value}, and nothing in it has a limit")


@_claim("No gate for blasts is passed unasked: what goes on needs something, or a waiver of two people")
def gates_ask(explored: Explored) -> Iterator[CounterExample]:
    """A choice that goes on past blasts has needs; another round, and the end, need none."""
    marked = (step for milestone in _BLASTS for step in explored.marked(milestone) if step.type == "decide")
    for step in marked:
        repeat = explored.recipe.operation_of[step.id].repeat
        for field in step.fields:
            again = repeat is not None and repeat.until == field.name
            for choice in field.choices:
                goes_on = not choice.ends and not (again and repeat and choice.name != repeat.choice)
                if goes_on and choice.needs is None:
                    yield CounterExample(step.id, f"“{choice.name}” goes on, and needs nothing")


@_claim("Fratricide control is in before the CAR, or with it")
def control_comes_before_the_car(explored: Explored) -> Iterator[CounterExample]:
    """CAR-T cells carry CD7 too: what protects them enters no later than the CAR, on every path and in any order."""
    controls = {step.id for step in explored.marked(Milestone.FRATRICIDE_CONTROL)}
    for car in explored.marked(Milestone.CAR) if controls else ():
        before = (explored.linted.before[car.id] | {car.id}) & controls
        for known, ways in explored.walked.done_with.get(car.id, {}).items():
            if not before - known.skipped:
                yield CounterExample(car.id, "the CAR enters, and nothing protects the cells yet", ways.told())
                break


@_claim("What is critical and entered by a person is checked by another")
def critical_entries_are_checked(explored: Explored) -> Iterator[CounterExample]:
    """A critical value that a person types or reports is verified (EU GMP Annex 11, 6; 21 CFR 211.101(d))."""
    for step in explored.recipe.steps.values():
        critical = [field for field in step.fields if field.parameter_class in _CRITICAL and field.kind in _TYPED]
        if critical and step.verifier is None:
            yield CounterExample(step.id, f"“{critical[0].ask}” is critical, and nobody checks it")


@_claim("Every clock can be kept")
def clocks_can_be_kept(explored: Explored) -> Iterator[CounterExample]:
    """No waiting is asked for that another clock forbids."""
    if names := clocks.impossible(explored.recipe):
        yield CounterExample("", f"these cannot all be kept: {', '.join(f'“{name}”' for name in names)}")


def _released_without(explored: Explored, steps: list[Step]) -> Iterator[tuple[str, ...]]:
    """Give the story of one released path on which none of some steps was done."""
    ids = {step.id for step in steps}
    ways: dict[Known, Ways] = {known: ways for known, ways in explored.walked.released.items() if ids <= known.skipped}
    yield from [way.told() for way in ways.values()][:1]
