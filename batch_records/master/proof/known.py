"""What is known of a batch's values on one path: no number, but on which side of each bound it lies.

A recipe asks of a value only what its conditions, its choices and its specification ask: is it above 5 %, is it
“detected”. So the values of a name fall into few *regions*: the numbers between two bounds, each bound itself, each
option of a choice. A path knows for each name the regions that are still possible; asking a comparison splits it in
those where it holds and those where it does not. A comparison between two recorded values is a region of its own: it
holds or not, whatever the numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from batch_records.master.recipe import Field, Recipe
from batch_records.values.expression import Constants, Missing, Node, Result, Uncomputable
from batch_records.values.formula import Formula
from batch_records.values.limit import Limit

Regions = frozenset[int]
_HOLDS, _FAILS = frozenset({1}), frozenset({0})
_EITHER = _HOLDS | _FAILS


@dataclass(frozen=True)
class Question:
    """A comparison that a recipe asks: of which name, or of itself, and in which regions it holds."""

    about: str
    text: str
    holds: Regions
    all: Regions
    names: frozenset[str]


@dataclass(frozen=True)
class Known:
    """What one path knows. ``skipped`` are the steps that did not apply; ``is_out``: some quality attribute is.

    ``waived``: some choice was made against what it needs, by a waiver.
    """

    regions: frozenset[tuple[str, Regions]] = frozenset()
    skipped: frozenset[str] = frozenset()
    is_out: bool = False
    waived: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, Regions]:
        """The possible regions by name; a name without an entry may lie anywhere."""
        return dict(self.regions)

    def within(self, about: str, regions: Regions, everywhere: Regions) -> Known | None:
        """Return the part of this path where a name lies within some regions; None where there is none."""
        before = self.by_name.get(about, everywhere)
        after = before & regions
        if not after:
            return None
        if after == before:
            return self
        others = frozenset(pair for pair in self.regions if pair[0] != about)
        return replace(self, regions=others | {(about, after)})

    def without(self, names: frozenset[str]) -> Known:
        """Forget what was known of names."""
        kept = frozenset(pair for pair in self.regions if pair[0] not in names)
        return self if kept == self.regions else replace(self, regions=kept)


class Questions:
    """Everything that one recipe asks of its values."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._constants = Constants({name: quantity.base for name, quantity in recipe.parameters.items()})
        self._fields = {field.name: field for field in recipe.all_fields()}
        self._bounds: dict[str, list[Fraction]] = {}
        for node in self._comparisons():
            if (bound := self._bound_of(node)) and not isinstance(bound[1], str | bool):
                self._bounds.setdefault(bound[0], []).append(bound[1])
        for field in recipe.all_fields():
            limit = field.limits.action
            for value in filter(None, (limit.low, limit.high)) if limit and field.name in self._bounds else ():
                if isinstance(number := self._constant(value.node), Fraction):
                    self._bounds[field.name].append(number)
        self._bounds = {name: sorted(set(bounds)) for name, bounds in self._bounds.items()}

    def truths(self, formula: Formula, known: Known) -> Iterator[tuple[bool, Known]]:
        """Give both answers to a condition, each with the part of a path where it is the answer."""
        yield from self._truths(formula.node, formula, known)

    def _truths(self, node: Node, formula: Formula, known: Known) -> Iterator[tuple[bool, Known]]:
        if node.sign == "not":
            for truth, part in self._truths(node.parts[0], formula, known):
                yield not truth, part
        elif node.sign in ("and", "or"):
            join = all if node.sign == "and" else any
            for left, part in self._truths(node.parts[0], formula, known):
                for right, rest in self._truths(node.parts[1], formula, part):
                    yield join((left, right)), rest
        elif (constant := self._constant(node)) is not None:
            yield bool(constant), known
        else:
            question = self._question(node, formula)
            yield from _parted(known, question.about, question.holds, question.all)

    def judged(self, field: Field, known: Known) -> Iterator[tuple[bool, Known]]:
        """Give whether a value lies within its action limit, each with the part of a path where it does."""
        limit = field.limits.action
        if limit is None:
            yield True, known
            return
        accepted, everywhere = self._accepted(field, limit)
        if accepted is None:
            yield from ((True, known), (False, known))
            return
        yield from _parted(known, field.name, accepted, everywhere)

    def at_start(self) -> Known:
        """Return what is known of the facts: a batch is not started with one outside its limit."""
        known = Known()
        for field in self.recipe.facts:
            accepted, everywhere = (
                self._accepted(field, field.limits.action) if field.limits.action else (None, _EITHER)
            )
            if accepted is not None:
                known = known.within(field.name, accepted, everywhere) or known
        return known

    def chosen(self, field: Field, option: str, known: Known) -> Known:
        """Return a path on which a choice was made."""
        return known.within(field.name, frozenset({field.options.index(option)}), self._options(field)) or known

    def forgotten(self, known: Known, names: frozenset[str]) -> Known:
        """Return a path on which names are recorded anew: what was known of them, or by comparing them, is past."""
        compared = frozenset(about for about, of in self._compared.items() if of & names)
        return known.without(names | compared)

    def asks_about(self, formula: Formula) -> frozenset[str]:
        """Return what a formula asks about: names, and comparisons between names."""
        found = set(formula.names)
        for node in _leaves(formula.node):
            found.add(self._question(node, formula).about)
        return frozenset(found)

    @cached_property
    def _compared(self) -> dict[str, frozenset[str]]:
        found = {}
        for formula in self._formulas():
            for node in _leaves(formula.node):
                question = self._question(node, formula)
                if question.about == question.text:
                    found[question.about] = question.names
        return found

    def _formulas(self) -> Iterator[Formula]:
        for operation in self.recipe.operations:
            if operation.when:
                yield operation.when
            for step in operation.steps:
                if step.when:
                    yield step.when
                for field in step.fields:
                    yield from (choice.needs for choice in field.choices if choice.needs)

    def _comparisons(self) -> Iterator[Node]:
        for formula in self._formulas():
            yield from _leaves(formula.node)

    def _constant(self, node: Node) -> Result | None:
        try:
            return node.compute(self._constants)
        except (Missing, Uncomputable):
            return None

    def _bound_of(self, node: Node) -> tuple[str, Result, str] | None:
        """Return which name a comparison compares with which constant, and by which sign, the name on the left."""
        if len(node.parts) != 2:
            return None
        left, right = node.parts
        mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        for named, other, sign in ((left, right, node.sign), (right, left, mirrored.get(node.sign, node.sign))):
            bound = other.literal if other.literal is not None else self._constant(other)
            if named.name in self._fields and bound is not None:
                return named.name, bound, sign
        return None

    def _question(self, node: Node, formula: Formula) -> Question:
        found = self._bound_of(node)
        field = self._fields[found[0]] if found else None
        if found is None or field is None or (isinstance(found[1], str) and not field.options):
            # Which names it compares, a comparison does not say; all that its formula names is on the safe side.
            text = node.text or formula.text
            return Question(text, text, _HOLDS, _EITHER, frozenset(formula.names))
        name, bound, sign = found
        if isinstance(bound, str):
            same = frozenset(index for index, option in enumerate(field.options) if option == bound)
            everywhere = self._options(field)
            holds = same if sign == "=" else everywhere - same
        else:
            everywhere = self._numbers(name)
            holds = self._side(name, sign, Fraction(bound))
        return Question(name, node.text, holds, everywhere, frozenset({name}))

    def _options(self, field: Field) -> Regions:
        return frozenset(range(len(field.options)))

    def _numbers(self, name: str) -> Regions:
        return frozenset(range(2 * len(self._bounds[name]) + 1))

    def _side(self, name: str, sign: str, bound: Fraction) -> Regions:
        at = 2 * bisect_left(self._bounds[name], bound) + 1
        sides = {
            "<": lambda region: region < at,
            "<=": lambda region: region <= at,
            ">": lambda region: region > at,
            ">=": lambda region: region >= at,
            "=": lambda region: region == at,
            "!=": lambda region: region != at,
        }
        return frozenset(filter(sides[sign], self._numbers(name)))

    def _accepted(self, field: Field, limit: Limit) -> tuple[Regions | None, Regions]:
        """Return the regions of a field that its limit accepts, and all it has; None where regions do not tell."""
        if limit.accepted:
            accepted = frozenset(index for index, option in enumerate(field.options) if option in limit.accepted)
            return accepted, self._options(field)
        if field.name not in self._bounds:
            return None, _EITHER
        accepted = everywhere = self._numbers(field.name)
        for bound, sign in ((limit.low, ">"), (limit.high, "<")):
            number = self._constant(bound.node) if bound else None
            if bound and not isinstance(number, Fraction):
                return None, everywhere
            if isinstance(number, Fraction):
                accepted &= self._side(field.name, sign if limit.strict else f"{sign}=", number)
        return accepted, everywhere


def _parted(known: Known, about: str, holds: Regions, everywhere: Regions) -> Iterator[tuple[bool, Known]]:
    """Part a path in where something lies within some regions and where it does not."""
    for truth, side in ((True, holds), (False, everywhere - holds)):
        part = known.within(about, side, everywhere)
        if part is not None:
            yield truth, part


def _leaves(node: Node) -> Iterator[Node]:
    """Give the comparisons that a truth is made of."""
    if node.sign in ("and", "or", "not"):
        for part in node.parts:
            yield from _leaves(part)
    else:
        yield node
