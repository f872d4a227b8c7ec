"""The lint: each check has a recipe that trips it, and what is sound passes them all."""

from __future__ import annotations

import pytest

from batch_records.master.lint import CHECKS, lint
from batch_records.master.load import load
from tests.batch_records.writing import recipe_text, whole_text

SOUND = """
- operation: 1 Start
  steps:
  - step: 1.1 Identify
    check: {code: {matches: coi}}
  - step: 1.2 Scan
    use: {the_scale: {equipment: scale}}
  - step: 1.3 Sample
    sample: {tube: {ask: Tube}}
  - step: 1.4 Weigh
    measure: {mass: {unit: g, limit: ">= 1 g", class: CPP}}
    from: scale
    sample: tube
  - step: 1.5 Vector
    add: {vector: {material: vector, gives: {titre: TU/mL, titre_method: {must be: method 2}}}}
  - step: 1.10 Donation
    record: {donation: {kind: donation number}}
  - step: 1.6 Twice
    calculate: {twice: {formula: 2 * mass, unit: g, round: up to 1}}
  - step: 1.7 Print
    print: {labels: {lines: ["{coi}"], carries: [donation]}}
  - step: 1.8 Account
    reconcile: {accounted: {labels: labels}}
- operation: 2 Days
  repeat: {until: gate, is: enough, at most: 3}
  steps:
  - step: 2.1 Count
    record: {count_now: {unit: cells}, seen: {one of: [clear, clots]}}
  - step: 2.2 Feed
    when: seen = "clear"
    record: {fed: {unit: mL}}
  - step: 2.3 Gate
    decide: {gate: {choices: {enough: {needs: count_now > 1e6 cells}, go on: }}}
- operation: 3 Results
  steps:
  - step: 3.1 Sterility
    result: {sterility: {one of: [no growth, growth], limit: no growth, class: CQA}}
    sample: tube
    method: Ph. Eur. 2.6.27
"""
HOLD = "hold times:\n  - {hold time: H, from: end of 1.1, to: start of 1.4, at most: 1 h}\n"


def said(operations: str, head: str = HOLD) -> list[tuple[int, str]]:
    """Return what the lint says of a recipe, with the lines of its operations counted from 1."""
    text = whole_text(operations, head)
    offset = text.splitlines().index("operations:") + 1
    return [(problem.line - offset, problem.message) for problem in lint(load(text))]


def changed(old: str, new: str) -> str:
    """Return the sound recipe with one change."""
    assert SOUND.count(old) == 1
    return SOUND.replace(old, new)


def line_of(part: str, text: str = SOUND) -> int:
    """Return the line of the step that a part stands in."""
    before = text[: text.index(part)]
    return before[: before.rindex("- step:") + 1].count("\n") + 1


def test_a_sound_recipe_passes() -> None:
    """The recipe that the trips below change has nothing wrong with it."""
    assert said(SOUND) == []


