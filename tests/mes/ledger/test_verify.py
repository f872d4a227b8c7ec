"""The check that the ledger is whole: what somebody with every right to the database did is found, and named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from sqlalchemy import text

from batch_records.executed.commands import AddComment
from mes.clock import Tick
from mes.integrity import check
from mes.ledger.line import canonical, line_hash
from mes.ledger.verify import Verified
from tests.cast import ALICE
from tests.mes.laboratory import CLOCK, COI, OTHER_COI, Dba, Laboratory
from tests.mes.played import Played

ALICES, BOOK = "user:alice", "batch:B26-0001"


@pytest.fixture
def written(lab: Laboratory) -> Laboratory:
    """A laboratory where things have happened: a batch with some steps, a reading, and its seal."""
    batch = Played(lab).start(COI).finish("1.5")
    batch.do(AddComment(batch.number, "all well"), ALICE)
    lab.time.later(minutes=2)
    lab.do(Tick(), CLOCK)
    return lab


def flaws(found: Verified) -> list[tuple[str, int]]:
    """Return where something is wrong."""
    return [(flaw.book, flaw.page) for flaw in found.flaws]


def sentences(found: Verified) -> str:
    """Return what is wrong."""
    return "; ".join(flaw.sentence for flaw in found.flaws)


def test_an_untouched_ledger_is_whole(written: Laboratory) -> None:
    """Every line, head, seal, row and view is as it was written, and it is said how much was looked at."""
    found = written.verify()
    assert found.holds
    assert (found.books, found.lines, found.readings) == (written.count("book"), written.count("line"), 1)


# --- lines --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-002")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("text = replace(text, 'all well', 'all bad ')", "not the text that was hashed"),
        ("text = text || ' '", "not the text that was hashed"),
        ("author = 'bob'", "columns it is found by"),
        ("kind = 'value recorded'", "columns it is found by"),
        ("at = '2020-01-01T00:00:00.000000Z'", "columns it is found by"),
        ("hash = previous", "not the text that was hashed"),
        ("previous = hash", "does not follow the page before"),
    ],
)
def test_a_changed_line_is_named(written: Laboratory, change: str, sentence: str) -> None:
    """Whichever part of a line is altered, its page is named, and what is wrong with it."""
    page = len(written.lines(BOOK))
    with written.dba() as dba:
        dba.run(
            "UPDATE line SET change WHERE book = :book AND page = :page".replace("change", change), book=BOOK, page=page
        )
    found = written.verify()
    assert (BOOK, page) in flaws(found)
    assert sentence in sentences(found)


def _move(dba: Dba, old: int, new: int) -> None:
    dba.run("UPDATE line SET page = :new WHERE book = :book AND page = :old", new=new, old=old, book=BOOK)


def _delete(dba: Dba) -> None:
    dba.run("DELETE FROM line WHERE book = :book AND page = 3", book=BOOK)


def _delete_and_renumber(dba: Dba) -> None:
    _delete(dba)
    for page in sorted(dba.all("SELECT page FROM line WHERE book = :book AND page > 3", book=BOOK)):
        _move(dba, page, page - 1)


def _reorder(dba: Dba) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        _move(dba, old, new)


def _insert(dba: Dba) -> None:
    for page in sorted(dba.all("SELECT page FROM line WHERE book = :book AND page > 2", book=BOOK), reverse=True):
        _move(dba, page, page + 1)
    content = {"at": "2026-03-02T08:00:00.000000Z", "author": "bob", "book": BOOK, "kind": "step verified", "page": 3}
    _write(dba, content | {"body": {"step": "1.1"}})


def _write(dba: Dba, content: dict[str, object]) -> bytes:
    """Write a line with a right hash after the page before, and return its hash."""
    where = {"book": content["book"], "page": content["page"]}
    previous = bytes(dba.ask("SELECT hash FROM line WHERE book = :book AND page = :page - 1", **where))
    text_ = canonical(content)
    values = {key: content[key] for key in ("book", "page", "kind", "author", "at")}
    hashed = line_hash(previous, text_)
    insert = "INSERT INTO line VALUES (:book, :page, :kind, :author, :at, :text, :previous, :hash)"
    dba.run(insert, **values, text=text_, previous=previous, hash=hashed)
    return hashed


@pytest.mark.requirement("RQ-002")
@pytest.mark.parametrize("attack", [_delete, _delete_and_renumber, _reorder, _insert])
def test_lines_taken_put_in_or_moved_are_named(written: Laboratory, attack: Callable[[Dba], None]) -> None:
    """A line that is deleted, put in or moved breaks the chain at its place, and in its book alone."""
    with written.dba() as dba:
        attack(dba)
    found = flaws(written.verify())
    assert {(BOOK, 3), (BOOK, 4)} & set(found)
    assert {book for book, _ in found} == {BOOK}


def test_a_cut_tail_is_named_by_the_head_that_stayed(written: Laboratory) -> None:
    """Whoever deletes the newest line and forgets the head is found at once."""
    with written.dba() as dba:
        dba.run("DELETE FROM line WHERE book = :book", book=ALICES)
    assert ALICES in {book for book, _ in flaws(written.verify())}


@pytest.mark.requirement("RQ-002")
def test_a_cut_tail_is_named_by_a_head_kept_elsewhere(written: Laboratory) -> None:
    """Cut off with its head, a tail is missed by the chain alone; the head on a printed record shows it."""
    pages, head = written.batch("B26-0001").last.page, written.batch("B26-0001").last.hash
    with written.dba() as dba:
        dba.run("DELETE FROM line WHERE book = :book AND page = :page", book=BOOK, page=pages)
        last = dba.ask("SELECT hash FROM line WHERE book = :book AND page = :page", book=BOOK, page=pages - 1)
        dba.run("UPDATE book SET pages = pages - 1, head = :head WHERE name = :book", head=last, book=BOOK)
    assert (BOOK, pages) in flaws(written.verify({BOOK: (pages, head)}))


def test_a_rewritten_book_is_named_by_a_head_kept_elsewhere(written: Laboratory) -> None:
    """Rewritten from a page on with right hashes, a book is still not the one whose head stands on paper."""
    known, line, pages = written.head(ALICES), written.lines(ALICES)[-1], len(written.lines(ALICES))
    text_ = canonical(line | {"author": "mallory"})
    with written.dba() as dba:
        where = {"b": ALICES, "p": pages}
        hashed = line_hash(bytes(dba.ask("SELECT previous FROM line WHERE book = :b AND page = :p", **where)), text_)
        rewrite = "UPDATE line SET text = :t, hash = :h, author = 'mallory' WHERE book = :b AND page = :p"
        dba.run(rewrite, t=text_, h=hashed, **where)
        dba.run("UPDATE book SET head = :h WHERE name = :b", h=hashed, b=ALICES)
    assert written.verify().holds
    assert flaws(written.verify({ALICES: (pages, known)})) == [(ALICES, pages)]


@pytest.mark.requirement("RQ-017")
@pytest.mark.requirement("RQ-023")
def test_a_signed_line_copied_to_another_batch_is_named(written: Laboratory) -> None:
    """Bob's signature on one batch, copied with a right hash under another, still names its own."""
    other = Played(written).start(OTHER_COI)
    signed = next(line for line in written.lines(BOOK) if "signed" in line)
    page = len(other.kinds()) + 1
    with written.dba() as dba:
        head, text_ = bytes(dba.ask("SELECT head FROM book WHERE name = :b", b=other.book)), canonical(signed)
        values = {
            "b": other.book,
            "p": page,
            "t": text_,
            "before": head,
            "h": line_hash(head, text_),
            "at": signed["at"],
        }
        dba.run("INSERT INTO line VALUES (:b, :p, 'step verified', 'bob', :at, :t, :before, :h)", **values)
        dba.run("UPDATE book SET pages = :p, head = :h WHERE name = :b", p=page, h=values["h"], b=other.book)
    found = written.verify()
    assert (other.book, page) in flaws(found)
    assert "columns it is found by" in sentences(found)


