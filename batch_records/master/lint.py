"""What a recipe that reads well can still have wrong: names used before they are recorded, steps nobody reaches.

Each check looks at the whole recipe and gives problems with the line of the step they stand in. A recipe is approved
only when there are none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from batch_records.master.recipe import Field, Kind, Milestone, Occasion, ParameterClass, Recipe, Stage, Step
from batch_records.master.text import Problem
from batch_records.values.expression import Type
from batch_records.values.formula import Formula

_BUILT_IN = ("coi", "batch")


@dataclass(frozen=True)
class Linted:
    """A recipe with what the checks need to know of it."""

    recipe: Recipe

    @cached_property
    def before(self) -> Mapping[str, frozenset[str]]:
        """The steps that are over, or do not apply, when each step starts."""
        found: dict[str, frozenset[str]] = {}
        ended: dict[str, frozenset[str]] = {}
        for operation in self.recipe.operations:
            first = frozenset[str]().union(*(ended.get(other, frozenset()) for other in operation.after))
            for step in operation.steps:
                direct = [other for other in step.after if other in found]
                found[step.id] = first.union(direct, *(found[other] for other in direct))
            ended[operation.id] = first.union(
                (step.id for step in operation.steps), *(found[step.id] for step in operation.steps)
            )
        return found

    def is_known(self, name: str, step: Step, above: Field | None = None) -> bool:
        """Say whether a name is recorded when a step starts, or in the step above a field of it."""
        recipe = self.recipe
        if name in recipe.parameters or name in _BUILT_IN or any(fact.name == name for fact in recipe.facts):
            return True
        home = recipe.home.get(name)
        if home == step.id and above:
            earlier = step.fields[: step.fields.index(above)]
            return any(name == field.name or name in field.gives for field in earlier)
        return home in self.before[step.id]

    def conditions(self, step: Step) -> frozenset[str]:
        """The texts of the conditions that a step is done under."""
        return frozenset(when.text for when in (step.when, self.recipe.operation_of[step.id].when) if when)

    def formulas(self, step: Step) -> list[Formula]:
        """The formulas of a step: what it computes, what its choices need, when it applies."""
        conditions = filter(None, (step.when, self.recipe.operation_of[step.id].when))
        return [formula for field in step.fields for formula in field.formulas] + list(conditions)

    def origins(self, names: Iterable[str]) -> frozenset[str]:
        """The names given, and all that these are computed from."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self._computed_from.get(name, ())
        return frozenset(found)

    @cached_property
    def _computed_from(self) -> Mapping[str, tuple[str, ...]]:
        return {field.name: field.formula.names for field in self.recipe.all_fields() if field.formula}

    @cached_property
    def first(self) -> Step:
        """The first step, to show what stands in none."""
        return next(iter(self.recipe.steps.values()))


Check = Callable[[Linted], Iterable[tuple[Step, str]]]
CHECKS: list[Check] = []


def lint(recipe: Recipe) -> list[Problem]:
    """Return every problem found, in the order of their lines."""
    linted = Linted(recipe)
    found = {Problem(step.line, 1, message) for check in CHECKS for step, message in check(linted)}
    return sorted(found, key=lambda problem: (problem.line, problem.message))


def _check(check: Check) -> Check:
    CHECKS.append(check)
    return check


