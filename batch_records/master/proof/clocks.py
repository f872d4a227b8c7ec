"""Whether the clocks of a recipe can all be kept: no work is asked to last longer than a clock around it allows.

Each step has a start and an end, and the recipe says between which of them at least, and at most, how much time
passes. These are difference constraints; they can be met together exactly when no circle among them is negative
(Bellman and Ford). Work itself takes no time here: how long people need, nobody proves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from batch_records.master.recipe import Edge, Recipe, Step

Point = tuple[str, bool]  # a step, and whether its start


@dataclass(frozen=True)
class Constraint:
    """From ``before`` to ``after`` passes at most so much time, in seconds; ``name`` is the clock that says so."""

    before: Point
    after: Point
    most: Fraction
    name: str = ""


def impossible(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of clocks that cannot all be kept, in the order met; empty where all can."""
    constraints = tuple(_constraints(recipe))
    distance: dict[Point, Fraction] = {}
    came_by: dict[Point, Constraint] = {}
    changed: Point | None = None
    for _ in range(2 * len(recipe.steps) + 1):
        changed = None
        for each in constraints:
            reached = distance.get(each.before, Fraction(0)) + each.most
            if reached < distance.get(each.after, Fraction(0)):
                distance[each.after], came_by[each.after], changed = reached, each, each.after
        if changed is None:
            return ()
    return _names(_circle(changed, came_by)) if changed else ()


def _constraints(recipe: Recipe) -> Iterator[Constraint]:
    for step in recipe.steps.values():
        yield Constraint((step.id, False), (step.id, True), Fraction(0))
        for before in _before(recipe, step):
            yield Constraint((step.id, True), (before, False), Fraction(0))
    for clock in recipe.hold_times:
        if clock.start.value:
            continue  # it starts when the value says, which is before anything here
        start, stop = _point(clock.start), _point(clock.stop)
        if clock.most:
            yield Constraint(start, stop, clock.most.base, clock.name)
        if clock.least:
            yield Constraint(stop, start, -clock.least.base, clock.name)


def _before(recipe: Recipe, step: Step) -> Iterator[str]:
    """Give the steps that end before a step starts, on every path that does both."""
    yield from step.after
    for other in recipe.operation_of[step.id].after:
        yield from (each.id for each in recipe.operations_by_id[other].steps if each.when is None)


def _point(edge: Edge) -> Point:
    return edge.step, edge.is_start


def _circle(point: Point, came_by: dict[Point, Constraint]) -> Iterator[Constraint]:
    for _ in came_by:  # so many steps back, one is surely on the circle
        point = came_by[point].before
    first = point
    while True:
        yield came_by[point]
        point = came_by[point].before
        if point == first:
            return


def _names(circle: Iterator[Constraint]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.name for each in reversed(list(circle)) if each.name))
