"""Mistakes in recipes: each is refused at its line and column, with a sentence that says what was meant."""

from __future__ import annotations

import pytest

from batch_records.master.load import RecipeError, load
from tests.batch_records.writing import recipe_text, whole_text


def problems(text: str) -> list[tuple[int, int, str]]:
    """Return the mistakes found in a recipe, with line and column."""
    with pytest.raises(RecipeError) as caught:
        load(text)
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def a_step(kind: str, field: str) -> str:
    """Return a step with one field, which stands on its third line."""
    source = "  from: scale\n" if kind == "measure" else ""
    return f"- step: 1.1 Look\n  {kind}:\n    {field}\n{source}"


IN_FIELDS = [
    # what a value is called and asked
    ("record", "¦Cells: {unit: mL}", "“Cells” is no name for a value: use small letters, digits and _"),
    ("record", "¦v-2: {unit: mL}", "is no name for a value"),
    ("record", "¦of: {unit: mL}", "it is a word of formulas"),
    ("record", "volume: {unit: mL, ¦asks: How much}", "“asks” is not known here; did you mean “ask”?"),
    ("record", "volume: {unit: mL, ¦ask: }", "“ask:” is empty"),
    ("record", "volume: {unit: mL, ask: Room, ¦clean}", "a text with a comma needs quotes"),
    ("record", "volume: ¦5 mL", "expected “key: value” lines here"),
    ("record", "¦coi: {kind: text}", "a value is already named “coi”"),
    # units and kinds
    ("record", "volume: {unit: ¦ml}", "“ml” is no unit this system knows; did you mean “mL”?"),
    ("record", "volume: ¦{ask: How much}", "has either “unit:”, “one of: […]” or"),
    ("record", "volume: ¦{unit: mL, kind: text}", "has either “unit:”"),
    ("record", "volume: {kind: ¦number}", "“number” is not known here: use text, time"),
    ("record", "seal: {one of: ¦[intact]}", "two or more options, each different"),
    ("record", "seal: {one of: ¦[intact, intact]}", "two or more options, each different"),
    ("record", "seal: {one of: ¦intact}", "expected a list here"),
    ("record", 'seal: {one of: ¦[intact, ""]}', "two or more options"),
    ("record", "volume: {unit: mL, class: ¦CCP}", "“CCP” is not known here: use CPP, IPC, CQA"),
    ("record", "volume: {unit: mL, on action: ¦stop}", "use deviation, hold"),
    # limits
    ("record", "volume: {unit: mL, limit: ¦50 mL}", "write a limit as “>= 70 %”"),
    ("record", 'volume: {unit: mL, limit: ">= ¦50 g"}', "the limit is mass, and the value is in mL"),
    ("record", 'volume: {unit: mL, limit: ">= ¦volum"}', "no value is named “volum” here; did you mean “volume”?"),
    ("record", "volume: {unit: mL, limit: ¦60 to 50 mL}", "nothing would be within"),
    ("record", "volume: {unit: mL, alert: ¦1 to 2 to 3 mL}", "write a limit as"),
    ("record", "seal: {one of: [intact, broken], limit: ¦intakt}", "“intakt” is not among the options"),
    ("record", "seal: {one of: [intact, broken], alert: ¦intakt}", "“intakt” is not among the options"),
    ("record", "remark: {kind: text, limit: ¦short}", "only a number or a choice has a limit"),
    ("record", "began: {kind: time, plausible: ¦1 to 2 h}", "only a number or a choice has a limit"),
    ("result", "growth: {one of: [none, some], limit: ¦non}", "“non” is not among the options"),
    ("result", "growth: ¦{ask: Growth}", "has either “unit:” or “one of: […]”"),
    # values measured several times
    ("measure", "no: {unit: mL, repeats: ¦3, round: up to 1, cv: <= 5 %, outliers: kept}", "says “average:”, too"),
    ("measure", "no: {unit: mL, repeats: ¦3, average: mean, cv: <= 5 %, outliers: kept}", "says “round:”, too"),
    ("measure", "no: {unit: mL, repeats: ¦3, average: mean, round: up to 1, outliers: kept}", "says “cv:”, too"),
    ("measure", "no: {unit: mL, repeats: ¦3, average: mean, round: up to 1, cv: <= 5 %}", "says “outliers:”, too"),
    (
        "measure",
        "no: {unit: mL, repeats: ¦1, average: mean, round: up to 1, cv: <= 5 %, outliers: kept}",
        "from 2 to 10",
    ),
    ("measure", "no: {unit: mL, repeats: ¦11, average: mean, round: up to 1, cv: <= 5 %, outliers: kept}", "2 to 10"),
    (
        "measure",
        "no: {unit: mL, repeats: 3, average: ¦mode, round: up to 1, cv: <= 5 %, outliers: kept}",
        "mean, median",
    ),
    ("measure", "no: {unit: mL, repeats: 3, average: mean, round: ¦1, cv: <= 5 %, outliers: kept}", "write a rounding"),
    ("measure", 'no: {unit: mL, repeats: 3, average: mean, round: up to 1, cv: "<= ¦5 mL", outliers: kept}', "in %"),
    (
        "measure",
        'no: {unit: mL, repeats: 3, average: mean, round: up to 1, cv: "<= ¦no", outliers: kept}',
        "named “no”",
    ),
    (
        "measure",
        "no: {unit: mL, repeats: 3, average: mean, round: up to 1, cv: <= 5 %, outliers: ¦cut}",
        "measured again",
    ),
    ("measure", "no: {unit: mL, cv: ¦<= 5 %}", "“cv:” belongs to a value with “repeats:”"),
    ("measure", "no: {unit: mL, outliers: ¦kept}", "“outliers:” belongs to a value with “repeats:”"),
    # calculations
    ("calculate", "twice: {formula: 2 * ¦volume, unit: mL, round: up to 1}", "no value is named “volume” here"),
    ("calculate", "twice: {formula: ¦2 mL, unit: g, round: up to 1}", "this gives volume, and mass is asked for"),
    ("calculate", 'twice: {formula: "2 mL +¦", unit: mL, round: up to 1}', "expected a value here, not “the end”"),
    ("calculate", "twice: ¦{formula: 2 mL, unit: mL}", "“round:” is missing here"),
    ("calculate", "twice: {formula: 2 mL, unit: mL, round: ¦to 1}", "write a rounding as “down to 0.01”"),
    ("calculate", "twice: {formula: 2 ¦ml, unit: mL, round: up to 1}", "did you mean “mL”?"),
    # scans
    ("add", "medium: ¦{ask: Medium}", "“material:” is missing here"),
    ("add", "medium: {¦material: }", "“material:” is empty"),
    ("add", "vector: {material: vector, gives: {titre: ¦TU/ml}}", "did you mean “mL”?"),
    ("add", "vector: {material: vector, gives: {titre: {¦must: x}}}", "“must” is not known here"),
    ("use", "oven: ¦{ask: Incubator}", "“equipment:” is missing here"),
    ("check", "code: ¦{ask: Code}", "“matches:” is missing here"),
    ("check", "code: {matches: coi, ¦limit: x}", "“limit” is not known here"),
    # decisions, labels
    ("decide", "gate: {choices: ¦{go on: }}", "a decision has two or more choices"),
    ("decide", "gate: {choices: {go on: {¦need: 1 = 1}, stop: }}", "did you mean “needs”?"),
    ("decide", "gate: {choices: {go on: {needs: ¦1}, stop: }}", "this gives a plain number, and a yes or no is asked"),
    ("decide", "gate: {choices: {go on: , stop: {ends the batch: ¦no way}}}", "use yes, no"),
    ("print", "labels: {lines: [Batch ¦{batch]}", "expected"),
    ("print", 'labels: {lines: ["¦Batch {batch"]}', "a value's name stands in braces"),
    ("print", "labels: ¦{ask: Labels}", "“lines:” is missing here"),
]


