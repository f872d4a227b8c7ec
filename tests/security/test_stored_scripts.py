"""Nothing that somebody typed ever runs in another's browser (ASVS 1.2.1, 3.2, 3.4)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.screen import opened_on
from tests.browser.serving import served
from tests.cast import QUINN
from tests.mes.laboratory import ADAM, Laboratory, application
from tests.security.scripts import SHORT, WHOLE, run_on_every_page
from tests.security.sinks import typed_everywhere


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where the application of this process is served."""
    with served(application()) as origin:
        yield origin


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
@pytest.mark.parametrize("payload", [WHOLE, *SHORT[:1]], ids=["all at once", "short"])
def test_nothing_typed_is_ever_run(lab: Laboratory, browser: Browser, origin: str, payload: str) -> None:
    """ASVS 1.2.1, 3.4.3: in every text of every subject, on every page: not run, and not even stopped by the policy."""
    batch = typed_everywhere(lab, payload)
    found = [run_on_every_page(browser, origin, lab, person, batch, payload) for person in (QUINN, ADAM)]
    print("; ".join(map(str, found)))  # noqa: T201 - the count is part of the evidence
    assert [each.wrong for each in found] == [[], []]
    assert all(each.pages > 20 for each in found)
    assert sum(each.shown for each in found) > 10


def test_a_script_that_did_run_would_be_seen(browser: Browser, origin: str, shared: Laboratory) -> None:
    """The policy stops a script that stands in a page, and the watch hears of it: else the test would prove nothing."""
    shared.install()
    screen = opened_on(browser, origin, shared, QUINN).open("/batches/")
    with screen.page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        screen.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    assert any("Content Security Policy" in said for said in screen.misbehaved)
    screen.close()
