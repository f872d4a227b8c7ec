"""Texts that would be scripts, if anything let them, and a browser that looks at every page they are on."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Browser

from batch_records.executed.commands import Person
from tests.browser.screen import opened_on
from tests.mes.laboratory import Laboratory
from tests.mes.played import Played
from tests.security.sinks import pages

SHORT = (  # at most forty characters: so long are the shortest fields
    "\"'><img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "</textarea><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)//",
    "'-alert(1)-'",
    '" autofocus onfocus=alert(1) x="',
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "<b hx-on:load=alert(1)>x</b>",
    "<a href=javascript:alert(1)>x</a>",
    "<math><mi xlink:href=javascript:alert(1)>",
    "--><script>alert(1)</script>",
    "]]><img src=x onerror=alert(1)>",
    "\\u003cimg src=x onerror=alert(1)\\u003e",
    "&lt;img src=x onerror=alert(1)&gt;",
    "\u2028alert(1)//",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<div hx-get=/x hx-trigger=load>x</div>",
    "<style>*{background:url(//x)}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><input autofocus>",
    "<meta http-equiv=refresh content=0;url=//x>",
    "<link rel=stylesheet href=//evil.example>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
)
WHOLE = " ".join(SHORT)


@dataclass
class Looked:
    """What a browser saw."""

    pages: int = 0
    shown: int = 0  # pages on which the text was to be read
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.pages} pages, on {self.shown} of them the text; {len(self.wrong)} wrong"


def run_on_every_page(
    browser: Browser, origin: str, lab: Laboratory, person: Person, batch: Played, payload: str
) -> Looked:
    """Open every page on which a text may stand, and say whether it did anything but stand there."""
    found = Looked()
    screen = opened_on(browser, origin, lab, person)
    screen.page.on("dialog", lambda dialog: (found.wrong.append(f"{screen.path}: {dialog.message}"), dialog.dismiss()))
    begins = payload.strip()[:25]
    for path in pages(batch, payload):
        screen.page.goto(origin + path)
        screen.page.wait_for_load_state("networkidle")
        found.pages += 1
        found.shown += begins in screen.page.content() or begins in screen.page.inner_text("body")
    found.wrong += screen.misbehaved
    screen.close()
    return found