def test_swapped_batches_are_named(written: Laboratory) -> None:
    """Two books that changed places say on every line whose they are."""
    other = Played(written).start(OTHER_COI)
    with written.dba() as dba:
        for old, new in ((BOOK, "x"), (other.book, BOOK), ("x", other.book)):
            dba.run("UPDATE line SET book = :new WHERE book = :old", new=new, old=old)
            dba.run("UPDATE book SET name = :new WHERE name = :old", new=new, old=old)
    assert {(BOOK, 1), (other.book, 1)} <= set(flaws(written.verify()))


@pytest.mark.parametrize("forged", ["no JSON", "[]", "{}", '{"body":{}}', '{"body":{"from":1,"to":"x"}}'])
def test_a_line_that_is_no_line_is_named_and_stops_nothing(written: Laboratory, forged: str) -> None:
    """Whatever stands in the place of a text, with the right hash, the check names it and goes on."""
    book = "equipment:CC-01"
    where = {"book": book, "page": len(written.lines(book))}
    with written.dba() as dba:
        previous = bytes(dba.ask("SELECT previous FROM line WHERE book = :book AND page = :page", **where))
        hashed = hashlib.sha256(previous + forged.encode()).digest()
        dba.run("UPDATE line SET text = :t, hash = :h WHERE book = :book AND page = :page", t=forged, h=hashed, **where)
        dba.run("UPDATE book SET head = :h WHERE name = :book", h=hashed, book=book)
        dba.run("UPDATE line SET text = '{}' WHERE book = 'user:bob' AND page = 1")
    assert {(book, where["page"]), ("user:bob", 1)} <= set(flaws(written.verify()))


