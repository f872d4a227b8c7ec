"""Formulas made at random agree with an oracle that knows nothing of our parser: plain fractions in Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from batch_records.values.expression import Result, Uncomputable
from batch_records.values.formula import Formula
from tests.batch_records.values.naming import TYPES, recorded


@dataclass(frozen=True)
class Tree:
    """A formula as it would be written, with every bracket, and the number it stands for (None: there is none)."""

    text: str
    number: Fraction | None


def _binary(sign: str, left: Tree, right: Tree) -> Tree:
    text = f"({left.text} {sign} {right.text})"
    if left.number is None or right.number is None or (sign == "/" and not right.number):
        return Tree(text, None)
    compute: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
    }
    return Tree(text, compute[sign](left.number, right.number))


def _choice(sign: str, left: Tree, right: Tree, yes: Tree, no: Tree) -> Tree:
    text = f"(if {left.text} {sign} {right.text} then {yes.text} else {no.text})"
    if left.number is None or right.number is None:
        return Tree(text, None)
    holds = left.number < right.number if sign == "<" else left.number == right.number
    return Tree(text, (yes if holds else no).number)


def _extreme(name: str, parts: list[Tree]) -> Tree:
    numbers = [part.number for part in parts]
    known = [number for number in numbers if number is not None]
    pick = min if name == "min" else max
    return Tree(f"{name}({', '.join(part.text for part in parts)})", pick(known) if known == numbers else None)


def _power(base: Tree, exponent: int) -> Tree:
    return Tree(f"{base.text} ^ {exponent}", None if base.number is None else base.number**exponent)


def _minus(inner: Tree) -> Tree:
    return Tree(f"(-{inner.text})", None if inner.number is None else -inner.number)


LEAVES = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4})?", fullmatch=True).map(lambda digits: Tree(digits, Fraction(digits)))
NAMED = st.just(Tree("share", Fraction(2, 5))) | st.just(Tree("12 %", Fraction(3, 25)))


def _grow(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return (
        st.builds(_binary, st.sampled_from("+-*/"), inner, inner)
        | st.builds(_choice, st.sampled_from("<="), inner, inner, inner, inner)
        | st.builds(_extreme, st.sampled_from(["min", "max"]), st.lists(inner, min_size=1, max_size=3))
        | st.builds(_power, LEAVES, st.integers(2, 4))
        | st.builds(_minus, inner)
    )


TREES = st.recursive(LEAVES | NAMED, _grow, max_leaves=8).filter(lambda tree: len(tree.text) <= 500)


def _computed(text: str) -> Result | None:
    try:
        return Formula.parse(text, TYPES)(recorded(share="40 %"))
    except Uncomputable:
        return None


@given(TREES)
def test_a_formula_gives_what_the_oracle_gives(tree: Tree) -> None:
    """Whatever is nested in whatever, the number is the exact one, or there is none for both."""
    assert _computed(tree.text) == tree.number


@given(st.lists(st.tuples(st.sampled_from("+-*/"), st.integers(1, 99)), min_size=1, max_size=12))
def test_without_brackets_the_usual_order_holds(rest: list[tuple[str, int]]) -> None:
    """Products before sums and from left to right, as Python's own fractions compute it."""
    text = "7" + "".join(f" {sign} {number}" for sign, number in rest)
    terms, sign = [Fraction(7)], 1
    for operation, number in rest:
        if operation in "+-":
            sign = 1 if operation == "+" else -1
            terms.append(Fraction(sign * number))
        else:
            terms[-1] *= Fraction(number) if operation == "*" else Fraction(1, number)
    assert _computed(text) == sum(terms)
