"""``./lab recipe``: what it says of a recipe, and the exit code that follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_records.master.load import shipped
from mes import cli

TEXT = shipped()["cd7_car_t_autologous_pebl"]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The shipped recipe as a file."""
    file = tmp_path / "recipe.yaml"
    file.write_text(TEXT, "utf-8")
    return file


def test_a_proof_says_what_holds(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The claims, the ends with their paths, the people needed, and what is taken for granted."""
    assert cli.main(["recipe", "prove", str(recipe)]) == 0
    said = capsys.readouterr().out
    assert ": proved in " in said
    assert "holds  Every path comes to a named end" in said
    assert "ended at step 9.5: end the batch" in said
    assert "2 × quality reviewer" in said
    assert "Taken for granted:" in said


def test_a_proof_that_fails_tells_the_path(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 1, and the story leads to the step."""
    recipe.write_text(
        TEXT.replace("        milestone: [fratricide control, CAR]\n", "        milestone: CAR\n"), "utf-8"
    )
    assert cli.main(["recipe", "prove", str(recipe)]) == 0  # a recipe that has no control has no order to keep
    recipe.write_text(TEXT.replace("milestone: blasts in the product", "when: day5_cd7 <= 1 %"), "utf-8")
    assert cli.main(["recipe", "prove", str(recipe)]) == 1
    said = capsys.readouterr().out
    assert "NOT proved" in said
    assert "“Viable events acquired” is not recorded, and the batch is released" in said
    assert "1. the batch is started" in said


def test_a_simulation_ends_every_batch(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each batch comes to an end, and values that are expected elsewhere than in the middle are taken from a file."""
    usual = tmp_path / "usual.toml"
    usual.write_text('vcn_bulk = "1.2 copies/cell"\nvector_added = "2.5 mL"\nvials_thawed = "9 vials"\n', "utf-8")
    code = cli.main(["recipe", "simulate", str(recipe), "--batches", "3", "--out", "0", "--values", str(usual)])
    assert code == 0
    assert "3 batches simulated" in capsys.readouterr().out


def test_a_difference_is_said_by_its_meaning(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another limit, role and material are said; another line break is not."""
    other = tmp_path / "other.yaml"
    other.write_text(TEXT.replace("\noperations:", "\n\noperations:"), "utf-8")
    assert cli.main(["recipe", "diff", str(recipe), str(other)]) == 0
    assert capsys.readouterr().out == "They mean the same.\n"
    changed = TEXT.replace('limit: ">= 98 %"', 'limit: ">= 95 %"').replace("material: cryomedium", "material: saline")
    changed = changed.replace(
        "performed by: quality reviewer\n        verified by: operator", "performed by: physician"
    )
    other.write_text(changed, "utf-8")
    assert cli.main(["recipe", "diff", str(recipe), str(other)]) == 1
    said = capsys.readouterr().out
    assert "value cd7_on_blasts: limit “>= 95 %”, was “>= 98 %”" in said
    assert "value cryomedium: material “saline”, was “cryomedium”" in said
    assert "step 10.4: performed by “physician”, was “quality reviewer”" in said
    assert "step 10.4: verified by is gone, was “operator”" in said
