"""Every path through a recipe, walked in one pass: paths that know the same go on together.

Steps are taken in the order written. That is one order among many, and enough: what a step records depends on what
stands before it by the recipe's own order, never on which of two parallel steps came first, so all other orders meet
in the same place. What is not explored stands in `batch_records.master.prove.ASSUMED`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from batch_records.master.proof.known import Known, Questions
from batch_records.master.recipe import Choice, Field, Kind, Operation, ParameterClass, Recipe, Step
from batch_records.values.formula import Formula

RELEASED, WAIVED, REJECTED = "released", "released with the signatures of a waiver", "rejected"
_NOTHING: tuple[object, ...] = ()


@dataclass(frozen=True)
class Ways:
    """The paths that know the same: how many they are, and the story of the first, newest event in front."""

    paths: int
    story: tuple[object, ...] = _NOTHING  # (event, story before it)

    def then(self, event: str) -> Ways:
        """Return these paths after something more happened."""
        return Ways(self.paths, (event, self.story))

    def told(self) -> tuple[str, ...]:
        """Return the story from its beginning."""
        events, story = [], self.story
        while story:
            event, story = story  # type: ignore[assignment]  # pairs to the end
            events.append(str(event))
        return tuple(reversed(events))


Paths = dict[Known, Ways]
Open = tuple[Choice, bool]  # a choice that can be made, and whether only by a waiver


@dataclass(frozen=True)
class Stuck:
    """A path that cannot go on."""

    step: str
    why: str
    story: tuple[str, ...]


@dataclass
class Walked:
    """What was seen on the way."""

    ends: dict[str, Ways] = field(default_factory=dict)
    stuck: list[Stuck] = field(default_factory=list)
    done: set[str] = field(default_factory=set)  # steps that some path does
    chosen: set[tuple[str, str]] = field(default_factory=set)  # decisions, and the ways that some path goes
    released: Paths = field(default_factory=dict)  # what is known where all is done and within
    done_with: dict[str, Paths] = field(default_factory=dict)  # what is known as a marked step is done


def walk(recipe: Recipe) -> Walked:
    """Walk every path of a recipe that lints."""
    return Walk(recipe).all()


class Walk:
    """One walk; `all` takes it."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.questions = recipe, Questions(recipe)
        self.walked = Walked()

    def all(self) -> Walked:
        """Walk every path to its end."""
        paths: Paths = {self.questions.at_start(): Ways(1, ("the batch is started", _NOTHING))}
        for number, operation in enumerate(self.recipe.operations):
            paths = self.operation(operation, paths)
            paths = _merged((self.pruned(known, self.asked_after[number]), ways) for known, ways in paths.items())
        for known, ways in paths.items():
            self.end(REJECTED, ways)
            if not known.is_out:
                self.end(WAIVED if known.waived else RELEASED, ways)
                self.walked.released[known] = ways
        return self.walked

    def operation(self, operation: Operation, paths: Paths) -> Paths:
        """Walk an operation, round by round; return the paths on which it is over."""
        over: Paths = {}
        going, skipping = self.applying(operation.when, paths, operation.steps[0])
        every = frozenset(step.id for step in operation.steps)
        for known, ways in skipping.items():
            _add(over, replace(known, skipped=known.skipped | every), ways)
        for number in range(1, (operation.repeat.at_most if operation.repeat else 1) + 1):
            for step in operation.steps:
                going = self.step(operation, step, number, going)
            again: Paths = {}
            for known, ways in going.items():
                _add(again if self.goes_on(operation, known) else over, known, ways)
            going = again
        return over

    def goes_on(self, operation: Operation, known: Known) -> bool:
        """Say whether a repeated operation has another round."""
        if operation.repeat is None:
            return False
        _, decision = self.recipe.fields[operation.repeat.until]
        return known.by_name[decision.name] != frozenset({decision.options.index(operation.repeat.choice)})

    def step(self, operation: Operation, step: Step, number: int, paths: Paths) -> Paths:
        """Take one step on every path; return those that go on after it."""
        doing, skipping = self.applying(step.when, paths, step)
        after: Paths = {}
        for known, ways in skipping.items():
            _add(after, replace(known, skipped=known.skipped | {step.id}), ways)
        for known, ways in doing.items():
            if missing := self.missing(step, known):
                self.stop(step, f"“{missing}” was not recorded on this path", ways)
                continue
            self.walked.done.add(step.id)
            if step.milestones:
                _add(self.walked.done_with.setdefault(step.id, {}), known, ways)
            here = replace(known, skipped=known.skipped - {step.id})
            for recorded, way in self.recorded(operation, step, number, here, ways):
                _add(after, recorded, way)
        return after

    def applying(self, when: Formula | None, paths: Paths, step: Step) -> tuple[Paths, Paths]:
        """Part the paths into those to which a condition applies, and the others."""
        if when is None:
            return paths, {}
        parts: tuple[Paths, Paths] = ({}, {})
        for known, ways in paths.items():
            if missing := self.unrecorded(when.names, known):
                self.stop(step, f"its condition asks for “{missing}”, which was not recorded on this path", ways)
                continue
            for truth, part in self.questions.truths(when, known):
                event = f"{when.text} is {'true' if truth else 'not true'}"
                _add(parts[0] if truth else parts[1], part, ways.then(event))
        return parts

    def missing(self, step: Step, known: Known) -> str:
        """Return a name that something in a step needs and that was not recorded on this path."""
        names = [name for each in step.fields if each.kind is not Kind.DECISION for name in each.rests_on]
        return self.unrecorded(names, known, step.id)

    def unrecorded(self, names: list[str] | tuple[str, ...], known: Known, here: str = "") -> str:
        """Return the first name whose step did not apply on this path; empty where there is none."""
        homes = self.recipe.home
        return next((name for name in names if homes.get(name, here) in known.skipped - {here}), "")

    def recorded(
        self, operation: Operation, step: Step, number: int, known: Known, ways: Ways
    ) -> Iterator[tuple[Known, Ways]]:
        """Give what is known after everything in a step was recorded, the verdicts told apart."""
        names = frozenset(name for each in step.fields for name in (each.name, *each.gives))
        found = [(self.questions.forgotten(known, names), ways)]
        for each in step.fields:
            if each.kind is Kind.DECISION:
                found = [way for pair in found for way in self.decided(operation, step, number, each, pair)]
            elif each.parameter_class is ParameterClass.CQA and each.limits.action:
                found = [way for pair in found for way in self.judged(each, pair)]
        yield from found

    def judged(self, each: Field, pair: tuple[Known, Ways]) -> Iterator[tuple[Known, Ways]]:
        """Give a quality attribute within its specification, and out of it."""
        known, ways = pair
        for within, part in self.questions.judged(each, known):
            is_out = part.is_out or not within
            yield replace(part, is_out=is_out), ways if within else ways.then(f"“{each.ask}” is out of specification")

    def decided(
        self, operation: Operation, step: Step, number: int, decision: Field, pair: tuple[Known, Ways]
    ) -> Iterator[tuple[Known, Ways]]:
        """Give the ways that can be chosen, one by one, for each thing that may be the case."""
        for known, ways, open_ in self.open_choices(decision, pair):
            choices = [way for way in open_ if not self.is_one_round_too_many(operation, number, decision, way[0])]
            if not choices:
                last = f" in round {number}, the last" if operation.repeat else ""
                self.stop(step, f"no choice of “{decision.ask}” is open{last}", ways)
            for choice, waived in choices:
                if not waived:
                    self.walked.chosen.add((decision.name, choice.name))
                way = ways.then(f"step {step.id}: “{choice.name}”{', waived' if waived else ''}")
                if choice.ends:
                    self.end(f"ended at step {step.id}: {choice.name}", way)
                else:
                    after = self.questions.chosen(decision, choice.name, known)
                    yield replace(after, waived=known.waived or waived), way

    def open_choices(self, decision: Field, pair: tuple[Known, Ways]) -> Iterator[tuple[Known, Ways, tuple[Open, ...]]]:
        """Give each thing that may be the case, with the choices whose needs are met then, or can be waived."""
        cases: list[tuple[Known, Ways, tuple[Open, ...]]] = [(*pair, ())]
        for choice in decision.choices:
            if choice.needs is None:
                cases = [(known, ways, (*met, (choice, False))) for known, ways, met in cases]
                continue
            if self.unrecorded(choice.needs.names, pair[0]):
                continue  # refused as long as what it needs is not recorded
            cases = [
                (part, ways if truth else ways.then(f"{choice.needs.text} is not true"), (*met, *_open(choice, truth)))
                for known, ways, met in cases
                for truth, part in self.questions.truths(choice.needs, known)
            ]
        yield from cases

    def is_one_round_too_many(self, operation: Operation, number: int, decision: Field, choice: Choice) -> bool:
        """Say whether a choice asks for a round that the recipe does not have."""
        repeat = operation.repeat
        if repeat is None or repeat.until != decision.name or choice.ends or choice.name == repeat.choice:
            return False
        return number >= repeat.at_most

    def stop(self, step: Step, why: str, ways: Ways) -> None:
        """Keep a path that cannot go on."""
        self.walked.stuck.append(Stuck(step.id, why, ways.told()))

    def end(self, name: str, ways: Ways) -> None:
        """Count paths that come to an end."""
        before = self.walked.ends.get(name)
        self.walked.ends[name] = Ways(before.paths + ways.paths, before.story) if before else ways

    def pruned(self, known: Known, asked: frozenset[str]) -> Known:
        """Forget what nothing asks for any more."""
        regions = frozenset(pair for pair in known.regions if pair[0] in asked)
        return replace(known, regions=regions, skipped=known.skipped & self.asked_steps)

    @cached_property
    def asked_steps(self) -> frozenset[str]:
        """The steps of which it matters to the end whether they were done."""
        homes = {self.recipe.home[name] for name in self.names_used if name in self.recipe.home}
        gates = {step.id for step in self.recipe.steps.values() if step.milestones or _has_attribute(step)}
        return frozenset(homes | gates)

    @cached_property
    def names_used(self) -> frozenset[str]:
        """The names that anything needs."""
        formulas = (name for step in self.recipe.steps.values() for each in step.fields for name in each.rests_on)
        conditions = (name for operation in self.recipe.operations for name in _conditions(operation))
        return frozenset((*formulas, *conditions))

    @cached_property
    def asked_after(self) -> Mapping[int, frozenset[str]]:
        """What is asked about after each operation."""
        found, asked = {}, frozenset[str]()
        for number in reversed(range(len(self.recipe.operations))):
            found[number] = asked
            asked |= self.asked_in(self.recipe.operations[number])
        return found

    def asked_in(self, operation: Operation) -> frozenset[str]:
        """Return what the conditions and choices of an operation ask about."""
        formulas = [operation.when, *(step.when for step in operation.steps)]
        formulas += [choice.needs for step in operation.steps for each in step.fields for choice in each.choices]
        found = (self.questions.asks_about(formula) for formula in formulas if formula)
        return frozenset().union(*found)


def _conditions(operation: Operation) -> Iterator[str]:
    for when in (operation.when, *(step.when for step in operation.steps)):
        yield from when.names if when else ()


def _open(choice: Choice, truth: object) -> tuple[Open, ...]:
    return ((choice, not truth),) if truth or choice.waived_by else ()


def _has_attribute(step: Step) -> bool:
    return any(each.parameter_class is ParameterClass.CQA for each in step.fields)


def _add(paths: Paths, known: Known, ways: Ways) -> None:
    before = paths.get(known)
    paths[known] = Ways(before.paths + ways.paths, before.story) if before else ways


def _merged(pairs: Iterator[tuple[Known, Ways]]) -> Paths:
    paths: Paths = {}
    for known, ways in pairs:
        _add(paths, known, ways)
    return paths