def assert_found(marked: str, said: str) -> None:
    """Find the one mistake of a text, at the line and column that ¦ marks."""
    before = marked[: marked.index("¦")]
    (found,) = problems(marked.replace("¦", ""))
    assert found[:2] == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert said in found[2]


@pytest.mark.parametrize(("kind", "marked", "said"), IN_FIELDS)
@pytest.mark.requirement("RQ-029")
def test_a_mistake_in_a_field_is_shown_at_its_place(kind: str, marked: str, said: str) -> None:
    """One mistake gives one problem, at the very column (¦ marks it)."""
    assert_found(recipe_text(a_step(kind, marked)), said)


IN_STEPS = [
    ("- ¦step: 1.1 Look", "say what the step is, with one of: add,"),
    ("- step: ¦1 Look\n  do: Look", "write a number and a title: “4.2 Viability before transduction”"),
    ("- step: ¦1.1\n  do: Look", "write a number and a title"),
    ("- step: ¦1.01 Look\n  do: Look", "write a number and a title"),
    ("- step: ¦1.x Look\n  do: Look", "write a number and a title"),
    ("- ¦step: 2.1 Look\n  do: Look", "step 2.1 does not belong to operation 1"),
    ("- step: 1.1 Look\n  ¦doo: Look", "“doo” is not known here; did you mean “do”?"),
    ("- step: 1.1 Look\n  ¦do:", "“do:” is empty"),
    ("- step: 1.1 Look\n  do: Look\n  ¦do: Again", "“do” is written twice"),
    ("- step: 1.1 Look\n  do: Look\n  performed by: ¦operater", "“operater” is not known here: use operator, verifier"),
    ("- step: 1.1 Look\n  do: Look\n  verified by: ¦Verifier", "“Verifier” is not known here"),
    ("- step: 1.1 Look\n  do: Look\n  signed: ¦true", "“true” is not known here: use yes, no"),
    ("- step: 1.1 Look\n  do: Look\n  needed for: ¦release", "use conditional release, final release"),
    ("- step: 1.1 Look\n  do: Look\n  after: ¦1.0", "expected a list here"),
    ("- step: 1.1 Look\n  do: Look\n  when: ¦batch", "this gives a text, and a yes or no is asked for"),
    ("- step: 1.1 Look\n  do: Look\n  when: batch = ¦batsh", "did you mean “batch”?"),
    ("- step: 1.1 Look\n  record: ¦{}", "name at least one thing to record"),
    ("- step: 1.1 Look\n  record: ¦volume", "expected “key: value” lines here"),
    ("- step: 1.1 Look\n  ¦record:", "“record:” is empty"),
    ("- step: 1.1 Look\n  record: {a1: {kind: text}}\n  ¦take: {a2: {}}", "“take” is not known here"),
    ("- step: 1.1 Look\n  record: {a1: {kind: text}}\n  ¦use: {a2: {equipment: x}}", "“use” is not known here"),
    ("- step: 1.1 Look\n  record: {a1: {kind: text}, ¦a1: {kind: text}}", "“a1” is written twice"),
    ("- ¦step: 1.1 Count\n  measure: {a1: {unit: mL}}", "“from:” is missing here"),
    (
        "- step: 1.1 Count\n  measure: {a1: {unit: mL}}\n  from: scale\n  fresh for: ¦5 mL",
        "“5 mL” is not a quantity in h",
    ),
    ("- step: 1.1 Count\n  measure: {a1: {unit: mL}}\n  from: scale\n  fresh for: ¦0 min", "a span of time is above 0"),
    ("- step: 1.1 Gate\n  decide: ¦{a1: {choices: {x: , y: }}, a2: {choices: {x: , y: }}}", "a step decides one thing"),
    ("- step: 1.1 Wait\n  wait: ¦{at least: 1 h}", "“since:” is missing here"),
    ("- step: 1.1 Wait\n  wait: {since: ¦1.1, at least: 1 h}", "write “start of 4.3” or “end of 4.3”"),
    ("- step: 1.1 Wait\n  wait: {since: end of 1.0, at least: ¦18}", "“18” is not a quantity in h"),
    ("- step: 1.1 Wait\n  wait: {since: end of 1.0, at most: ¦-1 h}", "a span of time is above 0 and at most 3650 d"),
    ("- step: 1.1 Wait\n  wait: {since: end of 1.0, at most: ¦1e99 h}", "a span of time is above 0 and at most 3650 d"),
    ("- ¦1.1 Look", "expected “key: value” lines here"),
]


