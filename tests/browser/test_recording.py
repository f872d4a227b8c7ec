"""One step on the screen: what it asks, what it says of a value, and how a value is corrected."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Hand
from tests.browser.looking import box, is_wholly_on
from tests.browser.screen import LANDSCAPE, PORTRAIT, Screen
from tests.cast import ALICE
from tests.mes.played import Played


def record_volume(screen: Screen, volume: str) -> None:
    """Enter the values of step 1.5 by touch, and record them."""
    screen.keys(volume)
    screen.page.get_by_role("radio", name="clear").tap()
    screen.field("remark").fill("all well")
    screen.press("Record")


@pytest.mark.parametrize("viewport", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_a_step_is_one_screen(hand: Hand, batch: Played, viewport: dict[str, int]) -> None:
    """One heading, limit and unit beside the value, the pad and the one big button: all there without scrolling."""
    screen = hand(ALICE, f"{batch.finish('1.5').page}/steps/1.5", viewport=viewport)
    assert screen.page.locator("h1").all_inner_texts() == ["1.5 Volume"]
    field = screen.page.get_by_role("group", name="Volume of the culture")
    expect(field).to_contain_text("Limit 10 to 100 mL")
    expect(field).to_contain_text("Possible 1 to 1000 mL")
    number, unit = box(screen.field("volume")), box(field.locator(".unit"))
    assert 0 <= unit["x"] - (number["x"] + number["width"]) < 24
    assert number["y"] < unit["y"] < number["y"] + number["height"]
    for place in (screen.field("volume"), screen.page.locator("[data-pad]"), screen.page.locator(".acts .primary")):
        assert is_wholly_on(screen, place)


@pytest.mark.requirement("RQ-101")
def test_a_value_is_entered_by_taps_alone(hand: Hand, batch: Played) -> None:
    """The pad is there, the tablet's keyboard stays away; 50.0 keeps its zero, is judged, and said to be saved."""
    screen = hand(ALICE, f"{batch.finish('1.5').page}/steps/1.5")
    expect(screen.field("volume")).to_be_focused()
    expect(screen.field("volume")).to_have_attribute("inputmode", "none")
    screen.keys("51")
    screen.tap("Erase the last digit")
    record_volume(screen, "0.0")
    assert batch.value("1.5", "volume") == "50.0 mL"
    recorded = screen.page.locator(".field.recorded", has_text="Volume of the culture")
    expect(recorded).to_contain_text("50.0 mL")
    expect(recorded).to_contain_text("within limits")
    expect(recorded).to_contain_text("Alice Operator, operator · 2026-03-02 16:08 (+08:00)")
    expect(screen.page.locator(".acts [role=status]")).to_have_text("Saved 16:08:00")


def test_a_power_of_ten_is_said_again_as_it_is_written(hand: Hand, batch: Played) -> None:
    """5.0e7 on the pad reads 5.0 × 10⁷; the sign belongs to the exponent, and goes away again."""
    screen = hand(ALICE, f"{batch.finish('1.5').page}/steps/1.5")
    said = screen.page.locator("[data-echo]")
    screen.keys("e5.0e7")
    expect(said).to_have_text("= 5.0 × 10⁷")
    screen.tap("Change the sign")
    expect(said).to_have_text("= 5.0 × 10⁻⁷")
    screen.tap("Change the sign")
    expect(screen.field("volume")).to_have_value("5.0e7")


@pytest.mark.requirement("RQ-036")
def test_a_value_out_of_limits_is_taken_and_judged(hand: Hand, batch: Played) -> None:
    """5 mL is what she sees, so it is recorded: out of limits in words and shape; the step goes on."""
    screen = hand(ALICE, f"{batch.finish('1.5').page}/steps/1.5")
    record_volume(screen, "5")
    judged = screen.page.locator(".field.recorded .state.is-action")
    expect(judged).to_have_text("out of limits")
    expect(judged.locator(".mark-action")).to_be_visible()
    expect(screen.page.locator(".flag")).to_contain_text("D1: Volume of the culture: 5 mL is outside the action limit")
    expect(screen.page.get_by_role("button", name="Complete")).to_be_enabled()
    assert batch.kinds()[-4:] == ["value recorded", "deviation raised", "value recorded", "value recorded"]


@pytest.mark.requirement("RQ-032")
def test_where_the_recipe_says_so_the_batch_is_held(hand: Hand, batch: Played) -> None:
    """99 mL of feed: every page of the batch says that it is held, and why; nothing completes the step."""
    screen = hand(ALICE, f"{batch.finish('1.8').page}/steps/1.8")
    screen.keys("99")
    screen.press("Record")
    for path in (f"{batch.page}/steps/1.8", batch.page, f"{batch.page}/review"):
        screen.open(path)
        expect(screen.page.locator(".held")).to_contain_text("Held since 2026-03-02 16:1")
        expect(screen.page.locator(".held")).to_contain_text("Medium added: 99 mL")
    expect(screen.open(f"{batch.page}/steps/1.8").page.get_by_role("button", name="complete")).to_have_count(0)
    screen.open("/batches/")
    expect(screen.page.locator(".card.is-held")).to_contain_text("Medium added: 99 mL")


@pytest.mark.requirement("RQ-103")
def test_what_is_no_number_comes_back_with_all_that_was_typed(hand: Hand, batch: Played) -> None:
    """The sentence stands beside the field, which is marked and ready to be typed in; no other answer is lost."""
    screen = hand(ALICE, f"{batch.finish('1.5').page}/steps/1.5")
    record_volume(screen, "5..0")
    group = screen.page.get_by_role("group", name="Volume of the culture")
    expect(group.locator(".error")).to_contain_text("5..0")
    expect(screen.field("volume")).to_have_value("5..0")
    expect(screen.field("volume")).to_have_attribute("aria-invalid", "true")
    expect(screen.field("volume")).to_be_focused()
    expect(screen.field("remark")).to_have_value("all well")
    expect(screen.page.get_by_role("radio", name="clear")).to_be_checked()
    assert not batch.batch.run("1.5").values


@pytest.mark.requirement("RQ-007")
@pytest.mark.requirement("RQ-075")
def test_a_correction_asks_why_and_strikes_the_old_value_through(hand: Hand, batch: Played) -> None:
    """55 was a slip for 50: without a reason the form does not go; with it 55 mL stays: whose, and why struck."""
    batch.finish("1.5").work("1.5")
    screen = hand(ALICE, f"{batch.page}/steps/1.5?correct=volume")
    screen.keys("50")
    screen.tap("Record the correction")
    assert screen.page.locator("[name=reason]").first.evaluate("it => !it.validity.valid && !it.form.busy")
    screen.page.get_by_role("radio", name="Typing mistake").tap()
    screen.page.get_by_label("In your words").fill("a zero was missing")
    screen.press("Record the correction")
    struck = screen.page.locator(".struck")
    expect(struck).to_contain_text("struck by Alice Operator, operator · 2026-03-02 16:10")
    expect(struck.locator("q")).to_have_text("typing mistake: a zero was missing")
    expect(struck.locator("del")).to_be_visible()
    expect(struck.locator("del")).to_have_css("text-decoration-line", "line-through")
    assert batch.value("1.5", "volume") == "50 mL"
