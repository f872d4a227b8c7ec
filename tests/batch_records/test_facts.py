"""The facts that a system for this process must not get wrong (process reference, section 8), each by its number.

Not here, because they are not the core's: 14 and 15 (forecasting growth), 21 (lymphocytes banked without an order).
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Disposition
from batch_records.executed.draft import Refused
from batch_records.master.lint import lint
from batch_records.master.load import load, shipped
from batch_records.master.recipe import Recipe, Stage
from batch_records.values.limit import Verdict
from tests.batch_records.child import COUNTS, ORDER, child, child_at
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import cd7, small
from tests.cast import LARS, LENA, PETRA


@cache
def edition(parameter: str, value: str) -> Recipe:
    """Return the shipped recipe as a laboratory's own edition, with another value of a parameter."""
    text = shipped()["cd7_car_t_autologous_pebl"]
    changed, count = re.subn(rf"(?<=  {parameter}: {{value: )[^,}}]+", value, text)
    assert count == 1
    recipe = load(changed)
    assert lint(recipe) == []
    return recipe


def by(recipe: Recipe, **other: str) -> Play:
    """Return the child's batch by another edition."""
    return Play(recipe, dict(ORDER), COUNTS | other).start()


def verdict(play: Play, key: str, name: str) -> Verdict:
    """Return the verdict on a value."""
    return play.batch.run(key).values[name].verdict


TWO_VECTORS = """
- step: 1.1 Blocker
  record: {blocker: {ask: Volume of the PEBL vector, unit: mL}}
- step: 1.2 Surface CD7
  record: {surface: {ask: Surface CD7+, unit: "%", limit: <= 10 %}}
- step: 1.3 CAR
  after: [1.1, 1.2]
  record: {car: {ask: Volume of the CAR vector, unit: mL}}
"""


def test_fact_01_fratricide_control_comes_before_the_car() -> None:
    """With two vectors the recipe makes it a hard predecessor: no CAR before CD7 was looked at."""
    play = Play(small(TWO_VECTORS)).start()
    play.step("1.1")
    with pytest.raises(Refused, match=r"step 1\.2 “Surface CD7” is not finished"):
        play.enter("1.3", car="1.2")


def test_fact_02_blasts_are_found_by_the_patients_own_phenotype_with_its_sensitivity() -> None:
    """The LAIP panel is recorded with the order, and the events acquired with each result: too few are out."""
    play = child(final_events="1e5").finish("14.4")
    assert play.value("1.2", "laip_panel")
    assert verdict(play, "14.3", "final_events") is Verdict.ACTION
    assert verdict(play, "14.3", "final_blasts") is Verdict.WITHIN


@pytest.mark.parametrize(
    ("key", "name", "found"),
    [
        ("2.2", "blood_blasts", "7"),
        ("3.8", "bag_blasts", "7"),
        ("4.6", "pbmc_blasts", "7"),
        ("9.4", "day5_blasts", "detected"),
        ("14.3", "final_blasts", "detected"),
    ],
)
def test_fact_03_blasts_are_gated_at_every_stage(key: str, name: str, found: str) -> None:
    """In blood, in the bag, after isolation, in culture and in the product: each opens a deviation."""
    play = child_at(key)
    assert "deviation raised" in kinds(play.report(key, **{name: found}))


def test_fact_03_gates_may_be_conditional_on_where_the_cells_come_from() -> None:
    """A healthy donor's cells hold no blasts of the patient."""
    head = "facts: {source: {one of: [autologous, new donor]}}\n"
    steps = '- step: 1.1 Blasts\n  when: source = "autologous"\n  record: {blasts: {unit: "%"}}\n'
    for source, standing in (("autologous", "ready"), ("new donor", "not applicable")):
        play = Play(small(steps, head), {"source": source}).start()
        assert play.progress.standing("1.1").value == standing


