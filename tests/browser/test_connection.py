"""Taps that are doubled, answers that never come, a network that is gone: each act counts once, and says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Hand
from tests.browser.screen import Screen
from tests.cast import ALICE, BOB
from tests.mes.laboratory import COI
from tests.mes.played import Played


@pytest.fixture
def screen(hand: Hand, batch: Played) -> Screen:
    """Alice's tablet, with a step whose value is typed and not yet sent; its clock is the test's."""
    batch.finish("1.8")
    screen = hand(ALICE)
    screen.page.clock.install()
    screen.open(f"{batch.page}/steps/1.8")
    screen.keys("50")
    return screen


def recorded(batch: Played) -> list[str]:
    """Return what is recorded in the step, act by act."""
    lines = batch.lab.lines(batch.book)
    return [line["kind"] for line in lines if line["body"].get("step") == "1.8" and line["kind"] != "step started"]


def test_a_double_tap_is_one_act(screen: Screen, batch: Played) -> None:
    """The answer is slow and the finger is quick: the button says that it saves, and sends once until it gives up."""
    sent: list[str] = []

    def lose(route: Route) -> None:
        sent.append(route.request.method)
        route.abort("aborted")

    screen.page.route("**/values", lose)
    button = screen.page.locator(".acts .primary")
    button.tap()
    expect(button).to_contain_text("Saving…")
    expect(button).to_have_attribute("aria-busy", "true")
    button.tap()
    screen.page.clock.run_for(8100)
    expect(button).to_contain_text("Record")
    with screen.page.expect_event("requestfailed"):
        button.tap()
    assert sent == ["POST", "POST"]
    assert recorded(batch) == []


def test_the_same_tap_sent_twice_is_one_act(hand: Hand, batch: Played) -> None:
    """No script runs, and the browser sends a report again: nothing is changed by it, and it gets the first answer."""
    screen = hand(ALICE, java_script_enabled=False)
    screen.page.goto(f"{screen.origin}{batch.page}/deviations/report")
    screen.page.locator("textarea").fill("the lamp flickered")
    with screen.page.expect_request("**/deviations") as first:
        screen.tap("Report")
    expect(screen.page.get_by_role("link", name="the lamp flickered")).to_be_visible()
    about = first.value
    again = screen.page.request.post(about.url, data=about.post_data_buffer, headers=about.headers)
    assert (again.status, again.url) == (200, screen.page.url)
    assert len(batch.lab.lines(batch.book, "deviation raised")) == 1


def test_an_answer_that_is_lost_is_asked_for_again_and_counts_once(screen: Screen, batch: Played) -> None:
    """Recorded, but she never heard: after a while the button is hers again, and the same tap is the same act."""

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("aborted")

    screen.page.route("**/values", lose)
    with screen.page.expect_event("requestfailed"):
        screen.tap("Record")
    screen.page.clock.run_for(8100)
    expect(screen.page.locator("[data-notice]")).to_have_text("Not saved yet: no answer. Tap again; it counts once.")
    assert recorded(batch) == ["value recorded"]
    screen.page.unroute("**/values")
    screen.press("Record")
    expect(screen.page.locator(".field.recorded")).to_contain_text("50 mL")
    assert recorded(batch) == ["value recorded"]


def test_what_never_arrived_is_still_there_to_be_sent(screen: Screen, batch: Played) -> None:
    """The connection breaks under the tap: back on the page the value stands where it was typed, and is recorded."""
    screen.page.route("**/values", lambda route: route.abort("connectionreset"))
    with screen.page.expect_event("requestfailed"):
        screen.tap("Record")
    screen.page.unroute("**/values")
    screen.open(f"{batch.page}/steps/1.8")
    expect(screen.field("feed")).to_have_value("50")
    screen.press("Record")
    assert recorded(batch) == ["value recorded"]


def test_without_a_network_what_was_tapped_waits_and_sends_itself(screen: Screen, batch: Played) -> None:
    """The page says that it waits and is not saved; when the network is back it is recorded without another tap."""
    screen.page.context.set_offline(offline=True)
    screen.page.clock.run_for(1100)
    expect(screen.page.locator("[data-offline]")).to_contain_text("Nothing is saved until it returns.")
    screen.tap("Record")
    expect(screen.page.locator("[data-notice]")).to_have_text("Kept on this tablet. Not saved yet.")
    expect(screen.page.locator("[data-offline]")).to_contain_text("1 entry waits on this tablet.")
    screen.tap("Record")
    expect(screen.page.locator("[data-offline]")).to_contain_text("1 entry waits on this tablet.")
    with screen.page.expect_navigation():
        screen.page.context.set_offline(offline=False)
    expect(screen.page.locator(".field.recorded")).to_contain_text("50 mL")
    expect(screen.page.locator("[data-waiting]")).to_be_hidden()
    expect(screen.page.locator("[data-notice]")).to_contain_text("What waited was sent and is recorded.")
    assert recorded(batch) == ["value recorded", "comment added"]


def test_what_one_entered_waits_for_them(hand: Hand, screen: Screen, batch: Played) -> None:
    """Bob signs in on her tablet: hers is not sent. She signs in again, and it is."""
    screen.page.context.set_offline(offline=True)
    screen.tap("Record")
    told = screen.page.evaluate("localStorage.getItem('mes waiting')")
    keeps = "([place, told]) => localStorage.setItem(place, told)"
    bob = hand(BOB, "/batches/")
    bob.page.evaluate(keeps, ["mes waiting", told])
    with bob.page.expect_response("**/late") as answer:
        bob.open("/batches/")
    assert answer.value.json() == {"became": "waits"}
    expect(bob.page.locator("[data-waiting]")).to_have_text(
        "1 entry waits on this tablet. It is sent as soon as who entered it signs in here."
    )
    assert recorded(batch) == []
    alice = hand(ALICE, "/batches/")
    alice.page.evaluate(keeps, ["mes waiting", told])
    alice.open("/batches/")
    expect(alice.page.locator("[data-notice]")).to_contain_text("What waited was sent and is recorded.")
    assert recorded(batch) == ["value recorded", "comment added"]


def test_what_has_to_be_looked_up_does_not_wait(hand: Hand, batch: Played) -> None:
    """A bag is scanned without a network: whether it is the right one nobody can say, so nothing is kept for later."""
    screen = hand(ALICE)
    screen.page.clock.install()
    screen.open(f"{batch.page}/steps/1.1")
    screen.page.context.set_offline(offline=True)
    screen.scan(COI)
    expect(screen.page.locator("[data-notice]")).to_have_text("Not saved: no connection.")
    expect(screen.page.locator("[data-waiting]")).to_be_hidden()
    screen.page.context.set_offline(offline=False)
    screen.page.clock.run_for(1100)
    expect(screen.page.locator("[data-offline]")).to_be_hidden()
    assert batch.lab.lines(batch.book, "identity checked") == []
