"""The pages of alarms: the list, the band on every page, the answer on a tablet, and the limits."""

from __future__ import annotations

import pytest

from mes.alarms.models import AlarmRule
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, PETRA, QUINN
from tests.mes.alarms.watched import Watched
from tests.mes.furnishing import INCUBATOR
from tests.mes.laboratory import COI, INES, PASSWORD, Laboratory
from tests.mes.played import Played

PAGE = f"/alarms/?item={INCUBATOR}&number="
PROPOSAL = {
    "equipment_class": "incubator",
    "channel": "temperature",
    "kind": "high",
    "limit": "37.5 °C",
    "deadband": "0.2 °C",
    "priority": "high",
    "on_delay": "60",
    "off_delay": "30",
    "justification": "Cells suffer above",
}


@pytest.fixture
def incubator(lab: Laboratory) -> Watched:
    """An incubator with one approved limit, and a batch in it."""
    watched = Watched(lab)
    watched.limit()
    Played(lab).start(COI).finish("1.3")
    return watched


@pytest.mark.requirement("RQ-068")
def test_an_alarm_is_told_on_every_page(incubator: Watched) -> None:
    """Whatever Alice looks at says that an alarm waits, until somebody has acknowledged it."""
    tablet = incubator.lab.tablet(ALICE)
    assert "to acknowledge" not in tablet.open("/batches/").page.text
    incubator.raise_one()
    for path in ("/batches/", "/batches/B26-0001", "/batches/B26-0001/steps/1.3", "/materials/", "/alarms/band"):
        assert "1 alarm to acknowledge" in tablet.open(path).page.text
    tablet.press(f"{PAGE}A1", "/acknowledgement", comment="Door closed")
    assert "to acknowledge" not in tablet.open("/batches/").page.text


def test_an_alarm_is_acknowledged_on_a_tablet(incubator: Watched) -> None:
    """Alice taps the alarm, writes what is done, and sees it in the log."""
    incubator.raise_one()
    tablet = incubator.lab.tablet(ALICE)
    page = tablet.open(f"{PAGE}A1").page.text
    assert "38.1 °C" in page
    assert "high, above 37.5 °C" in page
    answer = tablet.press(f"{PAGE}A1", "/acknowledgement", comment="Door closed, temperature falls")
    assert "0 to acknowledge" in answer.page.text
    assert "Door closed, temperature falls" in answer.page.text


def test_a_refused_answer_keeps_what_was_typed(incubator: Watched) -> None:
    """A wrong password on a critical alarm: told so, nothing acknowledged, the words still there."""
    incubator.limit(priority="critical")
    rule = incubator.raise_one()
    tablet = incubator.lab.tablet(ALICE)
    answer = tablet.press(f"{PAGE}{rule}", "/acknowledgement", comment="Door closed", user="alice", password="wrong")
    assert answer.status == 409
    assert "do not belong together" in answer.error
    assert incubator.alarm(rule).state == "unacknowledged"
    signed = {"comment": "Door closed", "user": "alice", "password": PASSWORD}
    assert tablet.press(f"{PAGE}{rule}", "/acknowledgement", **signed).status == 200
    assert incubator.alarm(rule).state == "acknowledged"


def test_an_alarm_is_shelved_and_put_back_on_a_tablet(incubator: Watched) -> None:
    """For two hours, with a reason; the list says until when."""
    incubator.raise_one()
    tablet = incubator.lab.tablet(ALICE)
    assert "shelved" in tablet.press(f"{PAGE}A1", "/shelf", hours="2", why="probe is exchanged").page.text
    assert "until 2026-03-02 18:05" in tablet.open("/alarms/").page.text
    assert tablet.press(f"{PAGE}A1", "/list", why="probe is in place").status == 200
    assert incubator.alarm().state == "unacknowledged"


@pytest.mark.parametrize("person", [PETRA, INES])
def test_who_may_not_answer_finds_no_form(incubator: Watched, person: object) -> None:
    """An inspector sees the alarms and their log, and nothing to press."""
    incubator.raise_one()
    page = incubator.lab.tablet(person).open(f"{PAGE}A1").page  # type: ignore[arg-type]  # a person of the cast
    assert "38.1 °C" in page.text
    assert [form.action for form in page.forms if "alarms" in form.action] == []


def test_a_limit_is_proposed_and_approved_on_a_tablet(lab: Laboratory) -> None:
    """Alice proposes, Quinn signs; the page says by whom, and why this limit."""
    answer = lab.tablet(ALICE).press("/alarms/limits", "/limits", **PROPOSAL)
    assert "proposed" in answer.page.text
    quinn = lab.tablet(QUINN)
    answer = quinn.press("/alarms/limits?number=A1", "/approval", user="quinn", password=PASSWORD)
    assert "Cells suffer above" in answer.page.text
    assert lab.row(AlarmRule, "A1").approved_by == "quinn"
    retired = {"user": "ruth", "password": PASSWORD, "comment": "replaced"}
    lab.tablet(RUTH).press("/alarms/limits?number=A1", "/retirement", **retired)
    assert lab.row(AlarmRule, "A1").status == "retired"


def test_a_proposal_that_cannot_be_read_is_shown_again(lab: Laboratory) -> None:
    """The sentence says what was meant, and nothing has to be typed twice."""
    answer = lab.tablet(ALICE).press("/alarms/limits", "/limits", **PROPOSAL | {"limit": "37,5 °C"})
    assert answer.status == 400
    assert "decimal point" in answer.error
    assert answer.form("/limits").fields["justification"] == "Cells suffer above"


def test_nobody_approves_what_they_proposed(lab: Laboratory) -> None:
    """Quinn finds no signature under her own proposal."""
    quinn = lab.tablet(QUINN)
    quinn.press("/alarms/limits", "/limits", **PROPOSAL)
    page = quinn.open("/alarms/limits?number=A1").page
    assert page.form("/approval") is None
    answer = quinn.post(
        "/alarms/limits/A1/approval", {**page.form("/lock").fields, "user": "quinn", "password": PASSWORD}
    )
    assert answer.status == 409
