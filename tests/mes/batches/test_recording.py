"""Recording on a tablet: values, scans, computed values, decisions; and what is refused keeps what was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mes.equipment.commands import AddEquipment
from tests.cast import ALICE, BOB, LENA, QUINN
from tests.mes.furnishing import COUNTER, INCUBATOR, MEDIUM, NEW_MEDIUM, OLD_MEDIUM, OVERDUE
from tests.mes.laboratory import OTHER_COI, PASSWORD
from tests.mes.played import Played
from tests.mes.tablet import Answer


def record(batch: Played, key: str, person: object = ALICE, **values: str) -> Answer:
    """Open a step and record values."""
    tablet = batch.lab.tablet(person)
    return tablet.press(
        f"{batch.page}/steps/{key}", "/values", {f"value.{name}": text for name, text in values.items()}
    )


@pytest.mark.requirement("RQ-101")
def test_values_are_recorded_as_typed(batch: Played) -> None:
    """“50.0” keeps its zero; each value is a line of its own, and the page shows it with who and when."""
    batch.finish("1.5")
    answer = record(batch, "1.5", volume="50.0", look="clear", remark="all well")
    assert batch.value("1.5", "volume") == "50.0 mL"
    assert batch.kinds()[-3:] == ["value recorded"] * 3
    assert answer.path == f"{batch.page}/steps/1.5"
    assert "50.0 mL" in answer.page.text
    assert "Alice Operator" in answer.page.text


@pytest.mark.requirement("RQ-103")
@pytest.mark.parametrize("typed", ["much", "50,5", "", "1e999", "nan", "inf", "--5", "5 kg", "\uff15\uff10", "5\t0"])
def test_what_is_no_number_is_given_back(batch: Played, typed: str) -> None:
    """The sentence stands beside the field, what was typed stays, and nothing was recorded."""
    batch.finish("1.5")
    before = batch.kinds()
    answer = record(batch, "1.5", volume=typed, look="clear", remark="all well")
    form = answer.form("/values")
    assert answer.status == 400
    assert answer.error
    assert form.fields["value.volume"] == typed.strip() or form.fields["value.volume"] == typed
    assert form.fields["value.remark"] == "all well"
    assert form.fields["value.look"] == "clear"
    assert batch.kinds() == before


@pytest.mark.requirement("RQ-036")
def test_a_value_out_of_limits_is_recorded_and_opens_a_deviation(batch: Played) -> None:
    """A form that bounces it would hide it: it is recorded, judged, and a deviation opens by itself."""
    batch.finish("1.5")
    answer = record(batch, "1.5", volume="5", look="clear", remark="little")
    assert batch.value("1.5", "volume") == "5 mL"
    assert "out of limits" in answer.page.text
    assert "D1: Volume of the culture: 5 mL" in answer.page.text


@pytest.mark.requirement("RQ-032")
def test_a_value_that_the_recipe_holds_for_holds_the_batch(batch: Played) -> None:
    """Too much feed: recorded, the batch is held, and every page says so until quality lifts it."""
    batch.finish("1.8")
    answer = record(batch, "1.8", feed="99")
    assert "Held since" in answer.page.text
    assert batch.batch.holds
    assert answer.page.form("/complete") is None


def test_a_choice_is_one_of_those_offered(batch: Played) -> None:
    """Something else sent for a choice is not a choice."""
    batch.finish("1.5")
    assert record(batch, "1.5", volume="50", look="green", remark="all well").status == 400


@pytest.mark.requirement("RQ-008")
def test_a_step_before_its_turn_is_refused_with_what_it_waits_for(batch: Played) -> None:
    """Step 1.8 before 1.1: the page has no form for it, and what is sent all the same is refused."""
    tablet = batch.lab.tablet(ALICE)
    page = tablet.open(f"{batch.page}/steps/1.8")
    assert "waits for an earlier step" in page.page.text
    values = {**page.form("/values").fields, "value.feed": "50"}
    answer = tablet.post(f"{batch.page}/steps/1.8/values", values)
    assert answer.status == 409
    assert "cannot start: step 1.7" in answer.page.text
    assert batch.lab.refusals(batch.book)[-1].startswith("step 1.8 cannot start")


@pytest.mark.requirement("RQ-028")
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (OVERDUE, "calibration of CC-09 ended on 2026-03-01"),
        ("CC-99", "is the code of no equipment"),
        (INCUBATOR, "is of the class “incubator”"),
        (MEDIUM, "is the code of no equipment"),
        ("", "scan"),
    ],
)
def test_equipment_that_may_not_be_used_is_refused(batch: Played, code: str, sentence: str) -> None:
    """Overdue, unknown, of another class: said on the page, with what was scanned kept."""
    batch.finish("1.2")
    answer = record(batch, "1.2", counter=code, incubator=INCUBATOR)
    assert answer.status in (400, 409)
    assert sentence.lower() in answer.page.text.lower()
    assert not batch.batch.equipment


@pytest.mark.requirement("RQ-088")
def test_an_incubator_belongs_to_one_batch(batch: Played) -> None:
    """While it holds one patient's cells, nobody else's are put in; made ready again, it is free."""
    batch.finish("1.3")
    other = Played(batch.lab).start(OTHER_COI).finish("1.2")
    answer = record(other, "1.2", counter=COUNTER, incubator=INCUBATOR)
    assert "INC-05 is in use for batch B26-0001" in answer.error
    page = batch.lab.tablet(ALICE).press(f"/equipment/?item={INCUBATOR}", "/status", status="ready", why="cleaned")
    assert page.status == 200
    assert record(other, "1.2", counter=COUNTER, incubator=INCUBATOR).status == 200


@pytest.mark.requirement("RQ-033")
@pytest.mark.parametrize(
    ("lot", "sentence"),
    [
        (OLD_MEDIUM, "expired on 2026-02-27"),
        (NEW_MEDIUM, "is quarantine: scan a released lot"),
        ("WB-1", "is wash buffer; this step needs culture medium"),
        ("CM-99", "is the code of no lot"),
    ],
)
def test_a_lot_that_may_not_be_used_is_refused(batch: Played, lot: str, sentence: str) -> None:
    """Expired, in quarantine, another material, unknown: refused, kept on the page, and in the ledger."""
    batch.finish("1.6")
    answer = record(batch, "1.6", medium=lot)
    assert answer.status == 409
    assert sentence in answer.error
    assert answer.form("/values").fields["value.medium"] == lot
    assert sentence in batch.lab.refusals(batch.book)[-1]


def test_a_lot_used_says_where(batch: Played) -> None:
    """The lot's own history tells which batch took it, and in which step."""
    batch.finish("1.6")
    record(batch, "1.6", medium=MEDIUM)
    assert batch.lab.lines(f"lot:{MEDIUM}", "lot used")[-1]["body"] == {"batch": batch.number, "step": "1.6"}
    assert "CM-1" in batch.lab.tablet(QUINN).open(f"/lots/?lot={MEDIUM}").page.text


