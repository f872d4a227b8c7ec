"""A browser whose scripts do not run: every page works as plain forms."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Hand
from tests.browser.screen import Screen
from tests.cast import ALICE, BOB
from tests.mes.furnishing import MEDIUM
from tests.mes.laboratory import PASSWORD
from tests.mes.played import Played


@pytest.fixture
def screen(hand: Hand) -> Screen:
    """A tablet on which no script runs."""
    return hand(java_script_enabled=False)


def test_a_step_is_done_without_scripts(screen: Screen, batch: Played) -> None:
    """Sign in, type, pick, record, complete, be checked: the step is done, and the way leads on."""
    page = screen.page
    page.goto(f"{screen.origin}{batch.finish('1.5').page}/steps/1.5")
    page.get_by_label("Name to sign in").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    screen.tap("Sign in")
    page.get_by_role("textbox", name="Volume of the culture").fill("50.0")
    page.get_by_role("radio", name="clear").tap()
    page.get_by_role("textbox", name="What was seen").fill("all well")
    screen.tap("Record")
    expect(page.locator(".acts [role=status]")).to_have_text("Saved 16:08:00")
    screen.tap("Complete")
    screen.sign(BOB)
    screen.tap("Verify")
    expect(page.locator(".holder")).to_contain_text("Verified by Bob Verifier")
    screen.tap("Go on", "link", nth=-1)
    expect(page.get_by_role("heading", level=1)).to_have_text("1.6 Medium")
    assert batch.value("1.5", "volume") == "50.0 mL"


def test_a_scan_is_a_fast_keyboard_without_scripts(hand: Hand, batch: Played) -> None:
    """The field is touched, the scanner types and ends with Enter, as any keyboard: the form is sent."""
    screen = hand(ALICE, java_script_enabled=False)
    screen.page.goto(f"{screen.origin}{batch.finish('1.6').page}/steps/1.6")
    screen.field("medium").tap()
    screen.page.keyboard.type(f"{MEDIUM}\n")
    expect(screen.page.locator(".acts [role=status]")).to_contain_text("Saved")
    assert batch.value("1.6", "medium") == MEDIUM