_GATE = "- step: 2.3 Gate\n"
_LOOKED = "    gate: {metric: M, phenotype: the patient's LAIP, sensitivity: 0.01 %}\n"
TRIPS = {
    "numbers_are_given_once": [
        ("- step: 1.6 Twice", "- step: 1.5 Twice", "two steps are numbered 1.5"),
        (
            "- operation: 3 Results\n  steps:\n  - step: 3.1",
            "- operation: 2 Results\n  steps:\n  - step: 2.9",
            "numbered 2",
        ),
    ],
    "predecessors_stand_above": [
        ("- step: 1.2 Scan\n", "- step: 1.2 Scan\n    after: [1.6]\n", "waits for step 1.6, which is not above it"),
        ("- step: 1.2 Scan\n", "- step: 1.2 Scan\n    after: [7.7]\n", "waits for step 7.7, which is not above it"),
        ("3 Results\n", "3 Results\n  after: [4]\n", "operation 3 waits for operation 4, which is not above it"),
    ],
    "values_are_recorded_before_use": [
        ("formula: 2 * mass", "formula: 2 * twice", "“twice” uses “twice”, which is not recorded before step 1.6"),
        ('limit: ">= 1 g"', "limit: <= twice", "“mass” uses “twice”, which is not recorded before step 1.4"),
        ("1.6 Twice\n", "1.6 Twice\n    after: [1.3]\n", "“twice” uses “mass”, which is not recorded before"),
        ('when: seen = "clear"', "when: twice > 1 g and fed > 1 mL", "the condition of step 2.2 uses “fed”"),
    ],
    "values_are_there_whenever_used": [
        ("needs: count_now > 1e6 cells", "needs: fed > 1 mL", "step 2.2 records it under a condition only"),
    ],
    "comparisons_can_be_true": [
        (
            'when: seen = "clear"',
            'when: seen = "cleer"',
            "“seen” is compared with “cleer”, which is none of its options",
        ),
        ("needs: count_now > 1e6 cells", 'needs: seen != "clot"', "“seen” is compared with “clot”"),
    ],
    "scans_have_something_to_match": [
        ("matches: coi", "matches: mass", "“code” is matched with “mass”, which names no text"),
        ("matches: coi", "matches: nothing", "“code” is matched with “nothing”, which names no text"),
        ("matches: coi", "matches: tube", "“code” is matched with “tube”, which is not recorded before it"),
    ],
    "instruments_are_assigned": [
        ("equipment: scale", "equipment: oven", "“mass” comes from a scale, and no step before uses one"),
    ],
    "samples_are_taken": [
        (
            "from: scale\n    sample: tube",
            "from: scale\n    sample: code",
            "“mass” is measured in “code”, which is no sample",
        ),
        ("1.4 Weigh\n", "1.4 Weigh\n    after: [1.2]\n", "“mass” is measured in “tube”, which is not taken before"),
    ],
    "labels_are_printed": [
        ("labels: labels", "labels: vector", "“accounted” accounts for “vector”, which are no labels"),
        (
            "1.8 Account\n",
            "1.8 Account\n    after: [1.6]\n",
            "“accounted” accounts for “labels”, which are not printed",
        ),
        ("carries: [donation]", "carries: [mass]", "the symbol cannot hold “mass”: a donation number, a product code"),
    ],
    "repetitions_end": [
        ("until: gate", "until: count_now", "operation 2 repeats until “count_now”, no decision of its own"),
        ("is: enough", "is: plenty", "“plenty” is no choice of “gate”"),
        ("go on: }", "stop: {ends the batch: yes}}", "“gate” has no choice that goes on to another round"),
        (
            "2.3 Gate\n",
            '2.3 Gate\n    when: seen = "clear"\n',
            "“gate” ends the repetition, so its step has no condition",
        ),
    ],
    "identity_is_checked": [
        ("check: {code: {matches: coi}}", "do: Look", "step 1.5 adds a material, and no identity is checked before"),
    ],
    "critical_values_have_limits": [
        ('limit: ">= 1 g", class', "class", "“mass” is critical and has no “limit:”"),
        (", limit: no growth", "", "“sterility” is critical and has no “limit:”"),
    ],
    "release_rests_on_something": [
        (", class: CQA", "", "no critical quality attribute gates the release"),
        ("method: Ph. Eur. 2.6.27", "method: M\n    needed for: final release", "no critical quality attribute gates"),
    ],
    "titres_are_bound_to_their_method": [
        (", titre_method: {must be: method 2}", "", "“vector” gives “titre”, and no method that “must be” the one"),
        ("{must be: method 2}", "text", "“vector” gives “titre”, and no method that “must be” the one"),
    ],
    "endotoxin_is_judged_by_the_patient": [
        (
            "one of: [no growth, growth], limit: no growth, class: CQA",
            "unit: EU/mL, limit: <= 5 EU/mL, class: CQA",
            "the limit of “sterility” does not rest on the patient's weight",
        ),
    ],
    "blasts_are_looked_for_knowingly": [
        (_GATE, f"{_GATE}    milestone: blasts in culture\n", "has no “gate:” with its metric"),
        (_GATE, f"{_GATE}    milestone: blasts in blood\n{_LOOKED}", "says not how long a result counts"),
    ],
    "waivers_are_of_two": [
        ("1e6 cells}", "1e6 cells, waived by: [physician]}", "“enough” is waived by one person"),
        ("go on: }", "go on: {waived by: [physician, verifier]}}", "“go on” needs nothing that could be waived"),
    ],
    "results_name_their_method": [
        ("    method: Ph. Eur. 2.6.27\n", "", "step 3.1 reports results and names no method"),
    ],
}
CASES = [(check, *trip) for check, trips in TRIPS.items() for trip in trips]


@pytest.mark.parametrize(("check", "old", "new", "sentence"), CASES)
@pytest.mark.requirement("RQ-040")
def test_a_check_finds_what_it_looks_for(check: str, old: str, new: str, sentence: str) -> None:
    """What reads well can still lead a batch astray, and is found with the line of its step."""
    found = said(changed(old, new))
    assert any(sentence in message for _, message in found), f"{check}: {found}"
    assert all(line > 0 for line, _ in found)


