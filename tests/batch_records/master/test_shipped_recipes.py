"""The recipes that come with the system: found, not listed; sound, pinned, and true to the process."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from batch_records.master.digest import digest
from batch_records.master.lint import lint
from batch_records.master.load import load, shipped
from batch_records.master.recipe import Field, Kind, ParameterClass, Role, Stage
from tests.batch_records.writing import cd7

DATA = Path(__file__).parents[2] / "data" / "recipes"
SHIPPED = sorted(shipped())


@pytest.mark.parametrize("code", SHIPPED)
@pytest.mark.requirement("RQ-040")
def test_a_shipped_recipe_is_sound(code: str) -> None:
    """It loads, the lint finds nothing, and it is called what its file is called."""
    recipe = load(shipped()[code])
    assert lint(recipe) == []
    assert recipe.code == code


@pytest.mark.requirement("RQ-041")
def test_a_shipped_recipe_is_the_one_that_was_approved() -> None:
    """An approved recipe is never edited: another text is a new edition, and its digest is written down on purpose."""
    pinned = tomllib.loads((DATA / "digests.toml").read_text("utf-8"))
    assert {code: digest(text) for code, text in shipped().items()} == pinned


def test_a_digest_is_of_the_very_text() -> None:
    """One space more is another recipe."""
    text = shipped()["cd7_car_t_autologous_pebl"]
    assert digest(text) == load(text).digest
    assert digest(text) != digest(text + " ")
    assert re.fullmatch(r"[0-9a-f]{64}", digest(text))


def fields() -> list[Field]:
    """Return every field of the recipe."""
    return list(cd7().all_fields())


def ask(name: str) -> Field:
    """Return a field by name."""
    return cd7().fields[name][1]


def test_blasts_are_measured_four_times_and_each_time_judged() -> None:
    """In blood, in the bag, in culture, in the product: blasts can be richer in the bag than in the blood."""
    homes = {name: cd7().fields[name][0].id for name in ("blood_blasts", "bag_blasts", "day5_blasts", "final_blasts")}
    assert [step.partition(".")[0] for step in homes.values()] == ["2", "3", "9", "14"]
    assert all(ask(name).limits.action for name in homes)


def test_no_blast_is_looked_for_by_cd7() -> None:
    """A blast that took up the vector carries none: the method is the patient's own immunophenotype."""
    blasts = [field for field in fields() if "blasts" in field.name and field.kind is Kind.RESULT]
    assert len(blasts) >= 5
    assert {field.method for field in blasts} == {"Flow cytometry, LAIP panel"}


def test_culture_is_seeded_on_viable_t_cells() -> None:
    """Without selection the share of CD3+ cells is the patient's: it stands in the formula."""
    formula = ask("seed_volume").formula
    assert formula
    assert "pbmc_cd3" in formula.names


def test_the_gate_on_blood_is_a_parameter() -> None:
    """The source trial's threshold is not public: a laboratory approves its own, in its own edition."""
    assert str(cd7().parameters["blood_blast_limit"]) == "5 %"
    assert ask("blood_blasts").limits.names == ("blood_blast_limit",)


def test_the_vector_counts_for_one_titre_method() -> None:
    """By another method the same vector reads over fifty times apart."""
    assert ask("vector").gives["titre_method"].must_be
    assert ask("vector").gives["titre"].type == (("transducing unit", 1), ("volume", -1))


def test_one_vector_brings_car_and_protection_together() -> None:
    """With two, the recipe would have to put protection first; this one adds a single vector, once."""
    added = [field.material for field in fields() if field.kind is Kind.LOT and "vector" in field.material]
    assert added == ["CD7-PEBL-CAR lentiviral vector"]


@pytest.mark.parametrize("step", ["3.3", "6.1", "6.6", "6.8", "7.8", "11.2", "11.6", "11.8", "11.10", "11.11", "12.3"])
@pytest.mark.requirement("RQ-033")
@pytest.mark.requirement("RQ-113")
def test_what_two_people_must_see_is_verified(step: str) -> None:
    """Identity, the volume of vector, the dose, labels and storage: another person looks too."""
    assert cd7().steps[step].verifier is Role.VERIFIER


def test_a_line_is_cleared_before_each_opening_and_labels_are_reconciled() -> None:
    """Nothing of another patient is left, and no label goes astray."""
    assert [step.id for step in cd7().steps.values() if step.type == "clear"] == ["3.2", "7.1", "11.1"]
    assert ask("labels_reconciled").limits.action


@pytest.mark.requirement("RQ-050")
def test_the_bag_label_says_for_autologous_use_only() -> None:
    """And whose, which batch, and which dose."""
    assert ask("bag_labels").lines[0] == "FOR AUTOLOGOUS USE ONLY"
    assert {"coi", "batch", "target_dose"} <= set(ask("bag_labels").names_used)


@pytest.mark.requirement("RQ-091")
def test_results_that_arrive_late_do_not_gate_the_first_release() -> None:
    """Sterility after 14 days, vector copies, competent virus and clonotype are needed for the final one."""
    late = [field.name for step in cd7().steps.values() if step.stage is Stage.FINAL for field in step.fields]
    assert late == ["sterility", "vcn_bulk", "vcn_expected", "vcn_transduced", "rcl", "clonotype"]
    gates = [field.name for field in fields() if field.parameter_class is ParameterClass.CQA and field.name not in late]
    assert {"sterility_to_date", "endotoxin", "mycoplasma", "final_blasts", "identity_str", "final_dose"} <= set(gates)


def test_vector_copies_are_judged_for_each_transduced_cell() -> None:
    """A bulk value at 30 % CAR+ hides a threefold."""
    assert ask("vcn_bulk").limits.action is None
    assert ask("vcn_transduced").limits.action


def test_no_limit_is_shown_as_more_than_it_is() -> None:
    """Practice without a source is marked, so that nobody takes it for a law: a laboratory approves its own."""
    assert "[A]" in cd7().note
    marked = [field for field in fields() if "[A]" in field.note]
    assert len(marked) > 30
