"""The calculations of the process, each as a recipe writes it, against the worked examples of the process reference."""

from __future__ import annotations

import pytest

from batch_records.values.expression import Constants
from batch_records.values.formula import Formula
from batch_records.values.limit import Limit
from batch_records.values.quantity import Quantity
from batch_records.values.rounding import Rounding
from batch_records.values.unit import Unit

pytestmark = pytest.mark.requirement("RQ-029")


def calculate(formula: str, rounding: str, unit: str, **values: str) -> str:
    """Compute as a calculated field does: the formula, then its one rounding, in its unit."""
    quantities = {name: Quantity.parse(text) for name, text in values.items()}
    read = Formula.parse(formula, {name: quantity.unit.dimensions for name, quantity in quantities.items()})
    assert read.type == Unit.parse(unit).dimensions
    result = read(Constants({name: quantity.base for name, quantity in quantities.items()}))
    assert not isinstance(result, str)
    return str(Rounding.parse(rounding)(result + 0, Unit.parse(unit)))


def test_the_volume_of_vector() -> None:
    """5.0e7 cells at 3 TU a cell and 1.2e8 TU/mL take 1.25 mL: two vials of 1 mL, of which 0.75 mL is discarded."""
    volume = calculate("n * moi / titre", "up to 0.01", "mL", n="5.0e7 cells", moi="3 TU/cell", titre="1.2e8 TU/mL")
    vials = calculate("volume / vial * 1 vial", "up to 1", "vials", volume=volume, vial="1 mL")
    discarded = calculate(
        "vials / 1 vial * vial - volume", "down to 0.01", "mL", vials=vials, vial="1 mL", volume=volume
    )
    assert (volume, vials, discarded) == ("1.25 mL", "2 vials", "0.75 mL")


@pytest.mark.parametrize(
    ("car", "mean", "copies"),
    [("30 %", "0.357", "1.19"), ("60 %", "0.916", "1.53"), ("80 %", "1.609", "2.01"), ("95 %", "2.996", "3.15")],
)
def test_what_poisson_expects_of_the_copies(car: str, mean: str, copies: str) -> None:
    """The share of CAR+ cells tells how many copies a transduced cell should have, one vector and none silenced."""
    assert calculate("-ln(1 - car)", "half up to 0.001", "1", car=car) == mean
    assert calculate("-ln(1 - car) / (1 - exp(ln(1 - car)))", "half up to 0.01", "1", car=car) == copies


@pytest.mark.parametrize(("bulk", "car", "transduced"), [("1.5", "30 %", "5.0"), ("0.9", "45 %", "2.0")])
def test_vector_copies_are_counted_for_each_transduced_cell(bulk: str, car: str, transduced: str) -> None:
    """1.5 copies a cell at 30 % CAR+ are 5.0 in each transduced cell, and fail a limit of below 5."""
    unit = "copies/cell"
    found = calculate("bulk / car", "half up to 0.1", unit, bulk=f"{bulk} {unit}", car=car)
    assert found == f"{transduced} {unit}"
    below_five = Limit.parse("< 5 copies/cell", {}, Unit.parse(unit))
    assert below_five.accepts(Quantity.parse(found).base, Constants({})) is (transduced == "2.0")


def test_recovery_and_viability() -> None:
    """3.1e9 of 4.4e9 cells are 70.5 %; the living of all counted are the viability."""
    assert calculate("a / b", "half up to 0.1", "%", a="3.1e9 cells", b="4.4e9 cells") == "70.5 %"
    viability = calculate("live / (live + dead)", "half up to 0.1", "%", live="1.76e6 cells/mL", dead="0.24e6 cells/mL")
    assert viability == "88.0 %"


def test_expansion_and_doublings() -> None:
    """5e7 to 1.35e9 cells is 27.0-fold, and that is 4.75 population doublings."""
    fold = calculate("now / seeded", "half up to 0.1", "fold", now="1.35e9 cells", seeded="5e7 cells")
    assert fold == "27.0 fold"
    assert calculate("log2(fold)", "half up to 0.01", "doublings", fold=fold) == "4.75 doublings"


def test_growth_rate_and_doubling_time() -> None:
    """2.1e8 cells on day 5 and 9.0e8 on day 8 grow at 0.0202 an hour and double in 34.3 hours."""
    counts = {"earlier": "2.1e8 cells", "now": "9.0e8 cells", "passed": "3 d"}
    assert calculate("ln(now / earlier) / passed", "half up to 0.0001", "1/h", **counts) == "0.0202 1/h"
    assert calculate("ln(2) / (ln(now / earlier) / passed)", "half up to 0.1", "h", **counts) == "34.3 h"


def test_a_dip_is_negative_growth() -> None:
    """A count that fell is reported as such, never as missing."""
    falling = {"earlier": "1.0e8 cells", "now": "0.8e8 cells", "passed": "1 d"}
    assert calculate("ln(now / earlier) / passed", "half up to 0.0001", "1/h", **falling) == "-0.0093 1/h"


