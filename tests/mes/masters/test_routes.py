"""Every route that is shipped: proved on all its paths, and played to its end."""

from __future__ import annotations

import tomllib
from pathlib import Path
from random import Random

import pytest

from batch_records.master.load import load, shipped
from batch_records.master.proof.claims import CounterExample
from batch_records.master.prove import prove
from batch_records.master.recipe import Kind, Milestone, Recipe
from batch_records.release.simulate import STUCK, simulate

ROUTES = sorted(shipped())
USUAL = tomllib.loads((Path("tests") / "data" / "recipes" / "usual.toml").read_text("utf-8"))
OF_A_BAG = {"bag_volume": "100 mL", "bag_density": "4e7 cells/mL", "bag_cd3": "60 %"}


@pytest.fixture(params=ROUTES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """Each recipe that is shipped."""
    return load(shipped()[request.param])


@pytest.mark.requirement("RQ-008")
def test_every_path_is_proved(recipe: Recipe) -> None:
    """Every claim holds, and a batch can end in release, in rejection, and by a decision of the recipe."""
    proof = prove(recipe)
    against: list[CounterExample] = [each for found in proof.claims.values() for each in found]
    assert against == []
    assert {"released", "rejected"} < set(proof.ends)


def test_a_usual_batch_is_released(recipe: Recipe) -> None:
    """With values that fit together nothing goes wrong."""
    usual = USUAL if recipe.code == "thaw_and_infusion" else USUAL | OF_A_BAG
    played = simulate(recipe, Random(1), 0, usual)  # noqa: S311 - played again from its seed
    assert played.end == "released"


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_that_goes_wrong_comes_to_an_end_too(recipe: Recipe, seed: int) -> None:
    """One value in ten is out of its limits: released, rejected or ended, and never stuck."""
    played = simulate(recipe, Random(seed), 0.1, USUAL)  # noqa: S311 - played again from its seed
    assert not played.end.startswith(STUCK)


def order_of(code: str, *milestones: Milestone) -> list[str]:
    """Return the operations of milestones."""
    steps = load(shipped()[code]).steps.values()
    return [step.id.partition(".")[0] for each in milestones for step in steps if each in step.milestones]


def test_fact_01_the_blocker_or_the_knock_out_comes_before_the_car() -> None:
    """Where there are two steps, the first is a predecessor of the second: a hard one, not a warning."""
    both = (Milestone.FRATRICIDE_CONTROL, Milestone.CAR)
    assert order_of("cd7_car_t_autologous_pebl_two_vectors", *both) == ["6", "16"]
    assert order_of("cd7_car_t_autologous_knockout", *both) == ["17", "16"]
    assert order_of("cd7_car_t_autologous_knockdown", *both) == ["6", "6"]


def test_fact_03_a_donor_is_not_searched_for_blasts() -> None:
    """Blasts are looked for four times in the patient's cells, and not in a healthy donor's."""
    gates = (Milestone.BLOOD, Milestone.BAG, Milestone.CULTURE, Milestone.PRODUCT)
    assert order_of("cd7_car_t_autologous_pebl", *gates) == ["2", "3", "9", "14"]
    assert order_of("cd7_car_t_donor_pebl", *gates) == []
    assert order_of("cd7_car_t_donor_pebl", Milestone.HEALTHY_DONOR) == ["1"]


@pytest.mark.requirement("RQ-050")
def test_fact_07_a_donors_label_says_for_whom() -> None:
    """Never for autologous use; the donor's code is scanned on the bag, the recipient's is printed."""
    donor = load(shipped()["cd7_car_t_donor_pebl"])
    assert donor.fields["bag_labels"][1].lines[0] == "FOR USE BY {recipient} ONLY"
    assert donor.fields["bag_donor"][1].matches == "donor"


@pytest.mark.parametrize(
    ("code", "day_5", "harvest", "product"),
    [
        ("cd7_car_t_autologous_pebl", "10 %", "5 %", "95 %"),
        ("cd7_car_t_autologous_knockout", "15 %", "10 %", "90 %"),
        ("cd7_car_t_autologous_knockdown", "30 %", "20 %", "80 %"),
    ],
)
def test_the_limits_of_cd7_hang_on_the_route(code: str, day_5: str, harvest: str, product: str) -> None:
    """A knockdown is tunable and not zero; an edit is read late; a blocker acts at once."""
    parameters = load(shipped()[code]).parameters
    names = ("day5_cd7_limit", "harvest_cd7_limit", "final_cd7_negative_limit")
    assert [str(parameters[name]) for name in names] == [day_5, harvest, product]


def test_fact_21_lymphocytes_are_banked_without_a_therapy() -> None:
    """Their order names no dose; a therapy that uses them links the bag, with consent, expiry and history."""
    assert "assigned_dose" not in load(shipped()["lymphocyte_banking"]).types
    linked = load(shipped()["cd7_car_t_banked_pebl"]).steps["3.1"]
    assert {"bank_consent", "bank_expiry", "bank_history"} <= {field.name for field in linked.fields}


@pytest.mark.parametrize("code", ROUTES)
def test_fact_02_no_route_finds_blasts_by_cd7(code: str) -> None:
    """Wherever blasts are a result, the method is the patient's own immunophenotype."""
    results = [field for _, field in load(shipped()[code]).fields.values() if field.kind is Kind.RESULT]
    assert {field.method for field in results if "blasts" in field.name} <= {"Flow cytometry, LAIP panel"}