@pytest.mark.requirement("RQ-045")
def test_a_tube_is_used_once(batch: Played) -> None:
    """A tube with one patient's cells is not filled with another's."""
    batch.finish("1.4")
    other = Played(batch.lab).start(OTHER_COI)
    other.answers["incubator"] = "INC-06"
    until = batch.at + timedelta(days=90)
    batch.lab.do(AddEquipment("INC-06", "Another incubator", "incubator", until, exclusive=True), QUINN)
    other.finish("1.3")
    answer = record(other, "1.3", tube="TUBE-1")
    assert "Tube TUBE-1 already holds a sample of batch B26-0001" in answer.error
    assert record(other, "1.3", tube="TUBE-2").status == 200


def test_a_code_longer_than_any_is_given_back(batch: Played) -> None:
    """Two labels read at once: a sentence, not a failure."""
    batch.finish("1.3")
    answer = record(batch, "1.3", tube="T" * 61)
    assert answer.status == 400
    assert "at most 60 characters" in answer.page.text


@pytest.mark.requirement("RQ-034")
def test_a_calculation_shows_its_formula_and_inputs(batch: Played) -> None:
    """What was computed says from what and how it was rounded."""
    batch.finish("1.7")
    answer = record(batch, "1.7")
    assert "volume * 1e6 cells/mL * viability" in answer.page.text
    assert "down to 0.1" in answer.page.text