@pytest.mark.parametrize(
    ("dose", "weight", "target", "tolerance", "range_"),
    [
        ("1e6", "20", "20.0", "30 %", "14 to 26"),
        ("1e6", "20", "20.0", "20 %", "16 to 24"),
        ("1e6", "8", "8.0", "30 %", "5.6 to 10.4"),
        ("2e6", "60", "120.0", "30 %", "84 to 156"),
    ],
)
def test_the_dose_and_its_tolerance(dose: str, weight: str, target: str, tolerance: str, range_: str) -> None:
    """The dose a kilogram times the weight; how far from it is still the dose is the protocol's to say."""
    unit = "10^6 cells"
    found = calculate("dose * weight", "down to 0.1", unit, dose=f"{dose} cells/kg", weight=f"{weight} kg")
    assert found == f"{target} {unit}"
    limit = Limit.parse(f"within {tolerance} of target", {"target": (("cell", 1),)}, Unit.parse(unit))
    words = limit.in_words(Constants({"target": Quantity.parse(found).base}), Unit.parse(unit))
    assert words == f"{range_} {unit}"


@pytest.mark.parametrize(
    ("formula", "volume"),
    [("target / (density * car)", "2.38 mL"), ("target / (density * viability * car)", "2.71 mL")],
)
def test_the_volume_of_a_dose(formula: str, volume: str) -> None:
    """With a density of viable cells 2.38 mL hold the dose of 20 kg; were it one of all cells, 2.71 mL."""
    values = {"target": "2.0e7 cells", "density": "2.0e7 cells/mL", "car": "42 %", "viability": "88 %"}
    assert calculate(formula, "half up to 0.01", "mL", **values) == volume


@pytest.mark.parametrize(
    ("doses", "dose", "weight", "needed"),
    [("1", "1e6", "20", "187"), ("2", "1e6", "20", "314"), ("1", "2e6", "60", "822"), ("2", "2e6", "60", "1584")],
)
def test_the_cells_needed_at_harvest(doses: str, dose: str, weight: str, needed: str) -> None:
    """Doses, divided by the share of CAR+ and by what thaw and wash leave, and the cells for tests and retention."""
    formula = "doses * dose * weight / car / thaw / wash + tests"
    values = {"doses": doses, "dose": f"{dose} cells/kg", "weight": f"{weight} kg", "tests": "6e7 cells"}
    shares = {"car": "30 %", "thaw": "70 %", "wash": "75 %"}
    assert calculate(formula, "up to 1", "10^6 cells", **values, **shares) == f"{needed} 10^6 cells"


@pytest.mark.parametrize(("fill", "bags"), [("40 mL", "4 bags"), ("41 mL", "5 bags"), ("2.38 mL", "3 bags")])
def test_bags_are_counted_up_with_one_for_tests_and_one_to_keep(fill: str, bags: str) -> None:
    """A bag begun is a bag needed; a bag for quality control and one for retention come to them."""
    assert calculate("fill / bag * 1 bag + 2 bags", "up to 1", "bags", fill=fill, bag="20 mL") == bags


FEED = "max(0 mL, min(cells / density, largest) - volume)"


@pytest.mark.parametrize(
    ("cells", "volume", "fed"),
    [("3e8 cells", "100 mL", "200 mL"), ("3e9 cells", "100 mL", "900 mL"), ("0.5e8 cells", "100 mL", "0 mL")],
)
def test_the_volume_of_a_feed(cells: str, volume: str, fed: str) -> None:
    """Back to the density aimed at, no more than the vessel holds, and never less than nothing."""
    values = {"cells": cells, "volume": volume, "density": "1e6 cells/mL", "largest": "1000 mL"}
    assert calculate(FEED, "down to 1", "mL", **values) == fed


def test_the_volume_of_a_cytokine() -> None:
    """To 10 ng/mL in 300 mL from a stock of 25 ug/mL go 0.12 mL."""
    values = {"final": "10 ng/mL", "volume": "300 mL", "stock": "25 ug/mL"}
    assert calculate("final * volume / stock", "half up to 0.01", "mL", **values) == "0.12 mL"


@pytest.mark.parametrize(("weight", "volume", "limit"), [("20", "20", "5.0"), ("8", "50", "0.8")])
def test_the_endotoxin_limit_is_each_patients_own(weight: str, volume: str, limit: str) -> None:
    """5 EU a kilogram and hour: 8 kg and 50 mL give 0.8 EU/mL, a sixth of what a fixed 5 EU/mL would let through."""
    formula = "5 EU/kg/h * weight / rate"
    found = calculate(formula, "down to 0.1", "EU/mL", weight=f"{weight} kg", rate=f"{volume} mL/h")
    assert found == f"{limit} EU/mL"


def test_dmso_for_each_kilogram() -> None:
    """20 mL at 10 % hold 2.2 g, and for 8 kg that is 0.28 g a kilogram."""
    bag = {"volume": "20 mL", "share": "10 %", "density": "1.1 g/mL"}
    assert calculate("volume * share * density", "half up to 0.1", "g", **bag) == "2.2 g"
    for_the_child = calculate("volume * share * density / weight", "half up to 0.01", "g/kg", weight="8 kg", **bag)
    assert for_the_child == "0.28 g/kg"


def test_independent_transductions_leave_cells_unprotected() -> None:
    """50 % CAR+ and 60 % PEBL+, each by its own vector: 30 % have both, and 20 % a CAR without protection."""
    shares = {"car": "50 %", "pebl": "60 %"}
    assert calculate("car * pebl", "half up to 1", "%", **shares) == "30 %"
    assert calculate("car * (1 - pebl)", "half up to 1", "%", **shares) == "20 %"