@pytest.mark.parametrize(("marked", "said"), IN_STEPS)
@pytest.mark.requirement("RQ-029")
def test_a_mistake_in_a_step_is_shown_at_its_place(marked: str, said: str) -> None:
    """What a step says of itself is read as strictly as what it records."""
    assert_found(recipe_text(marked), said)


STEPS = "  steps:\n  - step: 1.1 Look\n    do: Look\n"
IN_OPERATIONS = [
    ("- operation: ¦Work\n" + STEPS, "write a number and a title: “4 Transduction”"),
    ("- operation: ¦1.1 Work\n" + STEPS, "write a number and a title: “4 Transduction”"),
    ("- ¦steps:\n  - step: 1.1 Look\n    do: Look\n", "“operation:” is missing here"),
    ("- ¦operation: 1 Work\n", "“steps:” is missing here"),
    ("- operation: 1 Work\n  steps: ¦[]\n", "write at least one step"),
    ("- operation: 1 Work\n  ¦step: 1\n" + STEPS, "“step” is not known here; did you mean “steps”?"),
    ("- operation: 1 Work\n  repeat: ¦{is: x, at most: 3}\n" + STEPS, "“until:” is missing here"),
    ("- operation: 1 Work\n  repeat: {until: x, is: y, at most: ¦many}\n" + STEPS, "how often at most, from 2 to 100"),
    ("- operation: 1 Work\n  repeat: {until: x, is: y, at most: ¦1}\n" + STEPS, "from 2 to 100"),
    ("- operation: 1 Work\n  repeat: {until: x, is: y, at most: ¦101}\n" + STEPS, "from 2 to 100"),
    ("- operation: 1 Work\n  repeat: {until: x, is: y, at most: ¦²}\n" + STEPS, "from 2 to 100"),
    ("- operation: 1 Work\n  when: ¦weight > 5 kg\n" + STEPS, "no value is named “weight” here"),
]