IN_HEADS = {
    "a_supply_is_told": [
        (HOLD + "out of specification: US IND\n", "needs a notification of “supply out of specification”"),
    ],
    "clocks_have_edges": [
        (HOLD.replace("1.4", "1.9"), "hold time “H” names step 1.9, which does not exist"),
        (HOLD.replace("1.1", "1.9"), "hold time “H” names step 1.9, which does not exist"),
        (HOLD.replace("1.4", "1.1").replace("end of 1.1", "end of 1.4", 1), "which may come before step 1.4"),
        (HOLD.replace(", at most: 1 h", ""), "has neither “at least:” nor “at most:”"),
        (HOLD.replace("at most", "at least: 2 h, at most"), "lasts at least longer than at most"),
        (HOLD + HOLD.splitlines()[1] + "\n", "two hold times are named “H”"),
        (HOLD.replace("end of 1.1", "mass"), "starts at “mass”, which is no time"),
        (HOLD + "day zero: end of 9.9\n", "“day zero” names step 9.9, which does not exist"),
    ],
    "doses_are_judged": [
        ("facts: {level: {kind: dose}}\n", "no critical limit names “level”: a dose that is not it would not be found"),
    ],
    "facts_are_judged_when_given": [
        ("facts: {age: {unit: d, plausible: 1 d to mass / 1 g * 1 d}}\n", "the fact “age” uses “mass”"),
        ("facts: {low: {unit: kg, limit: <= high}, high: {unit: kg}}\n", "the fact “low” uses “high”"),
    ],
}


@pytest.mark.parametrize(("head", "sentence"), [case for cases in IN_HEADS.values() for case in cases])
@pytest.mark.requirement("RQ-040")
def test_a_check_finds_what_is_wrong_with_the_head(head: str, sentence: str) -> None:
    """Hold times and facts are held to the same."""
    assert any(sentence in message for _, message in said(SOUND, head))


def test_every_check_has_a_recipe_that_trips_it() -> None:
    """A check that was never seen to find anything is not trusted."""
    assert {check.__name__ for check in CHECKS} == set(TRIPS) | set(IN_HEADS)


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_says_what_it_is_for(check: object) -> None:
    """Its docstring is the rule."""
    assert (check.__doc__ or "").endswith(".")


def test_a_problem_stands_at_the_line_of_its_step() -> None:
    """A person finds the step that is meant."""
    text = changed("formula: 2 * mass", "formula: 2 * twice")
    assert said(text) == [(line_of("twice: ", text), "“twice” uses “twice”, which is not recorded before step 1.6")]


def test_facts_may_use_parameters_and_facts_above() -> None:
    """A limit on the weight may come from the protocol."""
    facts = """facts: {low: {unit: kg, limit: ">= least"}, high: {unit: kg, limit: ">= low"}}\n"""
    assert said(SOUND, facts + "parameters: {least: {value: 2 kg}}\n") == []


def test_a_value_given_by_a_lot_is_known_in_its_own_step() -> None:
    """What the certificate says may judge what is added beside it."""
    text = recipe_text(
        "- step: 1.1 Code\n  check: {code: {matches: coi}}\n"
        "- step: 1.2 Vector\n  add:\n    vector: {material: vector, gives: {titre: TU/mL, how: {must be: flow}}}\n"
        "- step: 1.3 Dose\n  calculate: {dose: {formula: titre * 1 mL, unit: TU, round: up to 1}}\n"
    )
    assert [problem.message for problem in lint(load(text))] == ["no critical quality attribute gates the release"]


def test_a_condition_may_be_shared() -> None:
    """What is recorded under a condition may be used under the same one, the operation's own included."""
    used = '\n  - step: 2.4 Also\n    when: seen = "clear"\n    record: {more: {unit: mL, limit: <= fed}}\n'
    text = changed("\n- operation: 3", used + "- operation: 3").replace("go on: }}}", "go on: }}}", 1)
    assert said(text) == []


def test_the_smallest_recipe_lacks_only_what_gates_its_release() -> None:
    """The lint has an answer for any recipe that reads."""
    smallest = "- operation: 1 Work\n  steps:\n  - step: 1.1 Look\n    do: Look\n"
    assert said(smallest, "") == [(3, "no critical quality attribute gates the release")]


def test_a_fixed_limit_warns_of_endotoxin_before_the_patients_own_decides() -> None:
    """An in-process control may have one; what gates the release hangs on the weight."""
    text = changed(
        "one of: [no growth, growth], limit: no growth, class: CQA", "unit: EU/mL, limit: <= 5 EU/mL, class: IPC"
    )
    assert said(text) == [(4, "no critical quality attribute gates the release")]


def test_an_endotoxin_limit_may_rest_on_the_weight_through_what_is_computed() -> None:
    """The limit names a value, and that one is computed from the weight."""
    head = "facts: {weight: {unit: kg}}\n"
    per_kg = "calculate: {most: {formula: 5 EU/kg * weight / 20 mL, unit: EU/mL, round: down to 0.01}}"
    text = changed("calculate: {twice: {formula: 2 * mass, unit: g, round: up to 1}}", per_kg)
    text = text.replace("one of: [no growth, growth], limit: no growth", "unit: EU/mL, limit: <= most")
    assert said(text, head) == []
