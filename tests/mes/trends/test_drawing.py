"""The chart in a real browser: drawn from what the server answers, under the policy it sends, and asked for again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.cast import ALICE
from tests.mes.alarms.watched import Watched
from tests.mes.furnishing import INCUBATOR
from tests.mes.laboratory import PASSWORD, START, Laboratory


@contextmanager
def served(lab: Laboratory) -> Iterator[str]:
    """Serve the application; a browser keeps secure cookies of its own machine without TLS."""
    server = make_server("localhost", 0, lab.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def signed_in(browser: Browser, address: str) -> Iterator[Page]:
    """Lend Alice's tablet, at its own size."""
    context = browser.new_context(viewport={"width": 1194, "height": 834}, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("[name=user]", ALICE.id)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.locator("h1, h2").first).to_be_visible()
    yield page
    context.close()


PAINTED = """([left, right]) => {
  const canvas = document.querySelector(".trend canvas"), box = document.querySelector(".trend .u-over");
  const ratio = canvas.width / canvas.clientWidth, x = box.offsetLeft * ratio, width = box.offsetWidth * ratio;
  const from = Math.round(x + left * width), to = Math.round(x + right * width), top = box.offsetTop * ratio;
  const seen = canvas.getContext("2d").getImageData(from, top, to - from, box.offsetHeight * ratio - 2).data;
  const dark = (at) => seen[at + 3] > 200 && seen[at] + seen[at + 1] + seen[at + 2] < 150;
  return Array.from({ length: seen.length / 4 }, (_, index) => 4 * index).some(dark);
}"""


def painted(page: Page, left: float, right: float) -> bool:
    """Say whether anything dark stands between two shares of the plot's width."""
    return bool(page.evaluate(PAINTED, [left, right]))


@pytest.mark.browser
@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
def test_a_chart_is_drawn_with_its_gap(lab: Laboratory, browser: Browser) -> None:
    """An hour with twenty minutes of nothing: a line, a hole, a line; and nothing that the policy forbids."""
    incubator = Watched(lab)
    for second in (*range(0, 1200, 20), *range(2400, 3600, 20)):
        incubator.says(f"{37 + second % 40 / 100:.2f}", at=START + timedelta(seconds=second))
    lab.time.later(hours=1)
    with served(lab) as address, signed_in(browser, address) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{address}/trends/{INCUBATOR}?span=1+h")
        expect(page.locator("[data-drawn]")).to_be_visible()
        expect(page.locator("figcaption")).to_have_text("temperature, °C")
        assert said == []  # before the browser remarks on how we look at its picture
        assert [painted(page, *part) for part in ((0.05, 0.3), (0.38, 0.62), (0.7, 0.95))] == [True, False, True]


@pytest.mark.browser
@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
def test_an_open_chart_grows_and_says_when_the_server_is_gone(lab: Laboratory, browser: Browser) -> None:
    """What comes later is drawn by itself; with the server away, the chart is stale and says since when."""
    incubator = Watched(lab)
    for second in range(0, 1200, 20):
        incubator.says("37.00", at=START + timedelta(seconds=second))
    lab.time.later(hours=1)
    with served(lab) as address, signed_in(browser, address) as page:
        page.goto(f"{address}/trends/{INCUBATOR}?span=1+h")
        expect(page.locator("[data-drawn]")).to_be_visible()
        assert not painted(page, 0.7, 0.95)
        for second in range(2400, 3600, 20):
            incubator.says("37.00", at=START + timedelta(seconds=second))
        page.wait_for_function(PAINTED, arg=[0.7, 0.95])
        expect(page.locator("[data-broken]")).to_be_hidden()
        page.context.set_offline(True)
        expect(page.locator("[data-broken]")).to_contain_text("The charts stand still", timeout=20_000)
