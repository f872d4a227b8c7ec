"""Limits, and the verdict on a value: limits judge, they never refuse.

A limit is a short text in a recipe, over numbers or over choices::

    >= 70 %            36.5 to 37.5 °C        within 30 % of target_dose
    no growth          one of negative, not done

Its bounds are formulas, so a limit may depend on what was recorded: ``<= endotoxin_limit``. There are three layers.
*Plausible* says what can exist at all; outside it the value is a slip or a broken instrument. *Action* says what the
recipe accepts; outside it a deviation opens. *Alert* warns before that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from batch_records.values.expression import FormulaError, Result, Type, Values, in_words
from batch_records.values.formula import Formula
from batch_records.values.unit import Unit

_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}
_BOUND = re.compile(r"(>=|<=|>|<)\s*(.+)", re.DOTALL)
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
        for bound in (limit.low, limit.high):
            if bound and bound.type != unit.dimensions:
                raise FormulaError(f"the limit is {in_words(bound.type)}, and the value is in {unit}")
        return limit

    @property
    def names(self) -> tuple[str, ...]:
        """The recorded values that the bounds depend on."""
        return tuple(name for bound in (self.low, self.high) if bound for name in bound.names)

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
        """Say the limit with its bounds computed: ``≥ 70 %``, ``1.4E+7 to 2.6E+7 cells``."""
        if self.accepted or unit is None:
            return " or ".join(self.accepted)
        low, high = (_written(_number(bound, values), unit) for bound in (self.low, self.high))
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
        formula = _formula(text, bound.start(2), types, unit)
        low, high = (formula, None) if bound[1].startswith(">") else (None, formula)
        return Limit(text, low, high, strict=len(bound[1]) == 1)
    if around := _AROUND.fullmatch(text):
        spread, middle = around[1], around[2]
        _formula(text, around.start(2), types, unit)  # a mistake is shown where it was written, not in what we build
        low, high = (Formula.parse(f"({middle}) * (1 {sign} {spread})", types) for sign in "-+")
        return Limit(text, low, high)
    low_text, to, _ = text.partition(" to ")
    if to:
        low, high = (_formula(text, start, types, unit) for start in (0, len(low_text) + len(to)))
        return Limit(text, low, high)
    raise FormulaError("write a limit as “>= 70 %”, “36.5 to 37.5 °C” or “within 30 % of target_dose”")


def _formula(text: str, start: int, types: Mapping[str, Type], unit: Unit) -> Formula:
    part = text[start:].partition(" to ")[0].strip()
    if re.fullmatch(r"[-+]?[0-9][0-9.eE+]*", part):
        part = f"{part} {unit}" if "^" not in str(unit) else part  # “36.5 to 37.5 °C”: the unit is written once
    try:
        return Formula.parse(part, types)
    except FormulaError as error:
        raise FormulaError(str(error), start + error.column) from None


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
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    if exact and (abs(exact) >= 100_000 or abs(exact) < Decimal("0.001")):
        return f"{exact:.3g}"
    return f"{exact.normalize():f}" if exact == exact.quantize(Decimal("0.001")) else f"{exact:.4g}"
