"""A dose plan's way through the pages: written, approved, ordered by, manufactured by, and what was seen of it."""

from __future__ import annotations

import pytest

from batch_records.master.recipe import Stage
from mes.masters.commands import ApproveRecipe, DraftRecipe
from tests.cast import DORA, QUINN
from tests.mes.doses.planned import DOSED, PLAN, TEXT
from tests.mes.laboratory import PASSWORD, SVEN, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Answer

LEVELS = f"/dose-plans/{PLAN}/levels"
FOUR = [f"COI-26-{number:04}-D" for number in range(1, 5)]


def sign(lab: Laboratory) -> Answer:
    """Have quality approve the plan."""
    signed = {"user": QUINN.id, "password": PASSWORD}
    return lab.tablet(QUINN).press(f"/dose-plans/{PLAN}/1", "/approval", signed)


def written(lab: Laboratory) -> Answer:
    """Have the recipe, and the physician load the plan's file."""
    lab.do(DraftRecipe("dosed", DOSED), SVEN)
    lab.do(ApproveRecipe("dosed", 1), QUINN)
    lab.train("dosed")
    tablet = lab.tablet(DORA)
    form = tablet.open("/dose-plans/").form("/dose-plans/")
    return tablet.upload(form, file=(f"{PLAN}.yaml", TEXT.encode()))


def ordered(lab: Laboratory, coi: str, level: str) -> Answer:
    """Order a therapy at a level."""
    return lab.tablet(DORA).press("/orders/", "/orders/", coi=coi, recipe="dosed", level=f"{PLAN}/{level}", note="")


def seen(lab: Laboratory, coi: str, toxicity: str, response: str, **more: str) -> Answer:
    """Record what was seen of a patient."""
    seen_ = {"toxicity": toxicity, "response": response, **more}
    return lab.tablet(DORA).press(f"{LEVELS}?coi={coi}", "/levels", seen_)


@pytest.mark.requirement("RQ-039")
@pytest.mark.requirement("RQ-041")
def test_from_the_plan_to_the_lowest_level_that_works(lab: Laboratory) -> None:
    """Dora writes, Quinn approves, Dora orders; the batch carries the level to its release, and four patients count."""
    assert written(lab).path == f"/dose-plans/{PLAN}/1"
    page = sign(lab).page.text
    assert "approved" in page
    assert "0.25 × 10⁶ cells/kg within 30 %" in page
    for coi in FOUR:
        assert ordered(lab, coi, "3").status == 200

    tablet = lab.tablet(DORA)
    form = tablet.open(f"/batches/start?coi={FOUR[0]}").form("/batches/start")
    line = f"1e6 cells/kg within 30 % (level 3 of {PLAN}, edition 1)"
    assert form.fields["value.assigned_dose"] == line
    started = tablet.send(form, {"value.weight": "20"})
    batch = Played(lab)
    batch.number = started.path.rpartition("/")[2]
    batch.finish("3.1").review(Stage.CONDITIONAL)
    batch.release(Stage.CONDITIONAL)
    page = lab.tablet(DORA).open(f"{batch.page}/order")
    assert line.replace("1e6", "1 × 10⁶") in page.page.text
    assert "correct=weight" in page.html
    assert "correct=assigned_dose" not in page.html

    for coi, toxicity in zip(FOUR[:3], ("none", "none", "dose-limiting"), strict=True):
        seen(lab, coi, toxicity, "response")
    page = lab.tablet(DORA).open(LEVELS).page.text
    for sentence in (
        "Advisory: people decide.",
        "stay at this level",
        "1 of 3 1 not yet known",
        "3 of 3, 100 % 95 % interval 29 to 100 %",
        "Lowest level with 60 % or more responses so far: level 3",
        "Liu and Yuan, J R Stat Soc C 2015;64:507",
        "Clopper and Pearson",
    ):
        assert sentence in page
    assert lab.verify().holds


def test_what_was_seen_later_is_recorded_anew_with_its_reason(lab: Laboratory) -> None:
    """Without a reason it is given back; with one the advice follows, and both lines stand."""
    written(lab)
    sign(lab)
    ordered(lab, FOUR[0], "1")
    seen(lab, FOUR[0], "none", "no response")
    assert "Say why this is recorded anew" in seen(lab, FOUR[0], "dose-limiting", "no response", why="").error
    assert "1 of 1" in seen(lab, FOUR[0], "dose-limiting", "no response", why="seen on day 26").page.text
    assert len(lab.lines(f"order:{FOUR[0]}", "dose outcome recorded")) == 2


def test_a_mistake_in_the_file_is_shown_with_its_line(lab: Laboratory) -> None:
    """Each mistake at once, and the file is no draft."""
    tablet = lab.tablet(DORA)
    form = tablet.open("/dose-plans/").form("/dose-plans/")
    wrong = TEXT.replace('start: "1"', 'start: "4"').replace("target: 30 %", "target: 80 %")
    answer = tablet.upload(form, file=(f"{PLAN}.yaml", wrong.encode()))
    assert answer.status == 400
    assert "“4” is no level of this plan" in answer.page.text
    assert "column 11: 80 % is no rate of toxicity that a design can aim at" in answer.page.text


def test_an_order_without_its_level_is_given_back(lab: Laboratory) -> None:
    """With the sentence that says which levels there are."""
    written(lab)
    sign(lab)
    answer = lab.tablet(DORA).press("/orders/", "/orders/", coi=FOUR[0], recipe="dosed", level="", note="")
    assert "Choose the dose level" in answer.error


def test_who_only_looks_finds_no_form(lab: Laboratory) -> None:
    """Quality reads what was seen, and records none of it."""
    written(lab)
    sign(lab)
    ordered(lab, FOUR[0], "1")
    answer = lab.tablet(QUINN).open(f"{LEVELS}?coi={FOUR[0]}")
    assert "not yet known" in answer.page.text
    assert answer.page.form("/levels") is None


@pytest.mark.parametrize("path", [LEVELS, f"/dose-plans/{PLAN}/7"])
def test_a_plan_that_there_is_not_is_not_found(lab: Laboratory, path: str) -> None:
    """A mistyped address is answered with a sentence."""
    answer = lab.tablet(DORA).open(path)
    assert answer.status == 404
    assert "ose plan" in answer.page.text
