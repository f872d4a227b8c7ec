"""Every page that can be reached by touch, for everybody who may: what fits, what a finger hits, what is read aloud."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from mes.doses.commands import DraftDosePlan, RecordOutcome
from mes.masters.commands import DraftRecipe
from mes.patients.commands import PlaceOrder
from mes.reports.commands import AskForRecord
from tests.browser.conftest import Hand
from tests.browser.looking import Part, look_at, parts
from tests.cast import ALICE, BOB, DORA, LENA, MALLORY, PETRA, QUINN
from tests.mes.archive.test_imports import KEYS, WRITTEN, imported
from tests.mes.doses.planned import PLAN, TEXT, ordered, planned
from tests.mes.furnishing import SHORT
from tests.mes.laboratory import ADAM, COI, INES, OTHER_COI, SAM, SVEN, Laboratory
from tests.mes.played import Played

EACH_ROLE = (ADAM, ALICE, BOB, LENA, DORA, QUINN, PETRA, SAM, INES, MALLORY)
_FILES = ("reports.download", "archive.download", "access.export", "patients.chain_xml", "labels.sheet")
NO_PAGES = ("static", "supply.document", *_FILES)
ENOUGH = 2  # addresses of a kind, of those that somebody can go to

Kind = tuple[str, ...]


@pytest.mark.parametrize("state", ["asked", "done"])
def test_every_step(hand: Hand, batch: Played, state: str) -> None:
    """Each kind of step, as it asks, and as it shows what was recorded and waits for who checks it."""
    known: set[Part] = set()
    wrong: list[str] = []
    for key, step in batch.recipe.steps.items():
        batch.finish(key)
        if state == "done":
            batch.work(key)
            if step.type != "decide":
                batch.complete(key)
        screen = hand(batch.performer(key), f"{batch.page}/steps/{key}")
        wrong += [f"{key}: {each}" for each in look_at(screen, known)]
        screen.close()
    assert wrong == []


@pytest.fixture
def busy(lab: Laboratory) -> Laboratory:
    """A laboratory in the middle of its work: something of everything is there, and something is wrong with most."""
    whole = Played(lab).start(COI).finish("1.5")
    whole.enter("1.5", volume="5 mL")
    whole.work("1.5").correct("1.5", "volume", "50 mL")
    whole.do(c.AddComment(whole.number, "the lamp flickered", "1.5"), ALICE)
    whole.finish().settle().review()
    stopped = Played(lab).start(OTHER_COI)
    stopped.scan("1.1", "bag", COI)
    planned(lab)
    for coi in ordered(lab, "1", 4) + ordered(lab, "2", 5):
        lab.do(RecordOutcome(PLAN, coi, "none", "response"), DORA)
    lab.do(DraftDosePlan(PLAN, TEXT.replace("tolerance: 30 %", "tolerance: 20 %")), DORA)
    lab.do(PlaceOrder("COI-26-0003-C", "short", "synthetic"), DORA)
    lab.do(DraftRecipe("short", SHORT.replace("A short one", "A shorter one")), SVEN)
    lab.do(AskForRecord(whole.number), QUINN)
    imported(lab, WRITTEN[0].read_bytes(), KEYS.read_text())
    return lab


def kind(lab: Laboratory, address: str) -> Kind:
    """Return which page an address is of, and what it is asked about; nothing for what is no page."""
    where = urlsplit(address)
    endpoint, _ = lab.app.url_map.bind("").match(where.path)
    return () if endpoint in NO_PAGES else (endpoint, *sorted(parse_qs(where.query)))


def reached(lab: Laboratory, person: Person) -> Iterator[tuple[str, str]]:
    """Follow the links of a person's pages from the board on; give each address with its page."""
    tablet, to_go, known = lab.tablet(person), ["/batches/"], {"/batches/"}
    met: Counter[Kind] = Counter()
    while to_go:
        address = to_go.pop(0)
        met[kind(lab, address)] += 1
        if met[kind(lab, address)] > ENOUGH or not kind(lab, address):
            continue
        html = tablet.open(address).html
        yield address, html
        links = [link.replace("&amp;", "&").partition("#")[0] for link in re.findall(r'<a [^>]*href="([^"]*)"', html)]
        links = [link if link.startswith("/") else urlsplit(address).path + link for link in links if link]
        to_go += dict.fromkeys(link for link in links if link not in known)
        known.update(links)


def test_every_page_of_everybody(hand: Hand, busy: Laboratory) -> None:
    """Wherever a link leads; pages that consist of the same parts are looked at once."""
    looked_at: set[tuple[Kind, frozenset[Part]]] = set()
    known: set[Part] = set()
    wrong: list[str] = []
    for person in EACH_ROLE:
        screen = hand(person)
        for address, html in reached(busy, person):
            alike = kind(busy, address), parts(html)
            if alike not in looked_at:
                wrong += [f"{person.id} at {address}: {each}" for each in look_at(screen.open(address), known)]
            looked_at.add(alike)
        screen.close()
    assert wrong == []


@pytest.mark.parametrize("address", ["/sign-in", "/nothing", "/api/v1/"])
def test_a_page_that_no_link_leads_to(hand: Hand, address: str) -> None:
    """The door, an address that nobody has, and what programs are told."""
    screen = hand(None if address == "/sign-in" else QUINN, address)
    assert look_at(screen) == []
