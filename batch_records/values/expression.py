"""What a formula is made of: typed parts, computed exactly, and the functions that formulas may call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from difflib import get_close_matches
from fractions import Fraction
from math import isqrt
from typing import Literal, Protocol

from batch_records.values.dose import DoseError, DoseRule
from batch_records.values.unit import Dimensions, describe, multiply

Result = Fraction | str | bool
Type = Dimensions | Literal["text", "truth", "dose", "unread"]  # unread: its own place in the recipe has a mistake

_PRECISE = Context(prec=40)
_MOST_BITS = 10_000  # a power of a power of a power would fill the memory before it is refused


class FormulaError(ValueError):
    """A formula that cannot be read or does not fit its units. ``column`` counts from 0."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


class Unread(FormulaError):  # noqa: N818 - reads as what happened
    """A formula names a value whose own place could not be read: the mistake is there, not here."""


class Missing(LookupError):  # noqa: N818 - not an error: the value has not been recorded yet
    """A value that the formula needs is not recorded yet. ``name`` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not recorded yet")
        self.name = name


class Uncomputable(ArithmeticError):  # noqa: N818 - reads as the sentence it is
    """The values recorded give no number: a division by zero, the logarithm of nothing."""


class Values(Protocol):
    """What a formula asks of the record: the values of a name, oldest first, and when each was recorded."""

    def series(self, name: str) -> Sequence[Result]:
        """Return every recorded value of a name, in base units, oldest round first."""

    def times(self, name: str) -> Sequence[Fraction]:
        """Return when each was recorded, in seconds since the epoch."""


@dataclass(frozen=True)
class Constants:
    """Plain values by name, for tests, examples and recipe parameters."""

    by_name: Mapping[str, Result]

    def series(self, name: str) -> Sequence[Result]:
        """Return the one value, or none."""
        return (self.by_name[name],) if name in self.by_name else ()

    def times(self, name: str) -> Sequence[Fraction]:  # noqa: ARG002 - a constant has no time
        """Return nothing: a constant has no time."""
        return ()


@dataclass(frozen=True)
class Node:
    """One part of a formula: where it stands, its type, and how it is computed.

    ``name`` is set where it is a value's name alone, ``literal`` where it is a text in quotes. A truth says what it is
    made of: ``sign`` is ``and``, ``or``, ``not`` or a comparison's, ``parts`` stand on its sides, and ``text`` is how a
    comparison is written.
    """

    column: int
    type: Type
    compute: Callable[[Values], Result]
    name: str = ""
    literal: str | None = None
    sign: str = ""
    parts: tuple[Node, ...] = ()
    text: str = ""


def in_words(type_: Type) -> str:
    """Say a type in a sentence."""
    words = {"text": "a text", "truth": "a yes or no", "dose": "the rule of a dose", "unread": "a value with a mistake"}
    return words[type_] if isinstance(type_, str) else describe(type_)


def number(node: Node) -> Dimensions:
    """Return the dimensions of a part that must be a number."""
    if isinstance(node.type, str):
        raise FormulaError(f"expected a number here, and this is {in_words(node.type)}", node.column)
    return node.type


def need(node: Node, type_: Type) -> Node:
    """Return a part that must be of a type."""
    if node.type != type_:
        raise FormulaError(f"expected {in_words(type_)} here, and this is {in_words(node.type)}", node.column)
    return node


def same(left: Node, right: Node) -> None:
    """Refuse two parts of different types beside each other."""
    if left.type != right.type:
        raise FormulaError(f"{in_words(left.type)} cannot stand beside {in_words(right.type)}", right.column)


def value_of(node: Node, values: Values) -> Fraction:
    """Compute a part that was checked to be a number."""
    value = node.compute(values)
    if isinstance(value, str):  # ruled out when the formula was read
        raise TypeError(f"{value!r} where a number was checked to be")
    return Fraction(value)


def logical(left: Node, right: Node, join: Callable[[tuple[bool, ...]], bool]) -> Node:
    """Join two truths by ``all`` or ``any``."""
    need(left, "truth")
    need(right, "truth")

    def compute(values: Values) -> bool:
        # Both sides are computed: a condition that was never evaluated on its right has not been evaluated.
        return join((bool(left.compute(values)), bool(right.compute(values))))

    return Node(left.column, "truth", compute, sign="and" if join is all else "or", parts=(left, right))


def add(left: Node, right: Node, combine: Callable[[Fraction, Fraction], Fraction]) -> Node:
    """Add or subtract two numbers of the same dimensions."""
    number(left)
    number(right)
    same(left, right)
    return Node(left.column, left.type, lambda values: combine(value_of(left, values), value_of(right, values)))


def times(left: Node, right: Node, direction: int) -> Node:
    """Multiply two numbers, or divide them with ``direction=-1``."""
    dimensions = multiply(number(left), number(right), direction)

    def compute(values: Values) -> Fraction:
        below = value_of(right, values)
        if direction == 1:
            return value_of(left, values) * below
        if not below:
            raise Uncomputable("division by zero")
        return value_of(left, values) / below

    return Node(left.column, dimensions, compute)


def power(base: Node, exponent: int) -> Node:
    """Raise a number to a whole power."""
    dimensions = number(base)
    for _ in range(exponent - 1):
        dimensions = multiply(dimensions, number(base))

    def compute(values: Values) -> Fraction:
        value = value_of(base, values)
        if exponent * max(value.numerator.bit_length(), value.denominator.bit_length()) > _MOST_BITS:
            raise Uncomputable("the number is too large to be true")
        return value**exponent

    return Node(base.column, dimensions, compute)


def call(column: int, function: str, arguments: list[Node]) -> Node:
    """Call a function of numbers."""
    if function in ("min", "max"):
        for other in arguments[1:]:
            same(arguments[0], other)
        pick = min if function == "min" else max
        return Node(column, number(arguments[0]), lambda values: pick(value_of(node, values) for node in arguments))
    if function in OF_DOSES:
        return _of_dose(column, function, arguments)
    if function not in FUNCTIONS:
        near = get_close_matches(function, [*FUNCTIONS, *SERIES, *OF_DOSES, "min", "max"], 1)
        raise FormulaError(
            f"no function is named “{function}”" + (f"; did you mean “{near[0]}”?" if near else ""), column
        )
    if len(arguments) != 1:
        raise FormulaError(f"{function} takes one value", column)
    (inner,) = arguments
    result: Dimensions = ()
    if function == "abs":
        result = number(inner)
    elif number(inner):
        raise FormulaError(f"{function} takes a plain number, and this is {in_words(inner.type)}", inner.column)
    elif function == "log2":
        result = (("doubling", 1),)  # the only logarithm to 2 in this field counts population doublings
    compute = FUNCTIONS[function]
    return Node(column, result, lambda values: compute(value_of(inner, values)))


def _of_dose(column: int, function: str, arguments: list[Node]) -> Node:
    """Ask the rule of a dose: how many cells for a weight, or how far from that is still the dose."""
    if len(arguments) != OF_DOSES[function]:
        takes = "a dose and a weight: dose(assigned_dose, weight)" if function == "dose" else "a dose"
        raise FormulaError(f"{function} takes {takes}", column)
    rule = need(arguments[0], "dose")
    if function == "tolerance":
        return Node(column, (), lambda values: _rule(rule, values).tolerance.base)
    weight = need(arguments[1], (("mass", 1),))
    return Node(column, (("cell", 1),), lambda values: _rule(rule, values).cells(value_of(weight, values)))


def _rule(node: Node, values: Values) -> DoseRule:
    try:
        return DoseRule.parse(str(node.compute(values)))
    except DoseError as error:
        raise Uncomputable(str(error)) from None


def _decimal(number: Fraction) -> Decimal:
    return _PRECISE.divide(Decimal(number.numerator), Decimal(number.denominator))


def _logarithm(number: Fraction) -> Fraction:
    if number <= 0:
        raise Uncomputable("the logarithm of a number that is not above zero")
    return Fraction(_PRECISE.ln(_decimal(number)))


def _exponential(number: Fraction) -> Fraction:
    if abs(number) > 100:
        raise Uncomputable("the exponent is too large")
    return Fraction(_PRECISE.exp(_decimal(number)))


def _doublings(number: Fraction) -> Fraction:
    result = _logarithm(number) / _logarithm(Fraction(2))
    whole = round(result)
    return Fraction(whole) if Fraction(2) ** whole == number else result  # log2(8) is 3, not nearly 3 and rounded down


def _root(number: Fraction) -> Fraction:
    if number < 0:
        raise Uncomputable("the square root of a number below zero")
    exact = Fraction(isqrt(number.numerator), isqrt(number.denominator))
    return exact if exact**2 == number else Fraction(_PRECISE.sqrt(_decimal(number)))


FUNCTIONS: dict[str, Callable[[Fraction], Fraction]] = {
    "abs": abs,
    "ln": _logarithm,
    "log2": _doublings,
    "exp": _exponential,
    "sqrt": _root,
}


OF_DOSES = {"dose": 2, "tolerance": 1}  # how many values each takes


def _recorded(values: Values, name: str, least: int = 1) -> Sequence[Result]:
    series = values.series(name)
    if len(series) < least:
        raise Missing(name)
    return series


def _numbers(values: Values, name: str) -> list[Fraction]:
    return [Fraction(value) for value in _recorded(values, name) if not isinstance(value, str)]


def _numeric(column: int, name: str, type_: Type) -> Type:
    if isinstance(type_, str):
        raise FormulaError(f"“{name}” is {in_words(type_)}, and a number is asked for", column)
    return type_


_TIME: Dimensions = (("time", 1),)
SERIES: dict[str, Callable[[int, str, Type], Node]] = {
    "first": lambda column, name, type_: Node(column, type_, lambda values: _recorded(values, name)[0]),
    "previous": lambda column, name, type_: Node(column, type_, lambda values: _recorded(values, name, 2)[-2]),
    "count": lambda column, name, _: Node(column, (), lambda values: Fraction(len(values.series(name)))),
    "total": lambda column, name, type_: Node(
        column, _numeric(column, name, type_), lambda values: sum(_numbers(values, name), Fraction(0))
    ),
    "mean": lambda column, name, type_: Node(
        column, _numeric(column, name, type_), lambda values: _mean(_numbers(values, name))
    ),
    "time": lambda column, name, _: Node(column, _TIME, lambda values: _time(values, name, -1)),
    "previous_time": lambda column, name, _: Node(column, _TIME, lambda values: _time(values, name, -2)),
}


def _mean(numbers: list[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0)) / len(numbers)


def _time(values: Values, name: str, index: int) -> Fraction:
    times = values.times(name)
    if len(times) < -index:
        raise Missing(name)
    return times[index]