@pytest.mark.requirement("RQ-038")
def test_printed_labels_can_be_opened(batch: Played) -> None:
    """As many as were printed, with what the recipe puts on them and the code for scanners."""
    batch.finish("1.9")
    tablet = batch.lab.tablet(ALICE)
    assert tablet.open(f"{batch.page}/steps/1.9/labels/labels").status == 404
    record(batch, "1.9", labels="3")
    sheet = tablet.open(f"{batch.page}/steps/1.9/labels/labels")
    assert "printed: labels 1 to 3" in sheet.page.text.lower()
    assert "FOR AUTOLOGOUS USE ONLY" in sheet.page.text
    assert batch.batch.coi in sheet.page.text


@pytest.mark.parametrize("copies", ["0", "-1", "many", "501", "1.5", "²"])
def test_labels_are_counted_in_whole_numbers(batch: Played, copies: str) -> None:
    """No more than a roll, no less than one."""
    batch.finish("1.9")
    assert record(batch, "1.9", labels=copies).status == 400


@pytest.mark.requirement("RQ-043")
def test_a_decision_is_signed(batch: Played) -> None:
    """Quinn decides with name and password; what it needs is checked."""
    batch.finish("1.10")
    tablet = batch.lab.tablet(QUINN)
    signed = {"user": "quinn", "password": PASSWORD}
    step = f"{batch.page}/steps/1.10"
    assert tablet.press(step, "/decision", signed | {"value.harvest": "dance"}).status == 400
    wrong = tablet.press(step, "/decision", {"value.harvest": "harvest", "user": "quinn", "password": "wrong"})
    assert wrong.status == 409
    assert "nothing was signed" in wrong.error
    assert wrong.form("/decision").fields["value.harvest"] == "harvest"
    answer = tablet.press(step, "/decision", signed | {"value.harvest": "harvest"})
    assert answer.status == 200
    assert batch.value("1.10", "harvest") == "harvest"


def test_a_decision_can_end_the_batch(batch: Played) -> None:
    """Chosen so, the batch is over: nothing more is recorded."""
    batch.finish("1.10").choose("1.10", "harvest", "end the batch")
    assert batch.batch.disposition.value == "stopped"
    assert record(batch, "2.1", LENA, purity="95").status == 409


@pytest.mark.requirement("RQ-009")
def test_a_step_is_done_by_who_holds_its_role(batch: Played) -> None:
    """Lena sees what Alice does, and cannot do it."""
    batch.finish("1.5")
    answer = record(batch, "1.5", LENA, volume="50", look="clear", remark="mine")
    assert answer.status == 409
    assert "Lena Analyst does not hold it" in answer.error


@pytest.mark.requirement("RQ-045")
def test_a_result_is_reported_and_read_a_second_time(batch: Played) -> None:
    """Lena reports; it waits on the list of results for a second reader."""
    batch.finish("2.1")
    tablet = batch.lab.tablet(LENA)
    assert "To report" in tablet.open("/samples/").page.text
    record(batch, "2.1", LENA, purity="95")
    batch.complete("2.1")
    assert "For a second reader" in tablet.open("/samples/").page.text
    assert tablet.open("/samples/?sample=TUBE-1").path.startswith(f"{batch.page}/steps/")
    assert "is the code of no tube" in tablet.open("/samples/?sample=TUBE-9").page.text


def test_a_remark_is_always_possible(batch: Played) -> None:
    """Alice remarks on a step and on the batch; an empty remark is none."""
    tablet = batch.lab.tablet(ALICE)
    fields = tablet.open(batch.page).form("/lock").fields
    for step in ("", "1.1"):
        assert (
            tablet.post(
                f"{batch.page}/comments", {"csrf_token": fields["csrf_token"], "text": "well", "step": step}
            ).status
            == 200
        )
    assert tablet.post(f"{batch.page}/comments", {"csrf_token": fields["csrf_token"], "text": " "}).status == 400
    assert [text for _, text in batch.batch.comments] == ["well"]
    assert BOB.id not in batch.batch.run("1.1").people


def test_a_step_is_taken_up(batch: Played) -> None:
    """Alice takes up a step: it says whose it is and since when."""
    tablet = batch.lab.tablet(ALICE)
    fields = tablet.open(batch.page).form("/lock").fields
    tablet.post(f"{batch.page}/steps/1.1/start", {"csrf_token": fields["csrf_token"]})
    assert "Alice Operator · in this step for" in tablet.open(f"{batch.page}/steps/1.1").page.text
    assert tablet.post(f"{batch.page}/steps/1.1/start", {"csrf_token": fields["csrf_token"]}).status == 409
