"""The door: signing in, the lock that comes by itself, and coming back to where one was with what one had typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Hand
from tests.browser.screen import Screen
from tests.cast import ALICE
from tests.mes.laboratory import COI, PASSWORD, Laboratory
from tests.mes.played import Played

VOLUME = {"volume": "50.0", "remark": "all well"}


@contextmanager
def timed_out(lab: Laboratory) -> Iterator[None]:
    """Let every session be one that nobody touched for too long."""
    settings = lab.installation.settings
    lab.installation.settings = replace(settings, idle=timedelta(seconds=-1))
    yield
    lab.installation.settings = settings


def type_values(screen: Screen) -> None:
    """Enter the values of step 1.5, and send nothing."""
    screen.keys(VOLUME["volume"])
    screen.page.get_by_role("radio", name="clear").tap()
    screen.field("remark").fill(VOLUME["remark"])


def typed(screen: Screen) -> dict[str, str]:
    """Return what stands in the fields of step 1.5."""
    expect(screen.page.get_by_role("radio", name="clear")).to_be_checked()
    return {name: screen.field(name).input_value() for name in VOLUME}


def test_a_wrong_password_is_told_and_the_name_stays(hand: Hand) -> None:
    """Alice mistypes: a sentence says so, her name is kept, the password is not; the right one leads to the board."""
    screen = hand(at="/")
    screen.page.get_by_label("Name to sign in").fill("alice")
    screen.page.get_by_label("Password").fill("seven quiet lamps")
    screen.press("Sign in")
    expect(screen.page.locator(".error")).to_contain_text("password do not belong together")
    expect(screen.page.get_by_label("Name to sign in")).to_have_value("alice")
    expect(screen.page.get_by_label("Password")).to_have_value("")
    expect(screen.page.get_by_label("Password")).to_be_focused()
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Sign in")
    assert screen.path == "/batches/"
    expect(screen.page.locator(".who")).to_contain_text("Alice Operator")


def test_signing_in_leads_to_the_page_that_was_asked_for(hand: Hand, batch: Played) -> None:
    """She opened a step's address from a note: that step is where she is let in."""
    screen = hand(at=f"{batch.page}/steps/1.1")
    assert COI not in screen.text
    screen.page.get_by_label("Name to sign in").fill("alice")
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Sign in")
    assert screen.path == f"{batch.page}/steps/1.1"


def test_after_a_time_out_she_finds_her_place_and_what_she_typed(hand: Hand, batch: Played) -> None:
    """The session ended while she typed: nothing is recorded, nothing is lost; signed in again, she records it."""
    batch.finish("1.5")
    screen = hand(ALICE, f"{batch.page}/steps/1.5")
    type_values(screen)
    with timed_out(batch.lab):
        screen.press("Record")
        expect(screen.page.get_by_role("heading", name="Locked")).to_be_visible()
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Go on")
    assert (screen.path, typed(screen)) == (f"{batch.page}/steps/1.5", VOLUME)
    assert not batch.batch.run("1.5").values
    screen.press("Record")
    assert batch.value("1.5", "volume") == "50.0 mL"


@pytest.mark.requirement("RQ-022")
def test_a_tablet_left_alone_warns_then_locks_and_loses_nothing(hand: Hand, batch: Played) -> None:
    """Staying records nothing, though the button that records is beneath; locking hides the patient, and keeps all."""
    batch.finish("1.5")
    screen = hand(ALICE)
    screen.page.clock.install()
    screen.open(f"{batch.page}/steps/1.5")
    type_values(screen)
    screen.page.clock.fast_forward(14 * 60_000 + 40_000)
    expect(screen.page.locator("[data-idle]")).to_contain_text("This screen locks in 2")
    screen.tap("Stay")
    expect(screen.page.locator("[data-idle]")).to_be_hidden()
    with screen.page.expect_navigation():
        screen.page.clock.fast_forward(15 * 60_000 + 1000)
    screen.ready()
    assert COI not in screen.text
    expect(screen.page.get_by_label("Name to sign in")).to_have_value("alice")
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Go on")
    assert (screen.path, typed(screen)) == (f"{batch.page}/steps/1.5", VOLUME)
    assert not batch.batch.run("1.5").values
    assert [line["body"]["changes"]["how"] for line in batch.lab.lines("user:alice", "sign in changed")] == [
        [None, "locked after inactivity"]
    ]


@pytest.mark.requirement("RQ-072")
def test_the_stop_after_a_wrong_scan_locks_as_well(hand: Hand, batch: Played) -> None:
    """Left alone on the red page, the tablet warns and locks; signed in again she stands before it, her words kept."""
    batch.scan("1.1", "bag", "COI-26-0002-B")
    screen = hand(ALICE)
    screen.page.clock.install()
    screen.open(f"{batch.page}/steps/1.1")
    screen.page.locator("[name=comment]").fill("the bags were swapped on the trolley")
    screen.page.clock.fast_forward(14 * 60_000 + 40_000)
    expect(screen.page.locator("[data-idle]")).to_contain_text("This screen locks in 2")
    with screen.page.expect_navigation():
        screen.page.clock.fast_forward(60_000)
    screen.ready()
    assert COI not in screen.text
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Go on")
    expect(screen.page.get_by_role("heading", name="Stop")).to_be_visible()
    expect(screen.page.locator("[name=comment]")).to_have_value("the bags were swapped on the trolley")


@pytest.mark.requirement("RQ-073")
def test_a_form_that_was_refused_leads_back_to_its_page(hand: Hand, batch: Played) -> None:
    """She mistyped, was told so, and locked the screen: signed in again she is on the step, not on an error."""
    batch.finish("1.5")
    screen = hand(ALICE, f"{batch.page}/steps/1.5")
    screen.keys("5000000000")
    screen.page.get_by_role("radio", name="clear").tap()
    screen.field("remark").fill("all well")
    screen.press("Record")
    screen.press("Lock")
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Go on")
    assert screen.path == f"{batch.page}/steps/1.5"


@pytest.mark.requirement("RQ-072")
def test_a_password_may_be_pasted(hand: Hand) -> None:
    """From a password manager: what is pasted stands in the field, whole, with all its 64 letters."""
    screen = hand(at="/sign-in")
    field = screen.page.get_by_label("Password")
    field.focus()
    screen.page.evaluate("""() => {
        const paste = new DataTransfer();
        paste.setData("text/plain", "x".repeat(64));
        const taken = !document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: paste, bubbles: true, cancelable: true }));
        if (!taken) document.execCommand("insertText", false, "x".repeat(64));
    }""")
    expect(field).to_have_value("x" * 64)
