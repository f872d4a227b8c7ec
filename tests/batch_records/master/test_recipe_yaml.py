"""YAML's traps: a recipe is text that people sign, so nothing in it is converted, hidden or doubled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_records.master.load import RecipeError, load, shipped
from batch_records.master.recipe import Field
from batch_records.master.text import Problem
from tests.batch_records.writing import recipe_text, small


def said(text: str) -> str:
    """Return what is said of a text that is no recipe."""
    with pytest.raises(RecipeError) as caught:
        load(text)
    return str(caught.value)


def field(written: str) -> Field:
    """Return the one field of a recipe with the one step."""
    (read,) = small(f"- step: 1.1 Look\n  record:\n    {written}\n").steps["1.1"].fields
    return read


def test_no_is_a_word() -> None:
    """The answer “no” is not false, and “on” is not true."""
    assert field("reconciled: {one of: [yes, no, on, off, ~, null]}").options == ("yes", "no", "on", "off", "~", "null")


@pytest.mark.parametrize("digits", ["0.50", "1e3", "007", "1_0", "0x1F", "1.0", "12:30", "+5", ".5"])
def test_a_number_keeps_the_digits_that_were_written(digits: str) -> None:
    """0.50 keeps its zero, 1e3 its exponent, and 12:30 is not 750."""
    assert field(f"count: {{ask: {digits}, unit: mL}}").ask == digits


def test_the_zero_of_a_parameter_is_kept() -> None:
    """The recipe says 1.0 mL and the record says 1.0 mL."""
    recipe = small("- step: 1.1 Look\n  do: Look\n", "parameters:\n  vial_volume: {value: 1.0 mL}\n")
    assert str(recipe.parameters["vial_volume"]) == "1.0 mL"


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-22 14:05:00", "=", "<<"])
def test_a_date_stays_what_was_written(text: str) -> None:
    """Neither dates nor YAML's special signs become anything."""
    assert field(f"remark: {{ask: {text}, kind: text}}").ask == text


def test_a_long_text_may_go_over_lines() -> None:
    """Folding and spaces do not matter to what is said."""
    step = "- step: 1.1 Look\n  do: >\n    Look   at it,\n    then look again.\n"
    assert small(step).steps["1.1"].instruction == "Look at it, then look again."


LOOK = "- step: 1.1 Look\n  do: Look\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1, column 1: the recipe is empty"),
        ("   \n\n", "the recipe is empty"),
        ("# only a remark\n", "the recipe is empty"),
        ("just a text", "expected “key: value” lines here"),
        ("- a\n- list\n", "expected “key: value” lines here"),
        (recipe_text("- step: 1.1 A\n  do: &x Look\n- step: 1.2 B\n  do: *x\n"), "line 9, column 13: anchors (&)"),
        (recipe_text("- step: 1.1 A\n  do: *nowhere\n"), "anchors (&), aliases (*) and tags (!) are not used"),
        (recipe_text("- step: 1.1 A\n  do: !!python/object:os.system Look\n"), "line 9, column 13: anchors (&)"),
        (recipe_text("- step: 1.1 A\n  do: !!int 5\n"), "tags (!) are not used"),
        (recipe_text(LOOK) + "recipe: Another\n", "line 10, column 1: “recipe” is written twice"),
        (recipe_text(LOOK) + "---\nrecipe: Another\n", "expected a single document"),
        (recipe_text("- step: 1.1 A\n  do: @home\n"), "line 9, column 13: found character '@'"),
        (recipe_text("- step: 1.1 A\n  do: Look: here\n"), "has “: ” in it needs quotes"),
        (recipe_text("- step: 1.1 A\n\tdo: Look\n"), "line 9, column 7: found character '\\t'"),
        (recipe_text("- step: 1.1 A\n  do: [Look\n"), "expected"),
        (recipe_text("- step: 1.1 A\n  ? [do, it]\n  : Look\n"), "expected a text here"),
        (recipe_text('- step: 1.1 A\n  "do  it": Look\n'), "“do it” is not known here"),
        ("\x00\x01\x02", "this is not text that can be read"),
        ("recipe: \x1b[31mred", "this is not text that can be read"),
        ("recipe: \ud800", "this is not text that can be read"),
        ("x" * 200_001, "a recipe is at most 200,000 characters"),
        ("[" * 100_000, "nested too deep"),
        ("{" * 100_000, "nested too deep"),
        ("- " * 100_000, "nested too deep"),
        ("? " * 100_000, "nested too deep"),
        ("\n".join("  " * depth + "a:" for depth in range(400)), "line 31, column 61: nested too deep"),
    ],
)
def test_what_is_no_plain_text_is_refused(text: str, sentence: str) -> None:
    """Empty, binary, huge, nested without end, or with more of YAML than a person reads from top to bottom."""
    assert sentence in said(text)


def test_the_text_that_was_signed_is_kept_to_the_letter() -> None:
    """A recipe holds its own text, with its remarks, and the digest of that text."""
    text = recipe_text(LOOK) + "# signed like this\n"
    assert load(text).text == text
    assert load(text).digest != load(recipe_text(LOOK)).digest


def refusal(text: str) -> tuple[Problem, ...]:
    """Return what is said of a text; nothing where it is a recipe."""
    try:
        load(text)
    except RecipeError as error:
        return error.problems or (Problem(0, 0, ""),)
    return ()


def assert_told(text: str) -> None:
    """See that each mistake has its place and a sentence."""
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in refusal(text))


_SAID = """recipe code product facts operations operation steps step do record unit limit check matches coi mL formula
sample measure decide choices needs add gives 1.1~A 1~A >=~5~mL within~5~%~of~x 2~to~1~mL {} [] &a *a !!int ~"""
WORDS = _SAID.split()
TREES: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(WORDS).map(lambda word: word.replace("~", " ")) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)


def _flow(tree: object) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(_flow, tree)) + "]"
    return '"' + str(tree).replace("\\", "").replace('"', "") + '"'


@given(st.text())
def test_any_text_is_a_recipe_or_refused(text: str) -> None:
    """Loading raises nothing but what names the mistakes."""
    assert_told(text)


@given(TREES, TREES)
def test_any_shape_is_a_recipe_or_refused(operations: object, facts: object) -> None:
    """Lists where texts belong, mappings where lists belong: each is told, none makes the reader stumble."""
    text = f"recipe: R\ncode: c\nproduct: P\nfacts: {_flow(facts)}\noperations: {_flow(operations)}\n"
    assert_told(text)


LINES = shipped()["cd7_car_t_autologous_pebl"].splitlines()
OPERATIONS = LINES.index("operations:") + 1


@settings(max_examples=60)
@given(st.integers(60, 140), st.floats(0, 1), st.sampled_from(["", " ", ":", "{", "]", '"', "é", "-", "&", "\t"]))
def test_a_recipe_with_a_line_damaged_is_read_or_refused(at: int, share: float, slip: str) -> None:
    """A slip of the keyboard anywhere in a real recipe is told with its place."""
    damaged = LINES[at][: int(share * len(LINES[at]))] + slip
    head = ["recipe: R", "code: c", "product: P", "facts: {}", "operations:"]
    assert_told("\n".join([*head, *LINES[OPERATIONS:at], damaged, *LINES[at + 1 : 141]]))
