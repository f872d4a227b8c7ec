"""Looking at a screen: where things are, what a finger would hit, and what somebody who does not see it is told."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from tests.browser.screen import LANDSCAPE, PORTRAIT, Screen

_SOME = {"exclude": [["tbody tr:nth-child(n+9)"], [".source li:nth-child(n+9)"]]}  # the ninth row is as the eighth

Part = tuple[str, str]

# What is drawn wrongly: wider than the screen, smaller than a gloved finger, smaller than can be read, out of sight.
# How large a target is, is felt out from its middle: what lies over it does not count, what it lends its touch to does.
_DRAWN = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame().then(frame);  // what follows a turn of the tablet has been drawn
    const found = [], wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) found.push(`wider than the screen by ${wide}`);

    const called = it => `${it.localName}.${it.className.baseVal ?? it.className} “${
        (it.innerText || it.name || it.getAttribute("aria-label") || "").trim().slice(0, 30)}”`;
    const is_at = (it, x, y) => {
        const hit = document.elementFromPoint(x, y);
        return hit && (it.contains(hit) || hit.closest("label")?.control === it);
    };
    const reach = (it, x, y, dx, dy) => {
        let n = 0;
        while (n < 60 && is_at(it, x + n * dx, y + n * dy)) n++;
        return n;
    };
    for (const it of document.querySelectorAll("a[href], button:enabled, input:enabled, select, textarea, summary")) {
        if (it.matches(".skip, .skip *") || !it.checkVisibility({ visibilityProperty: true })) continue;
        it.scrollIntoView({ block: "center" });
        const { left, top, width, height } = it.getClientRects()[0], x = left + width / 2, y = top + height / 2;
        const felt = [reach(it, x, y, -1, 0) + reach(it, x, y, 1, 0), reach(it, x, y, 0, -1) + reach(it, x, y, 0, 1)];
        const least = it.matches(".tablet .button.primary") ? [104, 104] : [44, 44];
        if (felt[0] < least[0] || felt[1] < least[1]) found.push(`${called(it)} is ${felt.join(" × ")} to a finger`);
    }

    for (const it of document.querySelectorAll("body *")) {
        const says = [...it.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (says && it.checkVisibility() && !it.closest("svg, sup") && parseFloat(getComputedStyle(it).fontSize) < 16)
            found.push(`${called(it)} is too small to read`);
    }
    scrollTo(0, document.body.scrollHeight);
    const whose = document.querySelector(".bar .coi");
    if (whose && !is_at(whose, whose.getBoundingClientRect().left + 20, whose.getBoundingClientRect().top + 10))
        found.push("whose cells these are is out of sight");
    scrollTo(0, 0);
    return found;
}"""
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


def parts(html: str) -> frozenset[Part]:
    """Return the kinds of elements that a page consists of."""
    return frozenset(re.findall(r'<(\w+)(?=[^>]*?(?:class="([^"]*)"|>))', html))


def look_at(screen: Screen, known: set[Part] | None = None) -> list[str]:
    """Return what is wrong with a page as it is drawn, upright and lying, and as it is read aloud.

    Contrast takes ten times as long to compute as all the rest: a page of ``known`` parts is spared it.
    """
    known = set() if known is None else known
    consists_of = parts(screen.page.content())
    found = _read_aloud(screen, contrast=not consists_of <= known)
    known |= consists_of
    for viewport in (PORTRAIT, LANDSCAPE):
        screen.page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a dictionary of just these two
        found += [f"{viewport['width']} px wide: {each}" for each in screen.page.evaluate(_DRAWN)]
    return found


def _read_aloud(screen: Screen, *, contrast: bool) -> list[str]:
    options = {"resultTypes": ["violations"], "preload": False, "rules": {"color-contrast": {"enabled": contrast}}}
    found = Axe().run(screen.page, _SOME, options).response["violations"]
    return [f"read aloud: {each['id']} at {each['nodes'][0]['target']}" for each in found]
