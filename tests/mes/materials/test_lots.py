"""Lots: received into quarantine, released or rejected by quality, found by number or material."""

from __future__ import annotations

import pytest

from mes.materials.models import Lot
from tests.cast import ALICE, BOB, QUINN
from tests.mes.furnishing import MEDIUM, NEW_MEDIUM
from tests.mes.laboratory import INES, PASSWORD, Laboratory

LOT = {"number": "LV-9", "material": "vector", "expiry": "2027-03-31", "titre": "1.2e8 TU/mL", "titre_method": "flow"}
SIGNED = {"user": "quinn", "password": PASSWORD}


@pytest.mark.requirement("RQ-087")
def test_a_lot_is_received_into_quarantine(lab: Laboratory) -> None:
    """With what its certificate gives; nobody uses it before quality has seen it."""
    answer = lab.tablet(BOB).press("/lots/", "/lots/", LOT)
    lot = lab.row(Lot, "LV-9")
    assert (lot.status, lot.gives) == ("quarantine", {"titre": "1.2e8 TU/mL", "titre_method": "flow"})
    assert answer.path == "/lots/?lot=LV-9"
    assert "lot added" in answer.page.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"number": MEDIUM}, "Lot CM-1 was received before"),
        ({"number": " "}, "A lot has a number and a material"),
        ({"expiry": "next year"}, "Enter a date"),
        ({"expiry": "9999-12-31"}, "Enter a year"),
        ({"number": "N" * 61}, "at most 60 characters"),
    ],
)
def test_a_lot_that_cannot_be_received_keeps_what_was_typed(
    lab: Laboratory, changes: dict[str, str], sentence: str
) -> None:
    """A sentence, and the form as it was."""
    answer = lab.tablet(BOB).press("/lots/", "/lots/", LOT | changes)
    kept = answer.form("/lots/").fields
    assert answer.status in (400, 409)
    assert sentence in answer.error
    assert kept["material"] == "vector"
    assert kept["titre"] == "1.2e8 TU/mL"


@pytest.mark.requirement("RQ-036")
@pytest.mark.parametrize(("button", "status"), [({}, "released"), ({"answer": "reject"}, "rejected")])
def test_quality_releases_or_rejects_by_the_button_it_presses(
    lab: Laboratory, button: dict[str, str], status: str
) -> None:
    """Two buttons under one signature: each does what stands on it."""
    tablet = lab.tablet(QUINN)
    answer = tablet.press(f"/lots/?lot={NEW_MEDIUM}", "/disposition", SIGNED | button | {"comment": "looked at it"})
    assert answer.status == 200
    assert lab.row(Lot, NEW_MEDIUM).status == status
    assert lab.lines(f"lot:{NEW_MEDIUM}", "lot disposed of")[-1]["body"] == {"status": status}


def test_a_wrong_password_releases_nothing(lab: Laboratory) -> None:
    """The sentence is on the lot's page, the remark still in its field."""
    wrong = {"user": "quinn", "password": "wrong", "comment": "looked at it"}
    answer = lab.tablet(QUINN).press(f"/lots/?lot={NEW_MEDIUM}", "/disposition", wrong)
    assert answer.status == 409
    assert "nothing was signed" in answer.error
    assert answer.form("/disposition").fields["comment"] == "looked at it"
    assert lab.row(Lot, NEW_MEDIUM).status == "quarantine"


def test_only_quality_decides_about_a_lot(lab: Laboratory) -> None:
    """Bob sees the lot and has no button; what he sends is forbidden."""
    tablet = lab.tablet(BOB)
    shown = tablet.open(f"/lots/?lot={NEW_MEDIUM}")
    assert shown.page.form("/disposition") is None
    fields = {"csrf_token": shown.form("/lock").fields["csrf_token"], "user": "bob", "password": PASSWORD}
    assert tablet.post(f"/lots/{NEW_MEDIUM}/disposition", fields).status == 403
    assert lab.tablet(INES).open("/lots/").page.form("/lots/") is None


def test_lots_are_found_by_number_and_material(lab: Laboratory) -> None:
    """Part of either is enough; marks of the search language are letters."""
    tablet = lab.tablet(ALICE)
    assert "WB-1" not in tablet.open("/lots/?search=medium").page.text
    assert "WB-1" in tablet.open("/lots/?search=WB").page.text
    for mark in ("%", "_", "\\"):
        assert "No lot found" in tablet.open("/lots/", params={"search": mark}).page.text


def test_an_expired_lot_says_so(lab: Laboratory) -> None:
    """The list shows what is about to expire, and what has."""
    text = lab.tablet(ALICE).open("/lots/").page.text
    assert "expired" in text
    lab.time.later(days=80)
    assert "in 10 d" in lab.tablet(ALICE).open("/lots/").page.text
