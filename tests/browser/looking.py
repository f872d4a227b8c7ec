"""Looking at a screen: where things are, what a finger would hit, and what somebody who does not see it is told."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.browser.screen import Screen

_UNCOVERED = """it => {
    const { left, right, top, bottom } = it.getBoundingClientRect();
    const corners = [[left + 4, top + 4], [right - 4, bottom - 4]];
    return corners.every(([x, y]) => it.contains(document.elementFromPoint(x, y)));
}"""


def box(place: Locator) -> dict[str, float]:
    """Return where something is on the screen."""
    found = place.bounding_box()
    assert found
    return dict(found)


def is_wholly_on(screen: Screen, place: Locator) -> bool:
    """Say whether something can be seen without scrolling, with nothing over it."""
    found, size = box(place), screen.page.viewport_size or {}
    inside = found["y"] >= 0 and found["y"] + found["height"] <= size["height"]
    return bool(inside and place.evaluate(_UNCOVERED))
