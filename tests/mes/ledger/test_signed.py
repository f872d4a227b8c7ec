"""Forged and copied signatures: found whatever was altered, and shown where people sign, release and print."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from mes.ledger.line import canonical, line_hash
from tests.batch_records.playing import RUTH
from tests.mes.laboratory import OTHER_COI, Dba
from tests.mes.played import Played
from tests.mes.reports.making import printed
from tests.mes.reports.pdf_text import read

# WeasyPrint leaves a colour profile of its own open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")


@pytest.fixture
def signed(batch: Played) -> Played:
    """A batch with everything done; step 1.8 is signed by Alice, and verified by Bob."""
    return batch.finish()


def page_of(batch: Played, kind: str) -> int:
    """Return the page of the newest line of a kind that Bob signed."""
    return max(
        line["page"] for line in batch.lab.lines(batch.book, kind) if "signed" in line and line["author"] == "bob"
    )


def content_of(dba: Dba, book: str, page: int) -> dict[str, Any]:
    """Return a line's content."""
    text = dba.ask("SELECT text FROM line WHERE book = :book AND page = :page", book=book, page=page)
    found: dict[str, Any] = json.loads(text)
    return found


def put(dba: Dba, book: str, page: int, content: dict[str, Any]) -> None:
    """Put another content on a line, and leave the hashes as they are."""
    dba.run(
        "UPDATE line SET text = :text WHERE book = :book AND page = :page",
        text=canonical(content),
        book=book,
        page=page,
    )


def compute_anew(dba: Dba, book: str) -> None:
    """Compute every hash of a book anew, and its head: as whoever reads the documentation can."""
    previous = bytes(32)
    pages = dba.ask("SELECT max(page) FROM line WHERE book = :book", book=book)
    for page in range(1, pages + 1):
        text = dba.ask("SELECT text FROM line WHERE book = :book AND page = :page", book=book, page=page)
        hashed = line_hash(previous, text)
        values = {"book": book, "page": page, "previous": previous, "hash": hashed}
        dba.run("UPDATE line SET previous = :previous, hash = :hash WHERE book = :book AND page = :page", **values)
        previous = hashed
    dba.run("UPDATE book SET head = :head WHERE name = :book", head=previous, book=book)


def altered(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a line's content with each of its attributes changed in turn, those inside others among them."""
    found = []
    for key, value in content.items():
        if isinstance(value, dict):
            found += [content | {key: inner} for inner in altered(value)]
        else:
            found.append(content | {key: value + 1 if isinstance(value, int) else f"{value}x"})
        found.append({name: other for name, other in content.items() if name != key})
    return found


@pytest.mark.requirement("RQ-017")
@pytest.mark.requirement("RQ-066")
def test_whatever_is_changed_on_a_signed_line_it_no_longer_verifies(signed: Played) -> None:
    """Each attribute altered, each left out: the line is named every time, and as it was written it is whole."""
    page = page_of(signed, "step verified")
    with signed.lab.dba() as dba:
        was = content_of(dba, signed.book, page)
    for content in altered(was):
        with signed.lab.dba() as dba:
            put(dba, signed.book, page, content)
        assert (signed.book, page) in [(flaw.book, flaw.page) for flaw in signed.lab.verify().flaws], content
    with signed.lab.dba() as dba:
        put(dba, signed.book, page, was)
    assert signed.lab.verify().holds


@pytest.mark.requirement("RQ-017")
@pytest.mark.requirement("RQ-023")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Quinn Reviewer"}, "in another name than its author's"),
        ({"meaning": "performed"}, "means “performed”, which no “step verified” does"),
        ({"seen": "ab" * 32}, "names no earlier line of this record"),
    ],
)
def test_a_forged_signature_is_found_though_all_hashes_were_computed_anew(
    signed: Played, change: dict[str, str], said: str
) -> None:
    """Another's name, another meaning, another line seen: the chain is whole, and the signature is not."""
    page = page_of(signed, "step verified")
    with signed.lab.dba() as dba:
        content = content_of(dba, signed.book, page)
        content["signed"] |= change
        put(dba, signed.book, page, content)
        compute_anew(dba, signed.book)
    flaws = {flaw.page: flaw.sentence for flaw in signed.lab.verify().flaws if said in flaw.sentence}
    assert page in flaws


@pytest.mark.requirement("RQ-017")
def test_a_signature_copied_to_another_record_is_found(signed: Played) -> None:
    """Bob's verification, put under the same step of another child's batch, with every hash in order."""
    other = Played(signed.lab).start(OTHER_COI).finish("1.2")
    page, theirs = page_of(signed, "step verified"), page_of(other, "step verified")
    with signed.lab.dba() as dba:
        copied = content_of(dba, signed.book, page)["signed"]
        put(dba, other.book, theirs, content_of(dba, other.book, theirs) | {"signed": copied})
        compute_anew(dba, other.book)
    found = [flaw for flaw in signed.lab.verify().flaws if "names no earlier line of this record" in flaw.sentence]
    assert (other.book, theirs) in [(flaw.book, flaw.page) for flaw in found]


@pytest.mark.requirement("RQ-017")
def test_what_was_altered_is_shown_and_neither_reviewed_nor_released_nor_printed_as_whole(signed: Played) -> None:
    """A word of a signed line was changed past the door: both pages and the print say which line."""
    page = page_of(signed, "step verified")
    with signed.lab.dba() as dba:
        content = content_of(dba, signed.book, page)
        content["signed"]["meaning"] = "approved"
        put(dba, signed.book, page, content)
    said = f"This record does not verify: line {page}"
    tablet = signed.lab.tablet(RUTH)
    assert said in tablet.open(f"{signed.page}/review").page.text
    assert said in tablet.open(f"{signed.page}/release").page.text
    with pytest.raises(Refused, match=f"does not verify: line {page}"):
        signed.do(c.ReviewBatch(signed.number, Stage.FINAL, signed.batch.last.hash), RUTH)
    assert read(printed(signed).content).has(said)