@pytest.mark.parametrize(("limit", "passes"), [("5 %", False), ("70 %", True)])
def test_fact_04_the_threshold_in_blood_is_the_laboratorys_own(limit: str, passes: bool) -> None:  # noqa: FBT001 - what is expected
    """A parameter of the edition, used by the limit and by the gate alike."""
    play = by(edition("blood_blast_limit", limit), blood_blasts="40")
    play.finish("2.3")
    assert (verdict(play, "2.2", "blood_blasts") is not Verdict.ACTION) is passes
    if not passes:
        with pytest.raises(Refused, match="“proceed to collection” needs that"):
            play.choose("2.3", "blood_gate", "proceed to collection")


def test_fact_05_cells_with_car_and_cd7_hold_the_batch() -> None:
    """They are the early warning of fratricide."""
    play = child_at("9.3")
    assert "batch held" in kinds(play.report("9.3", day5_car_cd7="2.5"))


def test_fact_06_half_the_share_of_t_cells_takes_twice_the_volume() -> None:
    """Seeding counts viable CD3+ cells, not all cells."""
    assert child(pbmc_cd3="60").finish("5.2").value("5.1", "seed_volume") == "2.7 mL"
    assert child(pbmc_cd3="30").finish("5.2").value("5.1", "seed_volume") == "5.4 mL"


def test_fact_07_the_chain_of_identity_is_not_the_donation_number() -> None:
    """The bag bears both; each is matched with its own, and one scanned for the other holds the batch."""
    play = child_at("3.3")
    donation = play.value("3.1", "donation_number")
    play.scan("3.3", "bag_donation", donation)
    assert not play.batch.holds
    play.scan("3.3", "bag_coi", donation)
    assert play.batch.holds


def test_fact_07_a_donors_batch_has_two_identities() -> None:
    """Whose cells, and for whom: never one field."""
    head = "facts: {recipient: {kind: text}}\n"
    steps = "- step: 1.1 Scan\n  check: {bag: {matches: coi}, patient: {matches: recipient}}\n"
    play = Play(small(steps, head), {"recipient": "P-7"}).start(coi="DONOR-1")
    play.scan("1.1", "bag", "DONOR-1")
    play.scan("1.1", "patient", "P-7")
    assert kinds(play.complete("1.1")) == ["step completed"]


def test_fact_08_cell_source_and_transplant_status_are_two_facts() -> None:
    """One says whose cells they are, the other what the patient went through; a recipe can use either."""
    head = "facts: {source: {one of: [autologous, donor]}, transplanted: {one of: [before, never]}}\n"
    steps = """
    - step: 1.1 Chimerism
      when: source = "autologous" and transplanted = "before"
      do: Compare with the donor's profile
    """
    play = Play(small(steps, head), {"source": "autologous", "transplanted": "before"}).start()
    assert play.next() == "1.1"
    assert cd7().types["transplant_status"] == "text"


def test_fact_09_copies_are_judged_for_each_transduced_cell() -> None:
    """Fact 9: 1.5 copies a cell in bulk at 30 % CAR+ are 5.00 in each transduced one, and not below 5."""
    play = child(final_car="30", vcn_bulk="1.5", product_density="5.6e7 cells/mL", bag_fill="1.70").finish("15.4")
    assert play.value("15.3", "vcn_transduced") == "5.00 copies/cell"
    assert verdict(play, "15.3", "vcn_transduced") is Verdict.ACTION


def test_fact_10_the_moi_counts_for_one_titre_method() -> None:
    """Fact 10: a lot whose titre was found by another method does not reach the cells."""
    play = child_at("6.5")
    gives = {"titre": "5e9 TU/mL", "titre_method": "p24, method 1"}
    with pytest.raises(Refused, match="this recipe counts for “flow titre on SUP-T1 cells, method 2” only"):
        play.add("6.5", "vector", "LV-1", gives=gives)


def test_fact_11_the_endotoxin_limit_is_the_childs_own() -> None:
    """Fact 11: 8 kg and 20 mL an hour are 2.00 EU/mL; the same product passes for 20 kg and fails for 8 kg."""
    heavy = child(endotoxin="3").finish("14.6")
    assert heavy.value("14.4", "endotoxin_limit") == "5.00 EU/mL"
    assert verdict(heavy, "14.5", "endotoxin") is Verdict.WITHIN
    light = child(weight="8", endotoxin="3", bag_fill="0.95").finish("14.6")
    assert light.value("14.4", "endotoxin_limit") == "2.00 EU/mL"
    assert verdict(light, "14.5", "endotoxin") is Verdict.ACTION


