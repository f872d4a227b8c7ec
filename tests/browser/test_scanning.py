"""A scanner at a tablet: a burst of keys that ends in Enter, wherever the focus is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Hand
from tests.browser.looking import box
from tests.browser.screen import Screen
from tests.cast import ALICE, BOB, DORA
from tests.mes.furnishing import COUNTER, INCUBATOR, MEDIUM, OLD_MEDIUM
from tests.mes.laboratory import COI, OTHER_COI
from tests.mes.played import Played

A_HAND = 0.15  # seconds between the keys of somebody who types


def test_each_scan_goes_to_the_next_field_that_waits(hand: Hand, batch: Played) -> None:
    """Counter, incubator: two scans, no tap between; the first arms the second, the second records both."""
    screen = hand(ALICE, f"{batch.finish('1.2').page}/steps/1.2")
    expect(screen.field("counter")).to_have_class("code armed")
    screen.scan(COUNTER)
    expect(screen.field("counter")).to_have_value(COUNTER)
    expect(screen.field("incubator")).to_have_class("code armed")
    screen.scan_and_go(INCUBATOR)
    used = batch.lab.lines(batch.book, "equipment used")
    assert [line["body"]["value"] for line in used] == [COUNTER, INCUBATOR]
    expect(screen.page.locator(".trace").first).to_contain_text("cell counter, ready, calibrated until 2026-08-29")


def test_a_batch_is_started_by_scanning_its_order(hand: Hand, batch: Played) -> None:
    """The code on the order opens it; the weight is tapped in; the batch is there with its first step."""
    screen = hand(DORA, "/batches/")
    screen.press("Start a batch", "link")
    screen.scan_and_go(OTHER_COI)
    screen.keys("20.5")
    screen.press("Start the batch")
    assert (screen.path, batch.number) == ("/batches/B26-0002", "B26-0001")
    assert batch.lab.batch("B26-0002").coi == OTHER_COI
    expect(screen.page.locator(".acts .primary")).to_have_text(re.compile("Go on *1.1 Identify the bag"))


@pytest.mark.parametrize("place", ["value.volume", "value.remark"])
def test_a_scan_is_never_typed_into_a_field_that_waits_for_none(hand: Hand, batch: Played, place: str) -> None:
    """Somebody scans while a number or a remark has the focus: what stood there stands there, and she is told."""
    screen = hand(ALICE, f"{batch.finish('1.5').page}/steps/1.5")
    field = screen.page.locator(f'[name="{place}"]')
    field.fill("50")
    field.focus()
    screen.scan(MEDIUM)
    expect(screen.page.locator("[data-notice]")).to_have_text(
        f"Scanned {MEDIUM}. Nothing on this screen asks for a scan."
    )
    expect(field).to_have_value("50")
    assert screen.path.endswith("/steps/1.5")


def test_what_a_person_types_is_no_scan(hand: Hand, batch: Played) -> None:
    """The same characters at the pace of a hand stay where they are typed, and send nothing."""
    screen = hand(ALICE, f"{batch.finish('1.5').page}/steps/1.5")
    screen.field("remark").focus()
    screen.scan(MEDIUM, apart=A_HAND)
    expect(screen.field("remark")).to_have_value(f"{MEDIUM}\n")
    expect(screen.page.locator("[data-notice]")).to_be_empty()


@pytest.mark.requirement("RQ-020")
def test_a_badge_names_and_does_not_sign(hand: Hand, batch: Played) -> None:
    """Bob scans his badge where his signature is asked: his name is there, and the password is waited for."""
    batch.finish("1.5").work("1.5").complete("1.5")
    screen = hand(ALICE, f"{batch.page}/steps/1.5")
    screen.scan("bobby")
    expect(screen.page.locator("[name=user]")).to_have_value("bobby")
    expect(screen.page.locator("[name=password]")).to_be_focused()
    assert batch.kinds()[-1] == "step completed"


@pytest.mark.requirement("RQ-033")
def test_a_lot_that_expired_is_refused_and_the_next_scan_takes_its_place(hand: Hand, batch: Played) -> None:
    """The sentence says which lot and since when; the code stays to be compared; the next scan replaces it."""
    screen = hand(ALICE, f"{batch.finish('1.6').page}/steps/1.6")
    screen.scan_and_go(OLD_MEDIUM)
    expect(screen.page.locator(".error")).to_contain_text(f"Lot {OLD_MEDIUM} expired on 2026-02-27: scan another lot.")
    expect(screen.field("medium")).to_have_value(OLD_MEDIUM)
    screen.scan_and_go(MEDIUM)
    assert batch.value("1.6", "medium") == MEDIUM


# --- the wrong bag ------------------------------------------------------------------------------------------------


def stopped(screen: Screen) -> None:
    """Look at the stop: all of the screen, and both codes side by side."""
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Stop. This is not the right code on the bag.")
    expected, scanned = screen.page.locator(".both .code").all()
    assert [each.inner_text() for each in (expected, scanned)] == [COI, OTHER_COI]
    assert (box(expected)["y"], box(expected)["height"]) == (box(scanned)["y"], box(scanned)["height"])
    size = screen.page.viewport_size or {}
    assert box(screen.page.locator("main"))["width"] == size["width"]


@pytest.mark.requirement("RQ-113")
def test_the_wrong_bag_stops_everything(hand: Hand, batch: Played) -> None:
    """Another child's bag: the whole screen says stop; the same scan, the right one and the way back clear nothing."""
    screen = hand(ALICE, f"{batch.page}/steps/1.1")
    screen.scan_and_go(OTHER_COI)
    stopped(screen)
    for code in (OTHER_COI, COI):
        screen.scan(code)
        expect(screen.page.locator("[name=user]")).to_have_value(code)  # as a badge would: it signs nothing
        stopped(screen)
    screen.page.go_back()
    stopped(screen.open(f"{batch.page}/steps/1.1"))
    assert batch.kinds()[1:] == ["step started", "identity checked", "deviation raised", "batch held"]


@pytest.mark.requirement("RQ-113")
def test_the_stop_is_cleared_by_a_second_person_alone(hand: Hand, batch: Played) -> None:
    """Alice who scanned cannot; Bob can, saying what happened. The batch stays held until quality lifts it."""
    screen = hand(ALICE, f"{batch.page}/steps/1.1")
    screen.scan_and_go(OTHER_COI)
    screen.sign(ALICE, comment="took the wrong one")
    screen.press("Clear the stop")
    stopped(screen)
    expect(screen.page.locator(".error")).to_contain_text(
        "Alice Operator made this scan: a second person says what happened."
    )
    expect(screen.page.locator("[name=comment]")).to_have_value("took the wrong one")
    screen.sign(BOB)
    screen.press("Clear the stop")
    assert screen.path == f"{batch.page}/steps/1.1"
    expect(screen.page.locator(".held")).to_contain_text("Held since")
    assert batch.kinds()[-1] == "deviation explained"