@pytest.mark.parametrize(("marked", "said"), IN_OPERATIONS)
def test_a_mistake_in_an_operation_is_shown_at_its_place(marked: str, said: str) -> None:
    """Operations have whole numbers, steps, and repetitions that end."""
    assert_found(whole_text(marked), said)


IN_HEADS = [
    ("parameters:\n  moi: ¦3 TU/cell\n", "expected “key: value” lines here"),
    ("parameters:\n  moi: {value: ¦3 TUs/cell}\n", "no unit this system knows"),
    ("parameters:\n  moi: {value: ¦3.0.1}\n", "“3.0.1” is not a number"),
    ("parameters:\n  moi: {value: ¦3;0}\n", "“3;0” is not a number"),
    ("parameters:\n  moi: {¦unit: mL, value: 3}\n", "“unit” is not known here"),
    ("parameters:\n  ¦MOI: {value: 3}\n", "is no name for a value"),
    ("facts:\n  weight: ¦{ask: Body weight}\n", "has either “unit:”"),
    ("facts:\n  weight: {unit: kg, plausible: ¦2 to 150}\n  ¦weight: {unit: kg}\n", "“weight” is written twice"),
    ("¦fact: {}\n", "“fact” is not known here; did you mean “facts”?"),
    ("hold times:\n  - ¦{hold time: H, from: end of 1.1, at most: 1 h}\n", "“to:” is missing here"),
    ("hold times:\n  - {hold time: H, from: ¦1.1, to: end of 1.1, at most: 1 h}\n", "write “start of 4.3”"),
    (
        "hold times:\n  - {hold time: H, from: ¦colected, to: end of 1.1, at most: 1 h}\n",
        "or the name of a recorded time",
    ),
    ("hold times:\n  - {hold time: H, from: end of 1.1, to: end of 1.1, at most: ¦1 mL}\n", "is not a quantity in h"),
    ("figures: [¦batch]\n", "“batch” names no recorded number"),
    ("growth: ¦{cells: x}\n", "“viability:” is missing here"),
    ("day zero: ¦5.4\n", "write “start of 4.3” or “end of 4.3”"),
]


