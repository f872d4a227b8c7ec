"""The browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.services import chromium


def test_a_page_is_shown_and_touched(browser: Browser) -> None:
    """A tablet's page loads, and a finger changes it."""
    with browser.new_context(viewport={"width": 1194, "height": 834}, has_touch=True) as tablet:
        page = tablet.new_page()
        page.set_content("<button onclick=\"this.textContent = '已记录'\">Record</button>")
        page.get_by_role("button").tap()
        expect(page.get_by_role("button")).to_have_text("已记录")


def test_a_browser_named_but_absent_is_not_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever names a browser gets that one or a sentence, never silently another."""
    monkeypatch.setenv("MES_CHROMIUM", str(tmp_path / "chromium"))
    with pytest.raises(RuntimeError, match=r"\./lab setup --dev installs it"):
        chromium.executable()