def test_fact_11_more_volume_an_hour_means_a_lower_limit() -> None:
    """Fact 11: a laboratory that infuses 50 mL an hour into 8 kg gets 0.80 EU/mL."""
    larger_volume = edition("infusion_volume_rate", "50 mL")
    play = Play(larger_volume, ORDER | {"weight": "8"}, COUNTS | {"bag_fill": "0.95"}).start().finish("14.5")
    assert play.value("14.4", "endotoxin_limit") == "0.80 EU/mL"


@pytest.mark.parametrize(("tolerance", "expected"), [("30 %", Verdict.WITHIN), ("20 %", Verdict.ACTION)])
def test_fact_12_the_dose_rule_is_data(tolerance: str, expected: Verdict) -> None:
    """Fact 12: three quarters of the dose are within 30 % and outside 20 %: the protocol says which."""
    play = child(assigned_dose=f"1e6 cells/kg within {tolerance}", final_car="31.5").finish("15.1")
    assert play.value("14.9", "final_dose") == "0.750 10^6 cells/kg"
    assert verdict(play, "14.9", "final_dose") is expected


def test_fact_09_both_counts_are_kept_beside_what_chance_expects() -> None:
    """Fact 9: bulk and transduced stand in the record; 3 copies where chance expects 1.30 are looked at."""
    play = child(vcn_bulk="1.8").finish("15.4")
    assert play.value("15.2", "vcn_bulk") == "1.8 copies/cell"
    assert play.value("15.3", "vcn_expected") == "1.30 copies/cell"
    assert play.value("15.3", "vcn_transduced") == "4.29 copies/cell"
    assert verdict(play, "15.3", "vcn_transduced") is Verdict.ALERT


@pytest.mark.parametrize("code", [code for code in sorted(shipped()) if "TU/mL" in shipped()[code]])
def test_fact_10_every_vector_is_bound_to_its_titre_method(code: str) -> None:
    """Fact 10: wherever a recipe takes a titre, it names the version of the method, and the lint would say if not."""
    lots = [field for _, field in load(shipped()[code]).fields.values() if field.gives]
    assert lots
    assert all(any("method" in given.must_be for given in lot.gives.values()) for lot in lots)


def test_fact_12_the_recipe_says_which_cells_it_counts() -> None:
    """Fact 12: the concentration is of viable cells, the share of CAR+ of viable CD3+: said where it is asked."""
    step, density = cd7().fields["product_density"]
    assert density.ask.startswith("Viable cells")
    assert "concentration is of viable cells" in cd7().steps["11.6"].instruction
    assert cd7().fields["final_car"][1].ask == "CAR+ of viable CD3+"
    assert step.id == "11.5"


def test_fact_13_a_child_needs_few_cells() -> None:
    """Fact 13: 187 million viable cells for 20 kg, tests and retention among them: quality binds before expansion."""
    assert child_at("7.7").value("7.6", "planned_cells") == "187 10^6 cells"


def test_fact_16_release_is_in_two_stages() -> None:
    """Five results may arrive after the infusion, each named on the conditional release."""
    play = child_at("15.1")
    play.review(Stage.CONDITIONAL)
    (released,) = play.release(Stage.CONDITIONAL)
    assert isinstance(released, e.BatchConditionallyReleased)
    assert len(released.pending) == 5


def test_fact_17_growth_after_the_infusion_is_recorded_and_no_status_is_edited() -> None:
    """The result stands, a deviation opens, the batch is held, and whoever the recipe names is told in time."""
    play = child_at("15.1")
    play.review(Stage.CONDITIONAL)
    play.release(Stage.CONDITIONAL)
    entries = play.later(days=14).report("15.1", sterility="growth")
    assert kinds(entries)[1:] == ["result reported", "deviation raised", "batch held", *["notification due"] * 3]
    told = [each.entry.to for each in play.batch.notifications.values()]
    assert told == ["Treating physician", "Sponsor", "Competent authority"]
    assert play.batch.disposition is Disposition.CONDITIONALLY_RELEASED


