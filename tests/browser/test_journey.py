"""A batch from its order to its release, touched and scanned from the first step to the last, on either database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from batch_records.executed.commands import Person
from tests.batch_records.playing import RUTH
from tests.browser.conftest import Hand
from tests.browser.screen import Screen
from tests.cast import ALICE, BOB, DORA, LARS, LENA, PETRA, QUINN
from tests.mes.furnishing import COUNTER, INCUBATOR, MEDIUM
from tests.mes.laboratory import COI, Laboratory
from tests.mes.played import Played

NUMBER = "B26-0001"


def scan(*codes: str) -> Callable[[Screen], None]:
    """Return what scans codes, of which the last sends the form."""

    def act(screen: Screen) -> None:
        for code in codes[:-1]:
            screen.scan(code)
        screen.scan_and_go(codes[-1])

    return act


def enter(digits: str = "", choice: str = "", remark: str = "") -> Callable[[Screen], None]:
    """Return what taps a number in, picks a choice, types a remark, and records them."""

    def act(screen: Screen) -> None:
        screen.keys(digits)
        if choice:
            screen.page.get_by_role("radio", name=choice, exact=True).tap()
        if remark:
            screen.page.locator("textarea").fill(remark)
        screen.press("Record")

    return act


def count(screen: Screen) -> None:
    """Wait for the counter's value to appear, and take it."""
    expect(screen.page.get_by_role("button", name="Take 90 %")).to_be_enabled()
    screen.press("Take 90 %")


WORK = {
    "1.1": scan(COI),
    "1.2": scan(COUNTER, INCUBATOR),
    "1.3": scan("TUBE-1"),
    "1.4": count,
    "1.5": enter("50.0", "clear", "all well"),
    "1.6": scan(MEDIUM),
    "1.7": enter(),
    "1.8": enter("50"),
    "1.9": enter("3"),
}


def sign(screen: Screen, person: Person, button: str) -> None:
    """Sign with name and password."""
    screen.sign(person)
    screen.press(button)


def manufacture(screen: Screen, batch: Played) -> None:
    """Do the operator's steps at one tablet, with the second person beside it."""
    screen.go_on()
    for key, work in WORK.items():
        expect(screen.page.get_by_role("heading", level=1)).to_contain_text(key)
        if key == "1.4":
            batch.show("1.4", "viability", "90 %")
        work(screen)
        if batch.recipe.steps[key].signed:
            sign(screen, ALICE, "Sign and complete")
        else:
            screen.press("Complete")
        if batch.recipe.steps[key].verifier:
            sign(screen, BOB, "Verify")
        screen.go_on()


def report(hand: Hand, batch: Played, key: str, *, digits: str = "", choice: str = "") -> None:
    """Report a result at an analyst's tablet, and have another check it."""
    screen = hand(LENA, f"{batch.page}/steps/{key}")
    enter(digits, choice)(screen)
    screen.press("Complete")
    sign(screen, LARS, "Verify")


@pytest.mark.parametrize("lab", ["sqlite", "postgresql"], indirect=True)
def test_a_batch_is_made_and_released(hand: Hand, lab: Laboratory) -> None:
    """Ordered, started, made, tested, reviewed and released by taps, scans and signatures, and the ledger is whole."""
    batch = Played(lab)
    screen = hand(DORA, f"/batches/start?coi={COI}")
    screen.keys("20")
    screen.press("Start the batch")
    batch.number = NUMBER

    manufacture(hand(ALICE, batch.page), batch)
    screen = hand(QUINN, f"{batch.page}/steps/1.10")
    screen.page.get_by_role("radio", name="harvest").tap()
    sign(screen, QUINN, "Decide and sign")
    report(hand, batch, "2.1", digits="95.0")
    report(hand, batch, "3.1", choice="no growth")

    screen = hand(RUTH, f"{batch.page}/review")
    expect(screen.page.get_by_text("No exception.")).to_be_visible()
    sign(screen, RUTH, "Sign the review")
    screen = hand(PETRA, f"{batch.page}/release")
    sign(screen, PETRA, "Release")
    expect(screen.page.locator("aside")).to_contain_text("released")
    assert batch.kinds()[-1] == "batch released"
    assert lab.verify().holds