# --- readings -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-107")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reading SET value = '99'",
        "UPDATE reading SET raw = hash FROM line WHERE page = 1",
        "UPDATE reading SET received_time = '2020-01-01T00:00:00.000000Z'",
        "UPDATE reading SET sequence = sequence + 5",
        "DELETE FROM reading",
    ],
)
def test_a_changed_reading_is_named_by_its_seal(written: Laboratory, change: str) -> None:
    """A value, its raw bytes, its time, its place, the whole of it: as it was sealed, or the seal says so."""
    with written.dba() as dba:
        dba.run(change)
    found = written.verify()
    assert "not those that were sealed" in sentences(found)
    assert {book for book, _ in flaws(found)} == {"equipment:CC-01"}


# --- views and rows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE batch_view SET disposition = 'released'", "the view of the batch says disposition released"),
        ("UPDATE batch_view SET held = NOT held", "held"),
        ("DELETE FROM batch_view", "the view of the batch is missing"),
        ("UPDATE deviation_view SET state = 'closed'", "the view of deviation D1 says state closed"),
        ("DELETE FROM deviation_view", "the view of deviation D1 is missing"),
        ("UPDATE deviation_view SET number = 'D9'", "a view shows what no line says"),
    ],
)
def test_a_view_that_does_not_follow_from_the_lines_is_named(written: Laboratory, change: str, sentence: str) -> None:
    """The board is made again from the ledger and compared: a batch cannot look released that is not."""
    batch = Played(written)
    batch.number = "B26-0001"
    batch.enter("1.5", volume="5 mL")
    assert written.verify().holds
    with written.dba() as dba:
        dba.run(change)
    assert sentence in sentences(written.verify())


def test_a_record_whose_recipe_was_altered_is_named(written: Laboratory) -> None:
    """A batch is read by the very text it was issued by, or it is said that this text is gone."""
    with written.dba() as dba:
        dba.run("UPDATE recipe_edition SET text = replace(text, '10 to 100 mL', '1 to 1000 mL')")
    assert "cannot be read" in sentences(written.verify())


@pytest.mark.requirement("RQ-002")
@pytest.mark.parametrize(
    ("change", "book"),
    [
        ("UPDATE lot SET status = 'released' WHERE number = 'CM-NEW'", "lot:CM-NEW"),
        ("UPDATE user_account SET roles = '[\"releaser\"]' WHERE id = 'mallory'", "user:mallory"),
        (
            "UPDATE equipment SET calibrated_until = '2099-01-01T00:00:00.000000Z' WHERE code = 'CC-09'",
            "equipment:CC-09",
        ),
        ("UPDATE sample SET batch = 'B26-0009'", "sample:TUBE-1"),
        ("UPDATE therapy_order SET batch = NULL WHERE coi = 'COI-26-0001-A'", "order:COI-26-0001-A"),
        ("UPDATE recipe_edition SET approved_by = 'alice' WHERE code = 'short'", "recipe:short"),
        ("UPDATE site SET kind = 'demonstration'", "laboratory"),
        ("DELETE FROM lot WHERE number = 'CM-NEW'", "lot:CM-NEW"),
        ("INSERT INTO lot SELECT 'CM-X', material, status, expires, gives FROM lot WHERE number = 'CM-1'", "lot:CM-X"),
    ],
)
def test_a_row_changed_behind_the_ledgers_back_is_named(written: Laboratory, change: str, book: str) -> None:
    """A lot set free or a role given by a statement has no line, and so is found."""
    with written.dba() as dba:
        dba.run(change)
    assert book in {flaw.book for flaw in written.verify().flaws}


def test_it_is_whole_while_others_write(written: Laboratory) -> None:
    """The check sees one moment: what is written meanwhile is no flaw."""
    with written.database.snapshot() as connection:
        connection.execute(text("SELECT count(*) FROM line"))
        Played(written).start(OTHER_COI)
        assert check(connection).holds