def test_fact_18_out_of_specification_is_never_released_as_if_it_were_within() -> None:
    """Not with the deviation closed, not by anybody: an exceptional supply would be a document of its own."""
    play = child(final_viability="75").finish().settle()
    play.review()
    with pytest.raises(Refused, match="Viable CD45\\+ CD3\\+ cells: 75 % is outside the action limit"):
        play.release()


@pytest.mark.parametrize(
    ("key", "name", "choice"),
    [
        ("2.3", "blood_gate", "end the batch"),
        ("3.10", "bag_gate", "collect again or end the batch"),
        ("8.8", "culture_decision", "end the batch"),
        ("9.5", "day5_gate", "end the batch"),
        ("10.4", "harvest_decision", "end the batch"),
    ],
)
def test_fact_19_failure_is_a_normal_end(key: str, name: str, choice: str) -> None:
    """At each gate a batch may end without infusion, and the record says why."""
    play = child_at(key)
    play.choose(key, name, choice, reason="insufficient cells")
    assert play.batch.disposition is Disposition.STOPPED
    assert "insufficient cells" in str(play.batch.disposed)


def test_fact_20_a_machines_number_is_checked_by_a_person() -> None:
    """What the counter measured and the operator took is not done before another looked at it."""
    play = child_at("4.4").work("4.4")
    play.complete("4.4")
    assert play.progress.standing("4.4").value == "to be verified"
    with pytest.raises(Refused, match=r"step 4\.4 “Count the isolated cells” is not finished"):
        play.enter("4.5", pbmc_volume="50")


def test_fact_20_flow_gates_have_a_second_reader() -> None:
    """Lena reports, and Lars reads it too."""
    play = child_at("2.2").work("2.2")
    play.complete("2.2")
    with pytest.raises(Refused, match="Lena Analyst did some of step"):
        play.verify("2.2", LENA)
    assert kinds(play.verify("2.2", LARS)) == ["step verified"]


def test_fact_22_a_product_is_named_fresh_or_frozen_and_has_its_own_clocks() -> None:
    """The shipped recipe's product is cryopreserved; another state is another recipe with other hold times."""
    assert "cryopreserved" in child().batch.issue.product
    assert [clock.name for clock in cd7().hold_times if "DMSO" in clock.name] == ["DMSO until freezing"]


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [("freeze_end", "-50", "12.2"), ("freeze_curve", "departed", "12.2"), ("storage_temperature", "-120", "12.3")],
)
def test_fact_23_every_excursion_of_the_cold_is_recorded(name: str, value: str, key: str) -> None:
    """Curve, end of the programme, temperature of the tank; and the position is kept."""
    play = child(**{name: value}).finish("12.4")
    assert verdict(play, key, name) is Verdict.ACTION
    assert play.value("12.3", "storage_position")


def test_fact_24_a_batch_is_bound_to_the_limits_that_were_approved() -> None:
    """Another limit is another text, another digest, another edition."""
    stricter = edition("harvest_cd7_limit", "2 %")
    assert stricter.digest != cd7().digest
    assert by(stricter).batch.issue.digest == stricter.digest


def test_fact_25_identities_and_vector_lot_stay_in_the_record() -> None:
    """From the batch to the chain of identity, the donation, the vector lot and the bag."""
    play = child_at("")
    recorded = [entry for _, entry in play.lines if isinstance(entry, e.MaterialAdded)]
    assert "vector-6.5" in [entry.value for entry in recorded]
    assert play.batch.coi == "COI-1"
    assert play.value("3.1", "donation_number")
    assert play.value("12.3", "storage_position")


def test_nobody_releases_a_batch_that_ended_at_a_gate() -> None:
    """An end is an end."""
    play = child_at("2.3")
    play.choose("2.3", "blood_gate", "end the batch")
    with pytest.raises(Refused, match="nothing can be added"):
        play.do(c.ReleaseBatch(B, Stage.FINAL, play.batch.last.hash), PETRA)
