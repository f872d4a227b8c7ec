"""The small parts of a recipe, each read from its text or refused with what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TypeVar

from batch_records.master.recipe import Edge
from batch_records.master.text import Consequent, Item, Mistake
from batch_records.values.expression import FormulaError, Type, Unread, in_words
from batch_records.values.formula import KEYWORDS, Formula
from batch_records.values.limit import Limit
from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.rounding import Rounding
from batch_records.values.unit import Unit, UnitError

_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}")
_LONGEST = Quantity.parse("3650 d")
_EDGE = re.compile(r"(start|end) of ([0-9]+\.[0-9]+)")

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


def named(item: Item) -> Iterator[tuple[str, Item]]:
    """Give the entries of a mapping of values by name, each name checked."""
    for key, value in item.mapping().items():
        yield name(item.key(key)), value


def name(item: Item) -> str:
    """Read the name of a value."""
    if not _NAME.fullmatch(item.text):
        raise Mistake(item, f"“{item.text}” is no name for a value: use small letters, digits and _")
    if item.text in KEYWORDS:
        raise Mistake(item, f"“{item.text}” is no name for a value: it is a word of formulas")
    return item.text


def unit(item: Item) -> Unit:
    """Read a unit."""
    try:
        return Unit.parse(item.text)
    except UnitError as error:
        raise Mistake(item, str(error)) from None


def quantity(item: Item, like: str = "") -> Quantity:
    """Read a quantity, of the same dimensions as the unit ``like`` where one is given."""
    try:
        read = Quantity.parse(item.text)
    except (QuantityError, UnitError) as error:
        raise Mistake(item, str(error)) from None
    if like and read.unit.dimensions != Unit.parse(like).dimensions:
        raise Mistake(item, f"“{item.text}” is not a quantity in {like}")
    return read


def duration(item: Item) -> Quantity:
    """Read a span of time: ``24 h``."""
    read = quantity(item, "h")
    if not 0 < read.base <= _LONGEST.base:
        raise Mistake(item, f"a span of time is above 0 and at most {_LONGEST}")
    return read


def rounding(item: Item) -> Rounding:
    """Read a rounding rule."""
    try:
        return Rounding.parse(item.text)
    except FormulaError as error:
        raise Mistake(item, str(error)) from None


def formula(item: Item, types: Mapping[str, Type], type_: Type) -> Formula:
    """Read a formula and see that it gives what is asked for."""
    try:
        read = Formula.parse(item.text, types)
    except Unread:
        raise Consequent from None
    except FormulaError as error:
        raise Mistake(item, str(error), error.column) from None
    if read.type != type_:
        raise Mistake(item, f"this gives {in_words(read.type)}, and {in_words(type_)} is asked for")
    return read


def limit(item: Item, types: Mapping[str, Type], of: Unit | None) -> Limit:
    """Read a limit on a number in a unit, or on a choice."""
    try:
        return Limit.parse(item.text, types, of)
    except Unread:
        raise Consequent from None
    except FormulaError as error:
        raise Mistake(item, str(error), error.column) from None


def edge(item: Item, other: str = "") -> Edge:
    """Read the start or the end of a step: ``end of 4.3``. ``other`` says what else might have been meant."""
    match = _EDGE.fullmatch(item.text)
    if not match:
        raise Mistake(item, f"write “start of 4.3” or “end of 4.3”{other}")
    return Edge(match[2], match[1] == "start")


def one_of(item: Item, words: Mapping[str, T]) -> T:
    """Read one of a closed list of words."""
    if item.text not in words:
        raise Mistake(item, f"“{item.text}” is not known here: use {', '.join(words)}")
    return words[item.text]


def member(item: Item, of: type[E]) -> E:
    """Read a word that stands for a member of an enumeration."""
    return one_of(item, {str(member.value): member for member in of})


def yes_or_no(item: Item) -> bool:
    """Read ``yes`` or ``no``."""
    return one_of(item, {"yes": True, "no": False})