@_check
def numbers_are_given_once(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A step's number is its name in the record."""
    steps = [step for operation in linted.recipe.operations for step in operation.steps]
    counted = Counter(step.id for step in steps)
    yield from ((step, f"two steps are numbered {step.id}") for step in steps if counted[step.id] > 1)
    operations = Counter(operation.id for operation in linted.recipe.operations)
    for operation in linted.recipe.operations:
        if operations[operation.id] > 1:
            yield operation.steps[0], f"two operations are numbered {operation.id}"


@_check
def predecessors_stand_above(linted: Linted) -> Iterator[tuple[Step, str]]:
    """What a step waits for is written above it, so there is no circle and no dead end."""
    steps: set[str] = set()
    operations: set[str] = set()
    for operation in linted.recipe.operations:
        for other in operation.after:
            if other not in operations:
                yield operation.steps[0], f"operation {operation.id} waits for operation {other}, which is not above it"
        for step in operation.steps:
            yield from (
                (step, f"step {step.id} waits for step {other}, which is not above it")
                for other in step.after
                if other not in steps
            )
            steps.add(step.id)
        operations.add(operation.id)


@_check
def values_are_recorded_before_use(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A formula, a limit or a condition names only what is recorded by then, in whatever order the steps were done."""
    for step in linted.recipe.steps.values():
        for field in step.fields:
            for name in field.names_used:
                if not linted.is_known(name, step, field):
                    yield step, f"“{field.name}” uses “{name}”, which is not recorded before step {step.id}"
        for condition in (step.when, linted.recipe.operation_of[step.id].when):
            for name in condition.names if condition else ():
                if not linted.is_known(name, step):
                    yield step, f"the condition of step {step.id} uses “{name}”, which is not recorded before it"


@_check
def values_are_there_whenever_used(linted: Linted) -> Iterator[tuple[Step, str]]:
    """What is recorded under a condition is used under the same condition, or a batch could come to a dead end."""
    recipe = linted.recipe
    for step in recipe.steps.values():
        fields = [name for field in step.fields for name in field.rests_on]
        for name in dict.fromkeys([*fields, *(step.when.names if step.when else ())]):
            home = recipe.steps.get(recipe.home.get(name, ""))
            if home and not linted.conditions(home) <= linted.conditions(step):
                yield step, f"step {step.id} uses “{name}”, and step {home.id} records it under a condition only"


@_check
def comparisons_can_be_true(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A choice is compared with one of its options: a word misspelt would quietly never be true."""
    options = {field.name: field.options for field in linted.recipe.all_fields()}
    for step in linted.recipe.steps.values():
        for name, text in (pair for formula in linted.formulas(step) for pair in formula.compared):
            if options.get(name) and text not in options[name]:
                yield step, f"“{name}” is compared with “{text}”, which is none of its options"


@_check
def facts_are_judged_when_given(linted: Linted) -> Iterator[tuple[Step, str]]:
    """The limits of a fact name only parameters and facts above it: nothing else is known at the start."""
    known = set(linted.recipe.parameters)
    for field in linted.recipe.facts:
        for name in field.names_used:
            if name not in known:
                yield linted.first, f"the fact “{field.name}” uses “{name}”, which is not known when a batch starts"
        known.add(field.name)


@_check
def scans_have_something_to_match(linted: Linted) -> Iterator[tuple[Step, str]]:
    """An identity is compared with a text that is known by then."""
    for step in linted.recipe.steps.values():
        for field in step.fields:
            if field.kind is Kind.IDENTITY and linted.recipe.types.get(field.matches) != "text":
                yield step, f"“{field.name}” is matched with “{field.matches}”, which names no text"
            elif field.kind is Kind.IDENTITY and not linted.is_known(field.matches, step, field):
                yield step, f"“{field.name}” is matched with “{field.matches}”, which is not recorded before it"


@_check
def instruments_are_assigned(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A value is measured by equipment that a step before has scanned."""
    used = {
        (step.id, field.equipment_class)
        for step in linted.recipe.steps.values()
        for field in step.fields
        if field.kind is Kind.EQUIPMENT
    }
    for step in linted.recipe.steps.values():
        for field in step.fields:
            assigned = any((other, field.instrument) in used for other in linted.before[step.id])
            if field.kind is Kind.READING and not assigned:
                yield step, f"“{field.name}” comes from a {field.instrument}, and no step before uses one"


@_check
def samples_are_taken(linted: Linted) -> Iterator[tuple[Step, str]]:
    """What is measured in a sample names the sample, and the sample is taken before."""
    for step in linted.recipe.steps.values():
        for field in step.fields:
            if not field.sample:
                continue
            home = linted.recipe.fields.get(field.sample)
            if home is None or home[1].kind is not Kind.SAMPLE:
                yield step, f"“{field.name}” is measured in “{field.sample}”, which is no sample"
            elif not linted.is_known(field.sample, step, field):
                yield step, f"“{field.name}” is measured in “{field.sample}”, which is not taken before"


@_check
def labels_are_printed(linted: Linted) -> Iterator[tuple[Step, str]]:
    """What accounts for labels names labels that are printed before; their symbol carries what it can hold."""
    for step in linted.recipe.steps.values():
        for field in step.fields:
            home = linted.recipe.fields.get(field.labels)
            if field.labels and (home is None or home[1].kind is not Kind.LABELS):
                yield step, f"“{field.name}” accounts for “{field.labels}”, which are no labels"
            elif field.labels and not linted.is_known(field.labels, step, field):
                yield step, f"“{field.name}” accounts for “{field.labels}”, which are not printed before"
            kinds = {each.name: each.kind for each in linted.recipe.all_fields()}
            for name in field.carries:
                if kinds.get(name) not in (Kind.DONATION, Kind.PRODUCT, Kind.TIME):
                    yield step, f"the symbol cannot hold “{name}”: a donation number, a product code or a time"


@_check
def repetitions_end(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A repeated operation has a decision of its own that ends it, and another way to go on."""
    for operation in linted.recipe.operations:
        if not operation.repeat:
            continue
        found = linted.recipe.fields.get(operation.repeat.until)
        first = operation.steps[0]
        if found is None or found[0] not in operation.steps or found[1].kind is not Kind.DECISION:
            yield first, f"operation {operation.id} repeats until “{operation.repeat.until}”, no decision of its own"
        elif operation.repeat.choice not in found[1].options:
            yield first, f"“{operation.repeat.choice}” is no choice of “{operation.repeat.until}”"
        elif all(choice.ends or choice.name == operation.repeat.choice for choice in found[1].choices):
            yield first, f"“{operation.repeat.until}” has no choice that goes on to another round"
        elif found[0].when:
            yield first, f"“{operation.repeat.until}” ends the repetition, so its step has no condition"


@_check
def clocks_have_edges(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A hold time has a name of its own and runs between steps that exist, from an earlier to a later one."""
    steps, first = linted.recipe.steps, linted.first
    names = Counter(hold_time.name for hold_time in linted.recipe.hold_times)
    yield from ((first, f"two hold times are named “{name}”") for name, count in names.items() if count > 1)
    if linted.recipe.day_zero and linted.recipe.day_zero.step not in steps:
        yield first, f"“day zero” names step {linted.recipe.day_zero.step}, which does not exist"
    for hold_time in linted.recipe.hold_times:
        start, stop = steps.get(hold_time.start.step), steps.get(hold_time.stop.step)
        if start is None or stop is None:
            missing = hold_time.start.step if start is None else hold_time.stop.step
            yield stop or start or first, f"hold time “{hold_time.name}” names step {missing}, which does not exist"
        elif stop is not start and start.id not in linted.before[stop.id]:
            yield stop, f"hold time “{hold_time.name}” stops at step {stop.id}, which may come before step {start.id}"
        if hold_time.start.value and linted.recipe.fields[hold_time.start.value][1].kind is not Kind.TIME:
            yield start or first, f"hold time “{hold_time.name}” starts at “{hold_time.start.value}”, which is no time"
        if hold_time.least and hold_time.most and hold_time.least.base > hold_time.most.base:
            yield stop or first, f"hold time “{hold_time.name}” lasts at least longer than at most"
        if not (hold_time.least or hold_time.most):
            yield stop or first, f"hold time “{hold_time.name}” has neither “at least:” nor “at most:”"


@_check
def identity_is_checked(linted: Linted) -> Iterator[tuple[Step, str]]:
    """No material is added before an identity was checked."""
    checks = {step.id for step in linted.recipe.steps.values() for field in step.fields if field.kind is Kind.IDENTITY}
    for step in linted.recipe.steps.values():
        adds = any(field.kind is Kind.LOT for field in step.fields)
        if adds and not checks.intersection(linted.before[step.id]):
            yield step, f"step {step.id} adds a material, and no identity is checked before"


@_check
def critical_values_have_limits(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A critical parameter or attribute is judged, or it is not critical."""
    for step in linted.recipe.steps.values():
        for field in step.fields:
            critical = field.parameter_class in (ParameterClass.CPP, ParameterClass.CQA)
            if critical and field.kind is not Kind.IDENTITY and not (field.limits.action or field.choices):
                yield step, f"“{field.name}” is critical and has no “limit:”"


@_check
def titres_are_bound_to_their_method(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A titre counts by the method that found it: by another the same vector reads over fifty times apart."""
    for step in linted.recipe.steps.values():
        for field in step.fields:
            titres = [name for name, given in field.gives.items() if _is_titre(given.type)]
            if titres and not any(given.must_be for given in field.gives.values()):
                yield step, f"“{field.name}” gives “{titres[0]}”, and no method that “must be” the one it was found by"


def _is_titre(type_: Type) -> bool:
    return not isinstance(type_, str) and ("transducing unit", 1) in type_


@_check
def endotoxin_is_judged_by_the_patient(linted: Linted) -> Iterator[tuple[Step, str]]:
    """What is too much endotoxin in a millilitre hangs on the weight (USP <85>): a fixed limit is none for a child."""
    in_volume, weight = (("endotoxin unit", 1), ("volume", -1)), (("mass", 1),)
    for step in linted.recipe.steps.values():
        for field in step.fields:
            gates = field.parameter_class is ParameterClass.CQA and field.type == in_volume
            if gates and not any(
                linted.recipe.types.get(name) == weight for name in linted.origins(field.limits.names)
            ):
                yield step, f"the limit of “{field.name}” does not rest on the patient's weight"


@_check
def doses_are_judged(linted: Linted) -> Iterator[tuple[Step, str]]:
    """An assigned dose is there to hold what is in the bag against: some critical limit names it."""
    fields = [field for step in linted.recipe.steps.values() for field in step.fields if field.parameter_class]
    for fact in linted.recipe.facts:
        if fact.kind is Kind.DOSE and not any(fact.name in field.limits.names for field in fields):
            yield linted.first, f"no critical limit names “{fact.name}”: a dose that is not it would not be found"


@_check
def release_rests_on_something(linted: Linted) -> Iterator[tuple[Step, str]]:
    """Some quality attribute gates the first stage of release."""
    gates = [
        field
        for step in linted.recipe.steps.values()
        for field in step.fields
        if field.parameter_class is ParameterClass.CQA and step.stage is Stage.CONDITIONAL
    ]
    if not gates:
        yield linted.first, "no critical quality attribute gates the release"


@_check
def results_name_their_method(linted: Linted) -> Iterator[tuple[Step, str]]:
    """A laboratory's result says by which method it was found (21 CFR 211.194(a)(2))."""
    for step in linted.recipe.steps.values():
        if any(field.kind is Kind.RESULT and not field.method for field in step.fields):
            yield step, f"step {step.id} reports results and names no method"


@_check
def a_supply_is_told(linted: Linted) -> Iterator[tuple[Step, str]]:
    """Who may supply a product out of specification tells somebody at once (EU GMP Part IV, 11.54)."""
    told = any(each.of is Occasion.SUPPLY for each in linted.recipe.notifications)
    if linted.recipe.supply and not told:
        yield linted.first, f"“out of specification” needs a notification of “{Occasion.SUPPLY.value}”: to the sponsor"


_BLASTS = frozenset((Milestone.BLOOD, Milestone.BAG, Milestone.CULTURE, Milestone.PRODUCT))


@_check
def blasts_are_looked_for_knowingly(linted: Linted) -> Iterator[tuple[Step, str]]:
    """Who looks for blasts says of what, by which phenotype, how few are found; in blood, how long it counts."""
    for step in linted.recipe.steps.values():
        for milestone in _BLASTS.intersection(step.milestones):
            if step.gate is None:
                yield step, f"step {step.id} looks for {milestone.value}, and has no “gate:” with its metric"
            elif milestone is Milestone.BLOOD and step.gate.valid_for is None:
                yield step, f"step {step.id} looks for {milestone.value}, and says not how long a result counts"


@_check
def waivers_are_of_two(linted: Linted) -> Iterator[tuple[Step, str]]:
    """What a gate asks for is waived by two people at least, and only where it asks for something."""
    for step, field in linted.recipe.fields.values():
        for choice in field.choices:
            if choice.waived_by and len(choice.waived_by) < 2:
                yield step, f"“{choice.name}” is waived by one person: name two roles"
            if choice.waived_by and choice.needs is None:
                yield step, f"“{choice.name}” needs nothing that could be waived"