@pytest.mark.parametrize(("marked", "said"), IN_HEADS)
def test_a_mistake_in_the_head_is_shown_at_its_place(marked: str, said: str) -> None:
    """Facts, parameters, hold times and what is shown first are read as strictly as steps."""
    if marked.count("¦") > 1:
        marked = marked.replace("¦", "", 1)
    assert_found(recipe_text("- step: 1.1 Look\n  do: Look\n", marked), said)


@pytest.mark.parametrize("key", ["recipe", "code", "product", "facts", "operations"])
def test_a_recipe_without_a_part_that_it_must_have_is_refused(key: str) -> None:
    """Each of the five is asked for by name."""
    lines = recipe_text("- step: 1.1 Look\n  do: Look\n").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{key}:"))
    left = lines[:at] if key == "operations" else lines[:at] + lines[at + 1 :]
    assert problems("\n".join(left)) == [(1, 1, f"“{key}:” is missing here")]


SEVERAL = """
- step: 1.1 Volume
  record:
    volume: {unit: ml}
  performed by: operater
- step: 1.2 Twice
  calculate:
    twice: {formula: volume * 2, unit: mL, round: up to 1}
    thrice: {formula: volum * 3, unit: mL, round: up}
- step: 2 Last
  do: Look
"""


def test_all_mistakes_are_told_at_once_and_nothing_that_only_follows() -> None:
    """A person corrects a recipe in one go: “volume” is not called unknown because its own unit is misspelt."""
    found = [(line, message.partition(";")[0].partition(":")[0]) for line, _, message in problems(recipe_text(SEVERAL))]
    assert found == [
        (11, "“ml” is no unit this system knows"),
        (12, "“operater” is not known here"),
        (16, "no value is named “volum” here"),
        (16, "write a rounding as “down to 0.01”, “up to 1” or “half up to 0.1”"),
        (17, "write a number and a title"),
    ]


def test_a_name_given_twice_is_told_where_it_is_given_again() -> None:
    """A formula must know which of two values it means."""
    marked = recipe_text("- step: 1.1 A\n  record: {x1: {kind: text}}\n- step: 1.2 B\n  record: {¦x1: {kind: text}}\n")
    assert_found(marked, "a value is already named “x1”")


def test_a_formula_may_stand_above_what_it_names() -> None:
    """Reading needs the names only; whether a value is recorded before it is used is the lint's to say."""
    text = recipe_text(
        "- step: 1.1 A\n  calculate: {twice: {formula: 2 * volume, unit: mL, round: up to 1}}\n"
        "- step: 1.2 B\n  record: {volume: {unit: mL}}\n"
    )
    assert load(text).steps["1.1"].fields[0].rests_on == ("volume",)


def test_the_order_of_keys_does_not_matter() -> None:
    """A step that measures in a sample is no step that takes one, whichever is written first."""
    text = recipe_text("- sample: tube\n  from: scale\n  measure: {mass: {unit: g}}\n  step: 1.1 Weigh\n")
    assert load(text).steps["1.1"].type == "measure"
