"""Starting a batch, and finding it."""

from __future__ import annotations

import pytest

from mes.batches.commands import IssueBatch
from mes.patients.commands import PlaceOrder
from tests.cast import ALICE, DORA, LENA, PETRA
from tests.mes.laboratory import COI, INES, OTHER_COI, Laboratory
from tests.mes.played import Played


@pytest.mark.requirement("RQ-041")
def test_a_batch_is_started_from_its_order(lab: Laboratory) -> None:
    """Dora opens the order, says what the recipe asks for, and the batch is there, pinned to the approved text."""
    tablet = lab.tablet(DORA)
    answer = tablet.press(f"/batches/start?coi={COI}", "/batches/start", {"value.weight": "20"})
    assert answer.path == "/batches/B26-0001"
    started = lab.lines("batch:B26-0001")[0]
    assert started["kind"] == "batch started"
    assert started["body"]["facts"] == {"weight": "20 kg"}
    assert started["body"]["digest"] == lab.batch("B26-0001").recipe.digest
    assert lab.lines(f"order:{COI}")[-1]["body"]["changes"] == {"batch": [None, "B26-0001"]}


@pytest.mark.parametrize(("weight", "sentence"), [("", "Weight"), ("much", "not a number"), ("900", "implausible")])
def test_an_impossible_fact_is_given_back(lab: Laboratory, weight: str, sentence: str) -> None:
    """What was typed stays, with the sentence beside its field, and no batch is started."""
    answer = lab.tablet(DORA).press(f"/batches/start?coi={COI}", "/batches/start", {"value.weight": weight})
    assert answer.status == 400
    assert answer.form("/batches/start").fields["value.weight"] == weight
    assert answer.error
    assert not lab.count("batch_view"), sentence


def test_an_order_starts_one_batch(lab: Laboratory) -> None:
    """The same order again, from a page that was still open: refused with the batch's number."""
    tablet = lab.tablet(DORA)
    form = tablet.open(f"/batches/start?coi={COI}").form("/batches/start")
    other = tablet.open(f"/batches/start?coi={COI}").form("/batches/start")
    tablet.send(form, {"value.weight": "20"})
    answer = tablet.send(other, {"value.weight": "20"})
    assert answer.status == 409
    assert "B26-0001 was started for this order already" in answer.page.text


def test_a_scanned_order_that_is_none_is_said(lab: Laboratory) -> None:
    """A code that is no order's leads back to the list of orders."""
    tablet = lab.tablet(ALICE)
    assert COI in tablet.open("/batches/start").page.text
    assert tablet.open("/batches/start?coi=COI-NONE-1").status == 200
    assert (
        tablet.post("/batches/start", {**tablet.open("/batches/start").form("/lock").fields, "coi": "X"}).status == 409
    )


@pytest.mark.requirement("RQ-009")
@pytest.mark.parametrize("person", [LENA, PETRA, INES])
def test_not_everybody_starts_batches(lab: Laboratory, person: object) -> None:
    """An analyst, a releaser and an inspector are refused, whatever they send."""
    tablet = lab.tablet(person)
    assert "Start a batch" not in tablet.open("/batches/").page.text
    form = tablet.open(f"/batches/start?coi={COI}").form("/batches/start")
    assert tablet.send(form, {"value.weight": "20"}).status == 403


def test_the_board_shows_what_needs_somebody(batch: Played) -> None:
    """The batch with its next step and who does it; held ones first."""
    other = Played(batch.lab).start(OTHER_COI).finish("1.5")
    other.enter("1.5", volume="500 mL")
    page = batch.lab.tablet(ALICE).open("/batches/")
    assert "In process 2" in page.page.text
    assert "1.1 Identify the bag" in page.page.text
    assert "1 open deviation" in page.page.text


def test_a_held_batch_stands_first(batch: Played) -> None:
    """What is held is under a heading of its own, with its cause."""
    Played(batch.lab).start(OTHER_COI)
    batch.scan("1.1", "bag", OTHER_COI)
    text = batch.lab.tablet(ALICE).open("/batches/").page.text
    assert text.index("Held 1") < text.index("In process 1")
    assert OTHER_COI in text


def test_the_batch_page_says_where_it_stands(batch: Played) -> None:
    """Operations, materials, equipment, the numbers one asks for first, and what comes next."""
    batch.finish("1.8")
    answer = batch.lab.tablet(ALICE).open(batch.page)
    for words in ("1.8 Feed", "CM-1", "INC-05", "CC-01", "Viability"):
        assert words in answer.page.text, words
    assert "Viable cells in culture, 1 counts" in answer.html
    assert answer.page.links["primary"] == f"{batch.page}/steps/1.8"


def test_the_growth_curve_has_its_points(batch: Played) -> None:
    """Days of culture and cells, with the plan as a line."""
    tablet = batch.lab.tablet(ALICE)
    assert tablet.open(f"{batch.page}/growth").status == 404
    batch.finish("1.8")
    curve = tablet.http.get(f"{batch.page}/growth").json()
    assert len(curve["x"]) == len(curve["series"][0]["values"]) == 1
    assert curve["x_end"] == 14


def test_a_released_batch_is_under_ended(batch: Played) -> None:
    """What has left is still found, with how it ended."""
    batch.finish().review()
    batch.release()
    text = batch.lab.tablet(ALICE).open("/batches/").page.text
    assert "Ended 1" in text
    assert "released on 2026-03-02" in text
    assert "released" in batch.lab.tablet(ALICE).open(batch.page).page.text


@pytest.mark.parametrize("path", ["/batches/B99-0001", "/batches/B99-0001/steps/1.1", "/batches/B26-0001/steps/9.9"])
def test_what_does_not_exist_is_said(batch: Played, path: str) -> None:
    """A wrong number is answered with a sentence."""
    answer = batch.lab.tablet(ALICE).open(path)
    assert answer.status == 404
    assert "no" in answer.page.text


def test_a_new_order_is_placed_by_a_physician(lab: Laboratory) -> None:
    """Dora orders; the code is checked, used once, and holds no name."""
    tablet = lab.tablet(DORA)
    assert tablet.press("/orders/", "/orders/", coi="COI-26-0003-C", recipe="short").status == 200
    assert "issued before" in tablet.press("/orders/", "/orders/", coi="COI-26-0003-C", recipe="short").error
    assert "capital letters" in tablet.press("/orders/", "/orders/", coi="Anna Smith", recipe="short").error
    assert tablet.press("/orders/", "/orders/", coi="COI-26-0004-D", recipe="no such").status == 409
    assert lab.tablet(ALICE).open("/orders/").page.form("/orders/") is None


def test_numbers_go_on_after_the_ten_thousandth(batch: Played) -> None:
    """As text, 9999 comes after 10000; as a number it does not."""
    batch.lab.do(PlaceOrder("COI-26-0003-C", "short"), DORA)
    other = Played(batch.lab).start(OTHER_COI)
    with batch.lab.dba() as dba:
        for number, late in ((batch.number, "B26-9999"), (other.number, "B26-10000")):
            dba.run("UPDATE batch_view SET batch = :late WHERE batch = :number", late=late, number=number)
    assert batch.lab.do(IssueBatch("COI-26-0003-C", {"weight": "20"}), DORA)["batch"] == "B26-10001"
