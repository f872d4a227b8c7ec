"""The way to the site's issuer and back, in a real browser, which keeps strict cookies from other sites."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.mes.laboratory import Laboratory
from tests.mes.sso.issuer import Issuer, running
from tests.mes.sso.signing_in import link, site_with


@pytest.fixture
def issuer(lab: Laboratory) -> Iterator[Issuer]:
    """An issuer at another site: its address is not ours."""
    with running("127.0.0.2") as issuer, site_with(lab, issuer):
        yield issuer


@pytest.fixture
def page(browser: Browser, lab: Laboratory, origin: str) -> Iterator[Page]:
    """A browser before the sign-in page."""
    lab.install()
    context = browser.new_context(ignore_https_errors=True, has_touch=True)
    page = context.new_page()
    page.goto(f"{origin}/sign-in?next=/equipment/")
    yield page
    context.close()


@pytest.mark.browser
def test_one_touch_leads_there_and_back(lab: Laboratory, issuer: Issuer, page: Page, origin: str) -> None:
    """Alice touches the button, the hospital knows her, and she stands where she wanted to be."""
    link(lab)
    page.get_by_role("link", name="Example Hospital").tap()
    page.wait_for_url(f"{origin}/equipment/")
    assert len(issuer.asked) == 1
    page.reload()
    assert page.url == f"{origin}/equipment/"
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "__Host-mes"]
    assert (cookie["sameSite"], cookie["httpOnly"], cookie["secure"]) == ("Strict", True, True)


@pytest.mark.browser
@pytest.mark.usefixtures("issuer")
def test_who_is_not_linked_reads_a_sentence(lab: Laboratory, page: Page, origin: str) -> None:
    """The sign-in page comes back, with the password still to be given."""
    page.get_by_role("link", name="Example Hospital").tap()
    page.wait_for_url(f"{origin}/sign-in/issuer/end**")
    assert "No account here is linked" in page.locator("#error").inner_text()
    assert page.get_by_label("Password").is_visible()
    assert lab.count("sign_in") == 0
