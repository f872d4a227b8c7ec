"""Quality at the end: the exceptions first, a release that waits for what blocks it, and what is printed."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from batch_records.executed import commands as c
from batch_records.master.recipe import Stage
from batch_records.values.label_code import LabelCode, read_label
from tests.batch_records.playing import RUTH
from tests.browser.conftest import Hand
from tests.cast import ALICE, PETRA, QUINN
from tests.mes.laboratory import COI
from tests.mes.played import Played
from tests.mes.reports.making import made


@pytest.fixture
def finished(batch: Played) -> Played:
    """A batch with every step done and one deviation open."""
    batch.finish("1.5").enter("1.5", volume="5 mL")
    batch.correct("1.5", "volume", "50 mL")
    return batch.finish()


@pytest.mark.requirement("RQ-102")
def test_the_reviewer_finds_each_exception_in_two_taps(hand: Hand, finished: Played) -> None:
    """What is not as planned comes first, counted; a tap leads to the step, where the old value stands struck."""
    screen = hand(RUTH, f"{finished.page}/review")
    expect(screen.page.locator(".head")).to_contain_text("3 exceptions")
    screen.press("Volume of the culture: 5 mL became 50 mL", "link")
    assert screen.path == f"{finished.page}/steps/1.5"
    expect(screen.page.locator(".struck del")).to_have_text("5 mL")


@pytest.mark.requirement("RQ-044")
def test_a_release_waits_for_what_blocks_it(hand: Hand, finished: Played) -> None:
    """The open deviation is named, with the way to it; there is nothing to sign before it is closed."""
    screen = hand(PETRA, f"{finished.page}/release")
    blocks = screen.page.get_by_role("link", name="Every deviation is closed").first
    expect(blocks).to_contain_text("blocks")
    expect(blocks).to_contain_text("Deviation D1 is still open")
    expect(screen.page.get_by_role("button", name="Release")).to_have_count(0)
    expect(screen.page.locator("aside .flag")).to_be_visible()
    finished.settle().review()
    screen.open(f"{finished.page}/release")
    screen.sign(PETRA)
    screen.press("Release")
    assert finished.kinds()[-1] == "batch released"


@pytest.mark.requirement("RQ-044")
def test_a_deviation_reported_meanwhile_is_not_signed_over(hand: Hand, finished: Played) -> None:
    """Petra has the signature before her when Alice reports: it is refused, with why, and the batch stays."""
    finished.settle().review(Stage.FINAL)
    screen = hand(PETRA, f"{finished.page}/release")
    finished.do(c.RaiseDeviation(finished.number, "the lamp flickered", ""), ALICE)
    screen.sign(PETRA)
    screen.press("Release")
    expect(screen.page.locator(".error, .problem h1, aside .flag").first).to_be_visible()
    assert "batch released" not in finished.kinds()


# WeasyPrint leaves a colour profile of its own open.
@pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
@pytest.mark.requirement("RQ-003")
def test_the_record_is_printed(hand: Hand, batch: Played) -> None:
    """Quinn asks for the PDF; when it is made the page shows it by itself, and what opens is that very file."""
    screen = hand(QUINN, f"{batch.finish('1.2').page}/record/")
    screen.press("Make the PDF")
    expect(screen.page.get_by_text("being made")).to_be_visible()
    content = made(batch)
    link = screen.page.get_by_role("link", name="Open the PDF")
    expect(link).to_be_visible()
    answer = screen.page.request.get(screen.origin + str(link.get_attribute("href")))
    assert (answer.headers["content-type"], answer.body()) == ("application/pdf", content)
    assert content.startswith(b"%PDF-")


@pytest.mark.requirement("RQ-050")
@pytest.mark.requirement("RQ-089")
def test_labels_can_be_printed_and_scanned(hand: Hand, batch: Played) -> None:
    """Three were asked for: the last says for whom it is, and its code, read off the screen, is the child's third."""
    batch.finish("1.9").work("1.9")
    screen = hand(ALICE, f"{batch.page}/steps/1.9")
    screen.page.get_by_role("link", name="Open the labels").tap()
    label = screen.page.locator("article")
    expect(label).to_contain_text("FOR AUTOLOGOUS USE ONLY")
    expect(label).to_contain_text(COI)
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(label.screenshot())))
    assert read_label(code.text) == LabelCode(COI, batch.number.replace("-", ""), 3)
