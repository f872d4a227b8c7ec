"""A tablet in somebody's hands: a real browser of the size of a 10.5-inch screen, touched, scanned at and looked at.

Whatever a page does that it must not is kept in ``misbehaved``: a script's error, a word on the console, a policy that
was broken, a request to anywhere else, a file that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

from batch_records.executed.commands import Person
from tests.mes.laboratory import PASSWORD, Laboratory

LANDSCAPE = {"width": 1194, "height": 834}  # CSS px of a 10.5-inch tablet, browser's own bars included
PORTRAIT = {"width": 834, "height": 1194}
_SAID_ELSEWHERE = (
    "Failed to load resource",  # the answer itself is looked at
    "The AudioContext was not allowed",  # an untouched page may make no sound; it is seen
)
_NOBODY_ANSWERED = "htmx: htmx:error: "
_KEY = 0.005  # seconds between two keys of a scanner; a person needs twenty times that


@dataclass
class Screen:
    """One tablet, and what is on it."""

    page: Page
    origin: str
    misbehaved: list[str] = field(default_factory=list)
    is_cut_off: bool = False
    under_way: set[Request] = field(default_factory=set)

    # --- going and looking -----------------------------------------------------------------------------------------

    def open(self, path: str) -> Screen:
        """Go to a page, and wait until it is ready to be touched."""
        self.page.goto(self.origin + path)
        return self.ready()

    def ready(self) -> Screen:
        """Wait until the page's scripts have run."""
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self

    @property
    def path(self) -> str:
        """Where it is."""
        return self.page.url.removeprefix(self.origin)

    @property
    def text(self) -> str:
        """What can be read on it."""
        return self.page.locator("body").inner_text()

    def field(self, name: str) -> Locator:
        """The input of a field of a step."""
        return self.page.locator(f'#act [name="value.{name}"]')

    # --- touching --------------------------------------------------------------------------------------------------

    def tap(self, name: str, role: str = "button", *, nth: int = 0) -> None:
        """Touch what has this name, a button or another."""
        self.page.get_by_role(role, name=name).nth(nth).tap()

    def press(self, name: str, role: str = "button") -> None:
        """Touch what leads to another page, or sends a form, and wait for the answer."""
        with self.page.expect_navigation():
            self.tap(name, role)
        self.ready()

    def go_on(self) -> None:
        """Touch the one big button."""
        with self.page.expect_navigation():
            self.page.locator(".acts .primary").tap()
        self.ready()

    def keys(self, digits: str) -> None:
        """Touch the keys of the number pad."""
        for digit in digits:
            self.page.locator(f'[data-pad] [data-key="{digit}"]').tap()

    def sign(self, person: Person, password: str = PASSWORD, **more: str) -> None:
        """Fill in the signature, without pressing its button: with both components, whatever the page asks for."""
        other = self.page.get_by_text("Another person signs")
        if other.count():
            other.tap()
        for name, text in {"user": person.id, "password": password, **more}.items():
            self.page.locator(f'[name="{name}"]:visible').fill(text)

    # --- scanning --------------------------------------------------------------------------------------------------

    def scan_and_go(self, code: str) -> None:
        """Scan the last code that a form waits for, which sends it, and wait for the answer."""
        with self.page.expect_navigation():
            self.scan(code)
        self.ready()

    def scan(self, code: str, apart: float = _KEY) -> None:
        """Scan a code: keys in quick succession, then Enter. The times are told to the browser, not waited for."""
        session = self.page.context.new_cdp_session(self.page)
        at = self.page.evaluate("(performance.timeOrigin + performance.now()) / 1000") + 1.0
        for number, key in enumerate([*code, "\r"], start=1):
            about: dict[str, Any] = {"timestamp": at + number * apart, "key": "Enter" if key == "\r" else key}
            session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, **about})
            session.send("Input.dispatchKeyEvent", {"type": "keyUp", **about})
        session.detach()

    def cut_off(self, path: str) -> None:
        """Let nobody answer there any more, but whom was asked before; that the console says so is no misbehaviour."""
        self.is_cut_off = True
        self.page.route(path, lambda route: route.abort())
        while self.under_way:
            self.page.wait_for_timeout(20)

    # --- keeping watch ---------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Note from now on whatever the page does that it must not."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.misbehaved.append(f"{self.path}: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        for over in ("requestfinished", "requestfailed"):
            self.page.on(over, self._ended)

    def close(self) -> None:
        """Put it away."""
        self.page.context.close()

    def _heard(self, said: ConsoleMessage) -> None:
        known = (*_SAID_ELSEWHERE, _NOBODY_ANSWERED) if self.is_cut_off else _SAID_ELSEWHERE
        if said.type in ("error", "warning") and not said.text.startswith(known):
            self.misbehaved.append(f"{self.path}: {said.text}")

    def _asked(self, request: Request) -> None:
        self.under_way.add(request)
        if not request.url.startswith((self.origin + "/", "data:")):
            self.misbehaved.append(f"{self.path} asked {urlsplit(request.url).netloc}")

    def _ended(self, request: Request) -> None:
        self.under_way.discard(request)

    def _answered(self, response: Response) -> None:
        refused = 400 <= response.status < 500 and response.request.is_navigation_request()  # a page that says why
        if response.status >= 400 and not refused:
            self.misbehaved.append(f"{self.path}: {response.status} for {response.url}")


def opened_on(browser: Browser, origin: str, lab: Laboratory, person: Person | None = None, **options: Any) -> Screen:  # noqa: ANN401 - Playwright's own
    """Return a tablet with nothing on it, and with somebody signed in where one is named."""
    about: dict[str, Any] = {"viewport": LANDSCAPE, "has_touch": True, "device_scale_factor": 1}
    context = browser.new_context(ignore_https_errors=True, **about | options)
    context.set_default_timeout(10_000)
    if person:
        value = lab.tablet(person).http.cookies["__Host-mes"]
        context.add_cookies([{"name": "__Host-mes", "value": value, "url": origin, "secure": True, "httpOnly": True}])
    screen = Screen(context.new_page(), origin)
    screen.watch()
    return screen
