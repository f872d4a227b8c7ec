"""Limits, and the verdict on a value: limits judge, they never refuse.

A limit is a short text in a recipe, over numbers or over choices::

    >= 70 %            36.5 to 37.5 °C        within 30 % of target_dose        within 0.5 mL of fill_volume
    no growth          one of negative, not done

Its bounds are formulas, so a limit may depend on what was recorded: ``<= endotoxin_limit``. There are three layers.
*Plausible* says what can exist at all; outside it the value is a slip or a broken instrument. *Action* says what the
recipe accepts; outside it a deviation opens. *Alert* warns before that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import Enum
from fractions import Fraction
from functools import cached_property
from operator import add as plus
from operator import sub as minus

from batch_records.values.expression import (
    Constants,
    FormulaError,
    Missing,
    Node,
    Result,
    Type,
    Uncomputable,
    Values,
    add,
    call,
    in_words,
    times,
)
from batch_records.values.formula import Formula
from batch_records.values.quantity import Quantity, QuantityError, power_of_ten
from batch_records.values.unit import Unit, UnitError

_BOUND = re.compile(r"(>=|<=|>|<)\s*(.+)", re.DOTALL)
_SIX_DIGITS = Context(prec=6)
_AROUND = re.compile(r"within\s+(.+?)\s+of\s+(.+)", re.DOTALL)


class Verdict(Enum):
    """What the limits say of a value, mildest first."""

    NONE = "no limit"
    WITHIN = "within limits"
    ALERT = "outside the alert limit"
    ACTION = "outside the action limit"
    IMPLAUSIBLE = "not plausible"

    @property
    def is_out(self) -> bool:
        """Whether a deviation opens."""
        return self in (Verdict.ACTION, Verdict.IMPLAUSIBLE)


@dataclass(frozen=True)
class Limit:
    """One limit: numbers between two bounds, or a choice among the accepted ones."""

    text: str
    low: Formula | None = None
    high: Formula | None = None
    strict: bool = False
    accepted: tuple[str, ...] = ()

    @staticmethod
    def parse(text: str, types: Mapping[str, Type], unit: Unit | None = None) -> Limit:
        """Read a limit on a number in ``unit``, or on a choice without one. Raise `FormulaError` at the mistake."""
        if unit is None:
            return Limit(text, accepted=tuple(word.strip() for word in text.removeprefix("one of ").split(",")))
        limit = _read(text, types, unit)
        low, high = (_constant(bound) for bound in (limit.low, limit.high))
        if low is not None and high is not None and low > high:
            raise FormulaError("the lower bound is above the upper one: nothing would be within")
        return limit

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The recorded values that the bounds depend on."""
        return tuple(name for bound in (self.low, self.high) if bound for name in bound.names)

    @cached_property
    def _fixed_words(self) -> dict[Unit | None, str]:
        return {}  # of a limit without names: every page says it, and every save is judged by it

    def accepts(self, value: Result, values: Values) -> bool:
        """Say whether a value, in base units, is within. Raise `Missing` for a bound not recorded yet."""
        if isinstance(value, str):
            return value in self.accepted
        low = _number(self.low, values)
        high = _number(self.high, values)
        if self.strict:
            return (low is None or value > low) and (high is None or value < high)
        return (low is None or value >= low) and (high is None or value <= high)

    def in_words(self, values: Values, unit: Unit | None) -> str:
        """Say the limit with its bounds computed: ``1.4 × 10⁷ to 2.6 × 10⁷ cells``; as written until they can be."""
        if self.names:
            return self._say(values, unit)
        if unit not in self._fixed_words:
            self._fixed_words[unit] = self._say(values, unit)
        return self._fixed_words[unit]

    def _say(self, values: Values, unit: Unit | None) -> str:
        if self.accepted or unit is None:
            return " or ".join(self.accepted)
        try:
            low, high = (_written(_number(bound, values), unit) for bound in (self.low, self.high))
        except (Missing, Uncomputable):
            return self.text
        if low and high:
            return f"{low} to {high} {unit}"
        sign = (">" if low else "<") if self.strict else ("≥" if low else "≤")
        return f"{sign} {low or high} {unit}"


