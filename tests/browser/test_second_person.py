"""The second person at the same tablet: who did it, who checks it, and whose tablet it stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Hand
from tests.browser.looking import is_wholly_on
from tests.browser.screen import Screen
from tests.cast import ALICE, BOB
from tests.mes.played import Played


@pytest.fixture
def screen(hand: Hand, batch: Played) -> Screen:
    """Alice's tablet, with a step that she has done and that waits for a second person."""
    batch.finish("1.5").work("1.5").complete("1.5")
    return hand(ALICE, f"{batch.page}/steps/1.5")


@pytest.mark.requirement("RQ-059")
def test_a_second_person_verifies_on_the_same_screen(screen: Screen, batch: Played) -> None:
    """Bob sees the values, signs with name and password; his name stands on the step, and Alice stays signed in."""
    expect(screen.page.locator(".field.recorded", has_text="Volume of the culture")).to_contain_text("55 mL")
    assert is_wholly_on(screen, screen.page.get_by_role("button", name="Verify"))
    screen.sign(BOB)
    screen.press("Verify")
    expect(screen.page.locator(".holder")).to_contain_text("Verified by Bob Verifier (bob), operator, verifier")
    expect(screen.page.locator(".who")).to_contain_text("Alice Operator")
    (line,) = batch.lab.lines(batch.book, "step verified")[1:]
    assert (line["author"], line["session"], line["signed"]["meaning"]) == ("bob", "alice", "verified")


@pytest.mark.requirement("RQ-059")
def test_who_did_it_cannot_check_it(screen: Screen, batch: Played) -> None:
    """Alice signs for herself: a sentence says why not, her remark is kept, her password is not; it is on record."""
    screen.sign(ALICE, comment="looks right to me")
    screen.press("Verify")
    expect(screen.page.locator(".signature .error")).to_contain_text("Alice Operator")
    expect(screen.page.locator("[name=user]")).to_have_value("alice")
    expect(screen.page.locator("[name=password]")).to_have_value("")
    expect(screen.page.locator("[name=comment]")).to_have_value("looks right to me")
    assert batch.kinds().count("step verified") == 1  # of step 1.1
    assert batch.lab.refusals(batch.book)


@pytest.mark.requirement("RQ-020")
def test_a_wrong_password_signs_nothing(screen: Screen, batch: Played) -> None:
    """Bob mistypes: told beside the signature, his name kept, the step still waits."""
    screen.sign(BOB, password="seven quiet lamps")
    screen.press("Verify")
    expect(screen.page.locator(".signature .error")).to_contain_text("do not belong together")
    expect(screen.page.locator("[name=user]")).to_have_value("bob")
    expect(screen.page.locator(".holder")).to_contain_text("waits for a second person")
    assert batch.kinds()[-1] != "step verified"


def test_a_second_person_sends_it_back(screen: Screen, batch: Played) -> None:
    """Something is not right: Bob says what, on record with his name, and the step is Alice's again."""
    screen.sign(BOB, comment="the scale was not tared")
    screen.press("Send back")
    expect(screen.page.get_by_role("button", name="Complete")).to_be_visible()
    expect(screen.page.locator(".remark")).to_contain_text("Opened again: the scale was not tared")
    (line,) = batch.lab.lines(batch.book, "step reopened")
    assert (line["author"], line["reason"]) == ("bob", "the scale was not tared")
