"""Every step type, found and not listed: it has a purpose, reads a small recipe, and gives fields that can be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_records.master import load as loading
from batch_records.master import steps
from batch_records.master.lint import lint
from batch_records.master.load import RecipeError, load
from batch_records.master.recipe import Consequence, Field, Kind, Stage
from batch_records.master.step_text import STEP_TYPES, StepType, step_type
from tests.batch_records.playing import Play, Standing
from tests.batch_records.writing import cd7, recipe_text, small

SMALLEST = {
    "do": "do: Look",
    "record": "record: {volume: {unit: mL}}",
    "measure": "measure: {mass: {unit: g}}\n  from: scale",
    "calculate": "calculate: {twice: {formula: 2 * 3 mL, unit: mL, round: up to 1}}",
    "add": "add: {medium: {material: culture medium}}",
    "use": "use: {oven: {equipment: incubator}}",
    "check": "check: {code: {matches: coi}}",
    "clear": "clear: {room: {ask: Room}}",
    "sample": "sample: {tube: {ask: Tube}}",
    "decide": "decide: {gate: {choices: {go on: , stop: {ends the batch: yes}}}}",
    "print": 'print: {labels: {lines: ["{coi}"]}}',
    "reconcile": "reconcile: {accounted: {labels: some}}",
    "result": "result: {growth: {one of: [none, some], limit: none}}\n  method: Plate",
    "wait": "wait: {since: start of 1.1, at least: 1 h}",
}
SCALE = "- step: 1.1 Scan\n  use: {the_scale: {equipment: scale}}\n"
PRINTED = '- step: 1.2 Print\n  print: {some: {lines: ["{coi}"]}}\n'
EVERY = [pytest.param(found, id=keyword) for keyword, found in STEP_TYPES.items()]


def test_each_file_of_the_folder_is_a_step_type() -> None:
    """Adding a file adds a step type; nothing else has to be told."""
    files = {path.stem for path in Path(steps.__file__).parent.glob("*.py")} - {"__init__"}
    assert {found.read.__module__.rpartition(".")[2] for found in STEP_TYPES.values()} == files
    assert set(STEP_TYPES) == set(SMALLEST), "write a smallest step for the new type"


@pytest.mark.parametrize("found", EVERY)
def test_a_step_type_says_what_it_is_for(found: StepType) -> None:
    """The purpose is a sentence that a person choosing among the types can read."""
    assert found.purpose.endswith(".")
    assert len(found.purpose) > 20


@pytest.mark.parametrize("keyword", STEP_TYPES)
def test_a_step_type_reads_its_smallest_step(keyword: str) -> None:
    """The step knows its type, and its fields what they are recorded as."""
    step = small(f"- step: 1.1 Smallest\n  {SMALLEST[keyword]}\n").steps["1.1"]
    assert step.type == keyword
    assert len(step.fields) == (0 if keyword in ("do", "wait") else 1)


@pytest.mark.parametrize("keyword", STEP_TYPES)
def test_a_step_of_each_type_can_be_done(keyword: str) -> None:
    """Whatever the type, its performer gets from the start to the end of it."""
    play = Play(small(f"{SCALE}{PRINTED}- step: 1.3 Smallest\n  {SMALLEST[keyword]}\n")).start().finish()
    assert play.progress.standing("1.3") is Standing.DONE


def test_each_kind_of_field_comes_from_some_step_type() -> None:
    """No kind of field is there that no recipe can ask for."""
    kinds = {field.kind for field in cd7().all_fields()}
    assert kinds == set(Kind) - {Kind.PRODUCT}  # ICCBBA licenses the codes, so none is shipped


def test_two_step_types_cannot_have_one_keyword() -> None:
    """A second “record” would quietly change every recipe: the application does not start with it."""
    with pytest.raises(ValueError, match="two step types are written “record:”"):
        step_type("record")(lambda _: iter(()))


def one(keyword: str, step: str) -> Field:
    """Return the one field of a step."""
    (field,) = small(f"{SCALE}- step: 1.2 One\n  {step}\n").steps["1.2"].fields
    assert field.kind.value
    assert keyword in step
    return field


def test_what_is_not_said_has_a_plain_meaning() -> None:
    """An operator performs, nobody verifies, the deviation is without hold, and it gates the first release."""
    step = small("- step: 1.1 Volume\n  record: {bag_volume: {unit: mL}}\n").steps["1.1"]
    assert (step.performer.value, step.verifier, step.signed, step.stage) == (
        "operator",
        None,
        False,
        Stage.CONDITIONAL,
    )
    assert (step.fields[0].ask, step.fields[0].on_action) == ("Bag volume", Consequence.DEVIATION)


def test_a_decision_is_always_signed() -> None:
    """Who decides how a child's cells go on signs for it."""
    assert small(f"- step: 1.1 Gate\n  {SMALLEST['decide']}\n").steps["1.1"].signed


def test_yes_and_no_mean_what_they_say() -> None:
    """A step is signed and a way ends the batch where the recipe says yes, and not where it says no."""
    for word, meant in (("yes", True), ("no", False)):
        gate = f"{{gate: {{choices: {{go on: , other: {{ends the batch: {word}}}}}}}}}"
        steps = (
            f"- step: 1.1 Look\n  do: Look\n  note: As approved\n  signed: {word}\n- step: 1.2 Gate\n  decide: {gate}\n"
        )
        look, decision = small(steps).steps.values()
        assert (look.signed, look.note) == (meant, "As approved")
        assert decision.fields[0].choices[1].ends is meant


def test_an_identity_that_does_not_match_always_holds() -> None:
    """No recipe can soften the one error that kills."""
    assert one("check", "check: {code: {matches: coi}}").on_action is Consequence.HOLD
    with pytest.raises(RecipeError, match="“on action” is not known here"):
        load(recipe_text("- step: 1.1 A\n  check: {code: {matches: coi, on action: deviation}}\n"))


def test_a_line_that_is_not_clear_is_out_of_limits() -> None:
    """“Not clear” is recorded like anything else, and opens a deviation."""
    field = one("clear", "clear: {room: {on action: hold}}")
    assert (field.options, field.limits.action and field.limits.action.accepted) == (("clear", "not clear"), ("clear",))
    assert field.on_action is Consequence.HOLD


def test_a_reading_counts_for_five_minutes_unless_the_recipe_says_otherwise() -> None:
    """What an instrument showed this morning is not taken this afternoon."""
    assert str(one("measure", "measure: {mass: {unit: g}}\n  from: scale").fresh_for) == "5 min"
    longer = one("measure", "measure: {mass: {unit: g, channel: net}}\n  from: scale\n  fresh for: 60 min")
    assert (str(longer.fresh_for), longer.channel, longer.instrument) == ("60 min", "net", "scale")


def test_the_module_that_reads_recipes_finds_the_step_types_itself() -> None:
    """Who loads a recipe need not import anything else."""
    assert loading.STEP_TYPES is STEP_TYPES


def test_the_smallest_recipes_are_not_fit_for_a_batch() -> None:
    """What reads well is not yet approved: the lint asks what gates the release."""
    assert "no critical quality attribute gates the release" in str(lint(small("- step: 1.1 Look\n  do: Look\n"))[0])