@dataclass(frozen=True)
class Limits:
    """The three layers of limits on one value; any may be absent."""

    plausible: Limit | None = None
    action: Limit | None = None
    alert: Limit | None = None

    def judge(self, value: Result, values: Values) -> Verdict:
        """Give the verdict on a value in base units. Raise `Missing` for a bound not recorded yet."""
        for limit, verdict in (
            (self.plausible, Verdict.IMPLAUSIBLE),
            (self.action, Verdict.ACTION),
            (self.alert, Verdict.ALERT),
        ):
            if limit and not limit.accepts(value, values):
                return verdict
        return Verdict.WITHIN if self.action or self.alert else Verdict.NONE

    def in_words(self, values: Values, unit: Unit | None) -> str:
        """Say what the verdict was given against: ``limit ≥ 70 %, alert ≥ 80 %``."""
        layers = (("limit", self.action), ("alert", self.alert), ("plausible", self.plausible))
        return ", ".join(f"{word} {limit.in_words(values, unit)}" for word, limit in layers if limit)

    @property
    def names(self) -> tuple[str, ...]:
        """The recorded values that any bound depends on."""
        return tuple(name for limit in (self.plausible, self.action, self.alert) if limit for name in limit.names)


NO_LIMITS = Limits()


def _read(text: str, types: Mapping[str, Type], unit: Unit) -> Limit:
    if bound := _BOUND.fullmatch(text):
        formula = _bound(text, bound.span(2), types, unit, unit)
        low, high = (formula, None) if bound[1].startswith(">") else (None, formula)
        return Limit(text, low, high, strict=len(bound[1]) == 1)
    if around := _AROUND.fullmatch(text):
        spread = _formula(text, around.span(1), types)
        middle = _bound(text, around.span(2), types, unit, unit)
        names = tuple(dict.fromkeys((*spread.names, *middle.names)))
        margin = _margin(spread, middle, around.start(1))
        low, high = (Formula(text, names, add(middle.node, margin, side)) for side in (minus, plus))
        return Limit(text, low, high)
    parts = text.split(" to ")
    if len(parts) == 2:
        upper = _quantity(parts[1].strip(), unit)  # “36.5 to 37.5 °C”: the unit is written once
        low = _bound(text, (0, len(parts[0])), types, unit, upper.unit if upper else unit)
        high = _bound(text, (len(parts[0]) + len(" to "), len(text)), types, unit, unit)
        return Limit(text, low, high)
    raise FormulaError("write a limit as “>= 70 %”, “36.5 to 37.5 °C” or “within 30 % of target_dose”")


def _bound(text: str, span: tuple[int, int], types: Mapping[str, Type], unit: Unit, bare: Unit) -> Formula:
    """Read one bound, of the dimensions of ``unit``; a number without a unit is in ``bare``."""
    part = text[slice(*span)].strip()
    if quantity := _quantity(part, bare):
        base = quantity.base  # once: every page says every limit, and every save judges by it
        formula = Formula(part, (), Node(0, quantity.unit.dimensions, lambda _: base))
    else:
        formula = _formula(text, span, types)
    if formula.type != unit.dimensions:
        raise FormulaError(f"the limit is {in_words(formula.type)}, and the value is in {unit}", span[0])
    return formula


def _formula(text: str, span: tuple[int, int], types: Mapping[str, Type]) -> Formula:
    part = text[slice(*span)]
    try:
        return Formula.parse(part, types)
    except FormulaError as error:
        raise type(error)(str(error), span[0] + error.column) from None


def _margin(spread: Formula, middle: Formula, column: int) -> Node:
    """Return how far from the middle the bounds are: a share of it, or an amount of the same dimensions."""
    if spread.type and spread.type == middle.type:
        return spread.node
    if spread.type or re.fullmatch(r"[0-9.eE+-]+", spread.text.strip()):
        raise FormulaError("write how far as a share, like 5 %, or in the unit of the value", column)
    return times(call(column, "abs", [middle.node]), spread.node, 1)


def _quantity(part: str, bare: Unit) -> Quantity | None:
    try:
        return Quantity.parse(part) if " " in part else Quantity(part, bare)
    except (QuantityError, UnitError):
        return None


def _constant(bound: Formula | None) -> Fraction | None:
    if bound is None or bound.names:
        return None
    try:
        return _number(bound, Constants({}))
    except Uncomputable as error:
        raise FormulaError(f"this limit cannot be computed: {error}") from None


def _number(bound: Formula | None, values: Values) -> Fraction | None:
    if bound is None:
        return None
    value = bound(values)
    if isinstance(value, str):  # ruled out when the limit was read
        raise TypeError(f"{value!r} as the bound of a limit")
    return Fraction(value)


def _written(base: Fraction | None, unit: Unit) -> str:
    if base is None:
        return ""
    number = base / unit.factor
    digits = _SIX_DIGITS.divide(Decimal(number.numerator), Decimal(number.denominator)).normalize()
    if digits and not Decimal("0.001") <= abs(digits) < 1_000_000:
        mantissa, _, exponent = f"{digits:E}".partition("E")
        return f"{mantissa} × {power_of_ten(int(exponent))}"
    return f"{digits:f}"
