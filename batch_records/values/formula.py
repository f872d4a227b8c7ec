"""Formulas in recipes: parsed here, checked for names and units when the recipe is read, computed exactly.

The grammar, loosest binding first::

    either   := both ("or" both)*
    both     := negation ("and" negation)*
    negation := "not" negation | relation
    relation := sum (("=" | "!=" | "<" | "<=" | ">" | ">=") sum)?
    sum      := product (("+" | "-") product)*
    product  := signed (("*" | "/") signed)*
    signed   := "-"? power
    power    := atom ("^" whole number)?
    atom     := number [unit] | "text" | name | name "(" either ("," either)* ")" | "(" either ")"
              | "if" either "then" either "else" either

A number's unit follows it and is written without spaces: ``5 EU/kg/h * weight / volume``. Numbers are fractions in
base units, so ``1/3 * 3`` is 1; the one rounding is the one the recipe states, at the end. There is no eval, and a
formula can do nothing but compute.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from batch_records.values.expression import (
    SERIES,
    FormulaError,
    Missing,
    Node,
    Result,
    Type,
    Unread,
    Values,
    add,
    call,
    in_words,
    logical,
    need,
    number,
    power,
    same,
    times,
    value_of,
)
from batch_records.values.unit import Dimensions, Unit, UnitError

_LONGEST = 500
_DEEPEST = 40
KEYWORDS = frozenset({"and", "or", "not", "if", "then", "else", "to", "of", "within"})
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"]*\")"
    r"|(?P<sign><=|>=|!=|[-+*/^()<>=,])",
)
_ATOM = r"[A-Za-z\u00b5\u03bc°][A-Za-z0-9_\u00b5\u03bc°]*"
_UNIT = re.compile(rf" ?(%|{_ATOM}(?:/{_ATOM})*)")


@dataclass(frozen=True)
class Formula:
    """A parsed formula. ``names`` are the values it needs, in the order written.

    ``compared`` are those among them that it compares with a text, each with that text. ``inputs`` are the values as
    the formula uses them, each with the function that picks among its rounds, empty for the newest.
    """

    text: str
    names: tuple[str, ...]
    node: Node
    compared: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def parse(text: str, types: Mapping[str, Type]) -> Formula:
        """Read a formula over names of known types. Raise `FormulaError` at the column of the mistake."""
        reader = _Reader(text, types)
        node = reader.whole()
        names = tuple(dict.fromkeys(name for _, name in reader.inputs))
        return Formula(text, names, node, tuple(reader.compared), tuple(dict.fromkeys(reader.inputs)))

    @property
    def type(self) -> Type:
        """What it gives: dimensions of a number, ``text`` or ``truth``."""
        return self.node.type

    def __call__(self, values: Values) -> Result:
        """Compute. Raise `Missing` for a value not recorded, `Uncomputable` where there is no number."""
        return self.node.compute(values)


_COMPARE: dict[str, Callable[[Result, Result], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class _Reader:
    """Recursive descent over the tokens; each method reads one rule of the grammar above."""

    def __init__(self, text: str, types: Mapping[str, Type]) -> None:
        if len(text) > _LONGEST:
            raise FormulaError(f"a formula is at most {_LONGEST} characters")
        self.text, self.types = text, types
        self.inputs: list[tuple[str, str]] = []
        self.compared: list[tuple[str, str]] = []
        self.at = self.depth = 0
        self.kind = self.token = ""
        self.column = 0
        self.next()

    def next(self) -> None:
        while True:
            self.column = self.at
            if self.at >= len(self.text):
                self.kind, self.token = "end", ""
                return
            match = _TOKEN.match(self.text, self.at)
            if not match:
                raise FormulaError(f"“{self.text[self.at]}” has no place in a formula", self.at)
            self.at = match.end()
            self.kind, self.token = match.lastgroup or "", match[0]
            if self.kind != "space":
                return

    def take(self, *tokens: str) -> str | None:
        if self.kind in ("sign", "name") and self.token in tokens:
            token = self.token
            self.next()
            return token
        return None

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise FormulaError(f"expected “{token}” here, not “{self.token or 'the end'}”", self.column)

    def whole(self) -> Node:
        node = self.either()
        if self.kind != "end":
            raise FormulaError(f"did not expect “{self.token}” here", self.column)
        return node

    def either(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise FormulaError("nested too deep", self.column)
        node = self.both()
        while self.take("or"):
            node = logical(node, self.both(), any)
        self.depth -= 1
        return node

    def both(self) -> Node:
        node = self.negation()
        while self.take("and"):
            node = logical(node, self.negation(), all)
        return node

    def negation(self) -> Node:
        column = self.column
        if not self.take("not"):
            return self.relation()
        inner = need(self.negation(), "truth")
        return Node(column, "truth", lambda values: not inner.compute(values), sign="not", parts=(inner,))

    def relation(self) -> Node:
        column = self.column
        left = self.sum()
        sign = self.take(*_COMPARE)
        if not sign:
            return left
        right = self.sum()
        same(left, right)
        if isinstance(left.type, str) and sign not in ("=", "!="):
            raise FormulaError(f"{in_words(left.type)} has no size: compare it with = or !=", left.column)
        pairs = ((left, right), (right, left))
        self.compared += [(a.name, b.literal) for a, b in pairs if a.name and b.literal is not None]
        compare = _COMPARE[sign]

        def compute(values: Values) -> bool:
            return compare(left.compute(values), right.compute(values))

        written = self.text[column : self.column].strip()
        return Node(left.column, "truth", compute, sign=sign, parts=(left, right), text=written)

    def sum(self) -> Node:
        node = self.product()
        while sign := self.take("+", "-"):
            node = add(node, self.product(), operator.add if sign == "+" else operator.sub)
        return node

    def product(self) -> Node:
        node = self.signed()
        while sign := self.take("*", "/"):
            node = times(node, self.signed(), 1 if sign == "*" else -1)
        return node

    def signed(self) -> Node:
        column = self.column
        if not self.take("-"):
            return self.power()
        inner = self.power()  # -2^2 is -4, as it is written everywhere but in spreadsheets
        return Node(column, number(inner), lambda values: -value_of(inner, values))

    def power(self) -> Node:
        base = self.atom()
        if not self.take("^"):
            return base
        if self.kind != "number" or not self.token.isdigit() or not 2 <= int(self.token) <= 9:
            raise FormulaError("a power is a whole number from 2 to 9", self.column)
        exponent = int(self.token)
        self.next()
        return power(base, exponent)

    def atom(self) -> Node:
        column, kind, token = self.column, self.kind, self.token
        if kind == "number":
            return self.number()
        if self.take("("):
            node = self.either()
            self.expect(")")
            return node
        if self.take("if"):
            return self.choice(column)
        if kind in ("text", "name") and token not in KEYWORDS:
            self.next()
            if kind == "text":
                return Node(column, "text", lambda _: token[1:-1], literal=token[1:-1])
            return self.call(column, token) if self.take("(") else self.name(column, token)
        raise FormulaError(f"expected a value here, not “{token or 'the end'}”", column)

    def number(self) -> Node:
        column, digits = self.column, Fraction(self.token)
        unit = _UNIT.match(self.text, self.at)
        dimensions: Dimensions = ()
        if unit and unit[1] not in KEYWORDS:
            try:
                known = Unit.parse(unit[1])
            except UnitError as error:
                raise FormulaError(str(error), unit.start(1)) from None
            digits, dimensions, self.at = digits * known.factor, known.dimensions, unit.end()
        self.next()
        return Node(column, dimensions, lambda _: digits)

    def choice(self, column: int) -> Node:
        condition = need(self.either(), "truth")
        self.expect("then")
        yes = self.either()
        self.expect("else")
        no = self.either()
        same(yes, no)
        return Node(column, yes.type, lambda values: (yes if condition.compute(values) else no).compute(values))

    def name(self, column: int, name: str) -> Node:
        self.known(column, name)

        def latest(values: Values) -> Result:
            series = values.series(name)
            if not series:
                raise Missing(name)
            return series[-1]

        return Node(column, self.types[name], latest, name=name)

    def known(self, column: int, name: str, function: str = "") -> None:
        if name not in self.types:
            near = get_close_matches(name, self.types, 1)
            meant = f"; did you mean “{near[0]}”?" if near else ""
            raise FormulaError(f"no value is named “{name}” here{meant}", column)
        if self.types[name] == "unread":
            raise Unread(f"“{name}” could not be read", column)
        self.inputs.append((function, name))

    def call(self, column: int, function: str) -> Node:
        if function in SERIES:
            name, at = self.token, self.column
            if self.kind != "name":
                raise FormulaError(f"{function}(…) takes the name of a value", at)
            self.known(at, name, function)
            self.next()
            self.expect(")")
            return SERIES[function](column, name, self.types[name])
        arguments = [self.either()]
        while self.take(","):
            arguments.append(self.either())
        self.expect(")")
        return call(column, function, arguments)
