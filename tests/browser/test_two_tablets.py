"""Two tablets at one batch: nothing of either is overwritten, and each hears what the other did."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Hand
from tests.cast import ALICE, BOB
from tests.mes.played import Played


def test_a_second_value_for_the_same_field_is_told_of_the_first(hand: Hand, batch: Played) -> None:
    """Alice records 50 while Bob types 52: he reads whose value stands there, and his own is not lost from sight."""
    page = f"{batch.finish('1.8').page}/steps/1.8"
    his, hers = hand(BOB, page), hand(ALICE, page)
    his.keys("52")
    hers.keys("50")
    hers.press("Record")
    his.press("Record")
    expect(his.page.locator(".error")).to_contain_text("“Medium added” is recorded as 50 mL")
    recorded = his.page.locator(".field.recorded")
    expect(recorded).to_contain_text("typed · Alice Operator")
    expect(recorded).to_contain_text("Entered here and not recorded: 52")
    assert batch.value("1.8", "feed") == "50 mL"


def test_a_step_is_completed_once(hand: Hand, batch: Played) -> None:
    """Both have the button before them: the second hears that it is done, and by whom."""
    batch.finish("1.6").work("1.6")
    page = f"{batch.page}/steps/1.6"
    his, hers = hand(BOB, page), hand(ALICE, page)
    hers.press("Complete")
    his.press("Complete")
    expect(his.page.locator(".error")).to_contain_text("Step 1.6 was completed by Alice Operator")
    assert len(batch.lab.lines(batch.book, "step completed")) == 6


def test_what_changed_under_a_verifiers_eyes_is_not_verified(hand: Hand, batch: Played) -> None:
    """Alice corrects while Bob reads: his signature would be for what he has not seen, and is not taken."""
    batch.finish("1.5").work("1.5").complete("1.5")
    page = f"{batch.page}/steps/1.5"
    his, hers = hand(BOB, page), hand(ALICE, f"{page}?correct=volume")
    hers.keys("60")
    hers.page.get_by_role("radio", name="Typing mistake").tap()
    hers.press("Record the correction")
    his.sign(BOB)
    his.press("Verify")
    expect(his.page.locator(".error")).to_contain_text("changed since")
    expect(his.page.locator(".field.recorded", has_text="Volume of the culture")).to_contain_text("60 mL")
    assert batch.kinds().count("step verified") == 1
