"""Equipment: its status, its calibration, its log, and what its instruments say."""

from __future__ import annotations

import pytest

from mes.clock import Tick
from mes.equipment.models import Equipment
from mes.ledger.line import utc
from tests.cast import ALICE, DORA, QUINN
from tests.mes.furnishing import COUNTER, INCUBATOR
from tests.mes.laboratory import CLOCK, COI, INES, Laboratory
from tests.mes.played import Played

PAGE = f"/equipment/?item={COUNTER}"
BALANCE = {"code": "SC-01", "name": "Balance", "equipment_class": "scale", "until": "2027-03-31"}


@pytest.mark.requirement("RQ-028")
@pytest.mark.parametrize("ticked", [{}, {"exclusive": "yes"}])
def test_equipment_is_entered_by_who_may(lab: Laboratory, ticked: dict[str, str]) -> None:
    """Quinn enters a balance; it is ready, counts until that day begins at the site, and the line names her."""
    assert "Balance" in lab.tablet(QUINN).press("/equipment/", "/equipment/", BALANCE | ticked).page.text
    row = lab.row(Equipment, "SC-01")
    assert (row.equipment_class, row.status, row.exclusive) == ("scale", "ready", bool(ticked))
    assert utc(row.calibrated_until) == "2027-03-30T16:00:00.000000Z"
    assert [line["author"] for line in lab.lines("equipment:SC-01")] == [QUINN.id]


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [({"until": "soon"}, "Enter a date and time"), ({"code": COUNTER}, "CC-01 was entered before")],
)
def test_equipment_that_is_not_entered_is_explained(lab: Laboratory, entered: dict[str, str], sentence: str) -> None:
    """“Soon” is no date, and a code is given once; the page says so and still has the form."""
    answer = lab.tablet(ALICE).press("/equipment/", "/equipment/", BALANCE | entered)
    assert sentence in answer.error
    assert answer.page.form("/equipment/")
    assert not lab.lines("equipment:SC-01", "equipment added")


def test_equipment_is_not_entered_by_others(lab: Laboratory) -> None:
    """Dora holds no role for it: her page has no form, and the address refuses her."""
    dora = lab.tablet(DORA)
    assert dora.open("/equipment/").page.form("/equipment/") is None
    fields = dora.open("/batches/").form("/lock").fields
    assert "his is for a person with the role" in ";".join(dora.post("/equipment/", fields | BALANCE).page.errors)
    assert not lab.lines("equipment:SC-01", "equipment added")


@pytest.mark.requirement("RQ-035")
def test_a_status_is_recorded_in_the_log(lab: Laboratory) -> None:
    """Alice takes the counter out of service; the log says who, when and why."""
    answer = lab.tablet(ALICE).press(PAGE, "/status", status="out of service", why="the pump leaks")
    assert "out of service" in answer.page.text
    assert "Reason: the pump leaks" in answer.page.text
    line = lab.lines(f"equipment:{COUNTER}", "status changed")[-1]
    assert (line["author"], line["reason"]) == ("alice", "the pump leaks")
    assert lab.lines(f"equipment:{COUNTER}")[-1]["body"]["changes"] == {"status": ["ready", "out of service"]}


def test_equipment_out_of_service_is_not_used(batch: Played) -> None:
    """What is being repaired is not scanned into a batch."""
    batch.lab.tablet(ALICE).press(PAGE, "/status", status="out of service", why="the pump leaks")
    batch.finish("1.2")
    tablet = batch.lab.tablet(ALICE)
    values = {"value.counter": COUNTER, "value.incubator": INCUBATOR}
    assert "CC-01 is out of service" in tablet.press(f"{batch.page}/steps/1.2", "/values", values).error


@pytest.mark.parametrize("values", [{"status": "broken", "why": "x"}, {"status": "ready", "why": ""}])
def test_a_status_is_one_that_exists_with_a_reason(lab: Laboratory, values: dict[str, str]) -> None:
    """Anything else is given back on the page."""
    answer = lab.tablet(ALICE).press(PAGE, "/status", values)
    assert answer.status == 400
    assert answer.error
    assert answer.page.form("/status")


@pytest.mark.requirement("RQ-028")
def test_a_calibration_is_recorded_by_quality(lab: Laboratory) -> None:
    """Until when it counts, with the certificate; who operates does not calibrate on paper."""
    answer = lab.tablet(QUINN).press(PAGE, "/calibration", until="2027-03-31", why="certificate 7")
    assert "2027-03-31" in answer.page.text
    assert utc(lab.row(Equipment, COUNTER).calibrated_until) == "2027-03-30T16:00:00.000000Z"
    assert lab.tablet(ALICE).open(PAGE).page.form("/calibration") is None
    assert lab.tablet(INES).open(PAGE).page.form("/status") is None


@pytest.mark.parametrize("until", ["", "soon", "2026-02-30", "0001-01-01", "31.3.2027"])
def test_a_date_that_is_none_is_given_back(lab: Laboratory, until: str) -> None:
    """The sentence stands on the page, and nothing was recorded."""
    answer = lab.tablet(QUINN).press(PAGE, "/calibration", until=until, why="certificate 7")
    assert answer.status == 400
    assert "Enter a" in answer.error


def test_the_list_says_what_is_heard_from_whom(lab: Laboratory) -> None:
    """Connected, silent, or never heard."""
    lab.measured("85")
    text = lab.tablet(ALICE).open("/equipment/").page.text
    assert "connected" in text
    assert "no readings" in text
    lab.time.later(minutes=3)
    assert "silent" in lab.tablet(ALICE).open("/equipment/").page.text


@pytest.mark.requirement("RQ-035")
def test_the_log_names_the_batches(lab: Laboratory) -> None:
    """Which batch used it and in which step stands in the equipment's own log."""
    Played(lab).start(COI).finish("1.3")
    assert "batch B26-0001, step 1.2" in lab.tablet(ALICE).open(f"/equipment/?item={INCUBATOR}").page.text
    assert "in use" in lab.tablet(ALICE).open("/equipment/").page.text


def test_what_is_sealed_each_minute_does_not_bury_the_log(lab: Laboratory) -> None:
    """Sixty seals later the calibration is still to be read; the seals are in the audit trail."""
    lab.tablet(ALICE).press(PAGE, "/status", status="out of service", why="the pump leaks")
    for number in range(60):
        lab.measured(str(number))
        lab.time.later(minutes=1)
        lab.do(Tick(), CLOCK)
    assert len(lab.lines(f"equipment:{COUNTER}", "readings sealed")) > 50
    text = lab.tablet(ALICE).open(PAGE).page.text
    assert "the pump leaks" in text
    assert "readings sealed" not in text


def test_what_holds_a_batch_is_not_freed_under_it(lab: Laboratory) -> None:
    """An incubator with cells in it is not made ready for others without saying why."""
    Played(lab).start(COI).finish("1.3")
    lab.tablet(ALICE).press(f"/equipment/?item={INCUBATOR}", "/status", status="ready", why="cells moved to INC-06")
    assert lab.row(Equipment, INCUBATOR).holds is None
    assert lab.lines(f"equipment:{INCUBATOR}")[-1]["body"]["changes"] == {"holds": ["B26-0001", None]}


def test_equipment_that_does_not_exist_is_said(lab: Laboratory) -> None:
    """A status for nothing is refused."""
    tablet = lab.tablet(ALICE)
    fields = tablet.open(PAGE).form("/status").fields
    assert tablet.post("/equipment/CC-77/status", {**fields, "status": "ready", "why": "x"}).status == 409
    assert tablet.open("/equipment/?item=CC-77").status == 200
