"""What an instrument shows, live on the step: its age, its quality, and when it can be taken."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from devices.reading import Quality
from tests.browser.conftest import Hand
from tests.browser.screen import Screen
from tests.cast import ALICE
from tests.mes.played import Played

POLL = 2100  # ms: the page asks every two seconds


@pytest.fixture
def screen(hand: Hand, batch: Played) -> Screen:
    """Alice's tablet at the count, with a clock that the test moves; the counter is silent."""
    batch.finish("1.4")
    screen = hand(ALICE)
    screen.page.clock.install()
    return screen.open(f"{batch.page}/steps/1.4")


def test_a_reading_appears_by_itself_and_is_taken_by_one_tap(screen: Screen, batch: Played) -> None:
    """No reading yet; the counter finishes; value, quality, age and source are there, and one tap takes it."""
    live = screen.page.locator("[data-live]")
    expect(live).to_contain_text("No reading yet from cell counter CC-01, sample TUBE-1.")
    batch.show("1.4", "viability", "85.0 %")
    screen.page.clock.run_for(POLL)
    for words in ("85.0 %", "good", "0 s old", "reading 1, sample TUBE-1", "16:06:00"):
        expect(live).to_contain_text(words)
    expect(screen.page.get_by_role("button", name="Complete")).to_be_disabled()
    screen.press("Take 85.0 %")
    (taken,) = batch.lab.lines(batch.book, "reading taken")
    assert (taken["body"]["value"], taken["body"]["sequence"]) == ("85.0 %", 1)
    expect(screen.page.get_by_role("button", name="Complete")).to_be_enabled()


def test_a_reading_grows_old_before_ones_eyes_when_the_connection_is_dead(screen: Screen, batch: Played) -> None:
    """Nothing is delivered any more: the page counts on by itself, says stale in word and shape, and takes nothing."""
    batch.show("1.4", "viability", "85 %", source_time=batch.at - timedelta(minutes=59))
    screen.page.clock.run_for(POLL)
    live, take = screen.page.locator("[data-live]"), screen.page.get_by_role("button", name="Take")
    expect(live.locator("[data-age]")).to_have_text(re.compile("59:0[0-9]"))
    expect(take).to_be_enabled()
    screen.cut_off("**/live/*")
    screen.page.clock.run_for(90_000)
    expect(live.locator("[data-age]")).to_have_text("1 h 00 min")
    expect(live.locator(".is-stale")).to_be_visible()
    expect(live.locator(".is-ok")).to_be_hidden()
    expect(live.locator(".refusal")).to_be_visible()
    expect(take).to_be_disabled()


def test_a_reading_grows_old_while_the_rest_of_the_page_is_answered(screen: Screen, batch: Played) -> None:
    """The reading is silent, the band of alarms beside it is not: what it brings makes the reading no younger."""
    batch.show("1.4", "viability", "85 %", source_time=batch.at - timedelta(minutes=59))
    screen.page.clock.run_for(POLL)
    live = screen.page.locator("[data-live]")
    expect(live.locator("[data-age]")).to_have_text(re.compile("59:0[0-9]"))
    screen.cut_off("**/live/*")
    screen.page.evaluate("addEventListener('htmx:after:swap', (swap) => { document.swapped = swap.target.id; })")
    screen.page.clock.run_for(61_000)
    screen.page.wait_for_function("() => document.swapped == 'alarmed'")
    screen.page.clock.run_for(1_000)
    expect(live.locator(".is-stale")).to_be_visible()
    expect(live.locator("[data-age]")).to_have_text("1 h 00 min")


def test_what_the_server_calls_stale_cannot_be_taken(screen: Screen, batch: Played) -> None:
    """An hour and a minute later the page has heard so: greyed, with the sentence that says what to do instead."""
    batch.show("1.4", "viability", "85 %")
    screen.page.clock.run_for(POLL)
    expect(screen.page.get_by_role("button", name="Take")).to_be_enabled()
    batch.lab.time.later(minutes=61)
    screen.page.clock.run_for(POLL)
    expect(screen.page.get_by_role("button", name="Take")).to_be_disabled()
    expect(screen.page.locator("[data-live] .refusal")).to_contain_text("is 1 h 01 min old; it counts for 60 min")


def test_a_page_that_noticed_nothing_takes_no_stale_value(hand: Hand, batch: Played) -> None:
    """Its scripts are dead and its button looks alive: the server refuses with a sentence, and records nothing."""
    batch.finish("1.4").show("1.4", "viability", "85 %")
    screen = hand(ALICE, java_script_enabled=False)
    screen.page.goto(f"{screen.origin}{batch.page}/steps/1.4")
    batch.lab.time.later(minutes=61)
    screen.tap("Take 85 %")
    expect(screen.page.locator(".error")).to_contain_text("is 1 h 01 min old; it counts for 60 min")
    assert not batch.batch.run("1.4").values


@pytest.mark.requirement("RQ-010")
def test_a_reading_of_bad_quality_is_shown_as_such(screen: Screen, batch: Played) -> None:
    """The instrument itself doubts its value: bad quality, in words, and nothing to take."""
    batch.show("1.4", "viability", "85 %", quality=Quality.BAD)
    screen.page.clock.run_for(POLL)
    expect(screen.page.locator("[data-live] .is-action")).to_have_text("bad quality")
    expect(screen.page.get_by_role("button", name="Take")).to_be_disabled()


def test_what_was_on_the_screen_is_what_is_taken(screen: Screen, batch: Played) -> None:
    """The counter sends 60 % between the look and the tap: 85 % is not taken for it, nor 60 % for what she saw."""
    batch.show("1.4", "viability", "85 %")
    screen.page.clock.run_for(POLL)
    expect(screen.page.get_by_role("button", name="Take 85 %")).to_be_enabled()
    batch.show("1.4", "viability", "60 %")
    screen.press("Take 85 %")
    expect(screen.page.locator(".error")).to_contain_text("CC-01 has measured TUBE-1 again: look at the new value")
    expect(screen.page.get_by_role("button", name="Take 60 %")).to_contain_text("out of limits: a deviation will open")
    assert not batch.batch.run("1.4").values


def test_typing_instead_asks_why(screen: Screen, batch: Played) -> None:
    """The counter is not connected: the value is typed, the reason is picked, and the record says both."""
    screen.press("Type instead", "link")
    screen.keys("85")
    screen.page.get_by_role("radio", name="Instrument not connected").tap()
    screen.press("Record as typed")
    (typed,) = batch.lab.lines(batch.book, "value recorded")
    assert (typed["body"]["value"], typed["reason"]) == ("85 %", "instrument not connected")
