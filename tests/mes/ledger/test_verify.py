"""The check that the ledger is whole: what somebody with every right to the database did is found, and named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from batch_records.executed.commands import AddComment
from mes.clock import Tick
from mes.integrity import check
from mes.ledger.line import ZERO, canonical, line_hash
from mes.ledger.verify import Verified
from tests.cast import ALICE
from tests.mes.laboratory import CLOCK, COI, OTHER_COI, Laboratory
from tests.mes.played import Played

BOOK = "user:alice"


@pytest.fixture
def written(lab: Laboratory) -> Laboratory:
    """A laboratory where things have happened: a batch with some steps, readings, and a seal."""
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
    """Every line, head, seal and view is as it was written, and it is said how much was looked at."""
    found = written.verify()
    assert found.holds
    assert (found.books, found.lines, found.readings) == (written.count("book"), written.count("line"), 1)


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
    book, page = "batch:B26-0001", len(written.lines("batch:B26-0001"))
    with written.dba() as dba:
        dba.execute(text(f"UPDATE line SET {change} WHERE book = :b AND page = :p"), {"b": book, "p": page})  # noqa: S608
    found = written.verify()
    assert (book, page) in flaws(found)
    assert sentence in sentences(found)


def _delete(dba: Connection) -> None:
    dba.execute(text("DELETE FROM line WHERE book = 'batch:B26-0001' AND page = 3"))


def _insert(dba: Connection) -> None:
    _shift(dba, 3)
    _forge(dba, 3)


def _reorder(dba: Connection) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        dba.execute(text("UPDATE line SET page = :n WHERE book = 'batch:B26-0001' AND page = :o"), {"n": new, "o": old})


def _renumber(dba: Connection) -> None:
    _delete(dba)
    _shift(dba, 4, by=-1)


def _shift(dba: Connection, start: int, by: int = 1) -> None:
    query = text("SELECT page FROM line WHERE book = 'batch:B26-0001' AND page >= :start")
    for page in sorted(dba.execute(query, {"start": start}).scalars(), reverse=by > 0):
        where = {"old": page, "new": page + by}
        dba.execute(text("UPDATE line SET page = :new WHERE book = 'batch:B26-0001' AND page = :old"), where)


def _forge(dba: Connection, page: int) -> None:
    before = dba.execute(
        text(f"SELECT hash FROM line WHERE book = 'batch:B26-0001' AND page = {page - 1}")
    ).scalar_one()  # noqa: S608
    content = {"at": "2026-03-02T08:00:00.000000Z", "author": "bob", "book": "batch:B26-0001", "kind": "step verified"}
    text_ = canonical({**content, "page": page, "body": {"step": "1.1"}})
    values = {"page": page, "text": text_, "previous": before, "hash": line_hash(bytes(before), text_)}
    columns = "'batch:B26-0001', :page, 'step verified', 'bob', '2026-03-02T08:00:00.000000Z', :text, :previous, :hash"
    dba.execute(text(f"INSERT INTO line VALUES ({columns})"), values)


@pytest.mark.requirement("RQ-002")
@pytest.mark.parametrize("attack", [_delete, _insert, _reorder, _renumber], ids=lambda attack: attack.__name__)
def test_lines_taken_put_in_or_moved_are_named(written: Laboratory, attack: Callable[[Connection], None]) -> None:
    """A line that is deleted, put in or moved breaks the chain at its place."""
    with written.dba() as dba:
        attack(dba)
    found = written.verify()
    assert ("batch:B26-0001", 4) in flaws(found) or ("batch:B26-0001", 3) in flaws(found)
    assert not [book for book, _ in flaws(found) if book != "batch:B26-0001"]


def test_a_cut_tail_is_named_by_the_head_that_stayed(written: Laboratory) -> None:
    """Whoever deletes the newest line and forgets the head is found at once."""
    with written.dba() as dba:
        dba.execute(text(f"DELETE FROM line WHERE book = '{BOOK}'"))  # noqa: S608 - ours
    assert (BOOK, 1) in flaws(written.verify())


@pytest.mark.requirement("RQ-002")
def test_a_cut_tail_is_named_by_a_head_kept_elsewhere(written: Laboratory) -> None:
    """Cut off with its head, a tail is missed by the chain alone; the head on a printed record shows it."""
    book = "batch:B26-0001"
    pages, head = written.batch("B26-0001").last.page, written.batch("B26-0001").last.hash
    with written.dba() as dba:
        dba.execute(text(f"DELETE FROM line WHERE book = '{book}' AND page = {pages}"))  # noqa: S608 - ours
        last = f"(SELECT hash FROM line WHERE book = '{book}' AND page = {pages - 1})"  # noqa: S608 - ours
        dba.execute(text(f"UPDATE book SET pages = {pages - 1}, head = {last} WHERE name = '{book}'"))  # noqa: S608
    assert (book, pages) in flaws(written.verify({book: (pages, head)}))


def test_a_rewritten_book_is_named_by_a_head_kept_elsewhere(written: Laboratory) -> None:
    """Rewritten from a page on with right hashes, a book is still not the one whose head stands on paper."""
    known = written.lines(BOOK), written.head(BOOK)
    content = known[0][0] | {"author": "mallory"}
    text_ = canonical(content)
    values = {"text": text_, "hash": line_hash(ZERO, text_), "book": BOOK}
    with written.dba() as dba:
        dba.execute(text("UPDATE line SET text = :text, hash = :hash, author = 'mallory' WHERE book = :book"), values)
        dba.execute(text("UPDATE book SET head = :hash WHERE name = :book"), values)
    assert written.verify().holds
    assert flaws(written.verify({BOOK: (1, known[1])})) == [(BOOK, 1)]


@pytest.mark.requirement("RQ-017")
def test_a_signed_line_copied_to_another_batch_is_named(written: Laboratory) -> None:
    """Bob's signature on one batch, copied with a right hash under another, still names its own."""
    other = Played(written).start(OTHER_COI)
    signed = next(line for line in written.lines("batch:B26-0001") if line.get("signed"))
    values = {"text": canonical(signed), "page": len(other.kinds()) + 1}
    with written.dba() as dba:
        head = dba.execute(text(f"SELECT head FROM book WHERE name = '{other.book}'")).scalar_one()  # noqa: S608
        values |= {"previous": head, "hash": line_hash(bytes(head), str(values["text"]))}
        columns = f"'{other.book}', :page, 'step verified', 'bob', :at, :text, :previous, :hash"
        dba.execute(text(f"INSERT INTO line VALUES ({columns})"), values | {"at": signed["at"]})
        dba.execute(text(f"UPDATE book SET pages = :page, head = :hash WHERE name = '{other.book}'"), values)  # noqa: S608
    found = written.verify()
    assert (other.book, values["page"]) in flaws(found)
    assert "columns it is found by" in sentences(found)


def test_swapped_batches_are_named(written: Laboratory) -> None:
    """Two books that changed places say on every line whose they are."""
    other = Played(written).start(OTHER_COI)
    with written.dba() as dba:
        for old, new in (("batch:B26-0001", "x"), (other.book, "batch:B26-0001"), ("x", other.book)):
            dba.execute(text("UPDATE line SET book = :n WHERE book = :o"), {"n": new, "o": old})
            dba.execute(text("UPDATE book SET name = :n WHERE name = :o"), {"n": new, "o": old})
    assert {("batch:B26-0001", 1), (other.book, 1)} <= set(flaws(written.verify()))


@pytest.mark.requirement("RQ-107")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reading SET value = '99'",
        "UPDATE reading SET raw = hash FROM line WHERE page = 1",
        "UPDATE reading SET received_time = '2020-01-01T00:00:00.000000Z'",
        "DELETE FROM reading",
        "INSERT INTO reading SELECT instrument, 0, channel, value, unit, quality, status, sample, source_time, "
        "received_time, stored_time, raw FROM reading",
    ],
)
def test_a_changed_reading_is_named_by_its_seal(written: Laboratory, change: str) -> None:
    """A value, its raw bytes, its time, or a whole reading: what was sealed is as it was, or the seal says so."""
    written.measured("85")
    written.time.later(minutes=2)
    written.do(Tick(), CLOCK)
    with written.dba() as dba:
        dba.execute(text(change.replace("instrument, 0,", "instrument, sequence + 5,")))
    found = written.verify()
    if change.startswith("INSERT"):
        assert found.holds  # it came after the seal: the next one covers it
    else:
        assert "not those that were sealed" in sentences(found)


@pytest.mark.parametrize("forged", ["no JSON", "[]", "{}", '{"body":{}}', '{"body":{"from":1,"to":"x"}}'])
def test_a_line_that_is_no_line_is_named_and_stops_nothing(written: Laboratory, forged: str) -> None:
    """Whatever stands in the place of a text, with the right hash, the check names it and goes on."""
    book = "equipment:CC-01"
    page = len(written.lines(book))
    with written.dba() as dba:
        previous = dba.execute(text(f"SELECT previous FROM line WHERE book = '{book}' AND page = {page}")).scalar_one()  # noqa: S608
        values = {"text": forged, "hash": hashlib.sha256(bytes(previous) + forged.encode()).digest()}
        dba.execute(text(f"UPDATE line SET text = :text, hash = :hash WHERE book = '{book}' AND page = {page}"), values)  # noqa: S608
        dba.execute(text(f"UPDATE book SET head = :hash WHERE name = '{book}'"), values)  # noqa: S608
        dba.execute(text("UPDATE line SET text = '{}' WHERE book = 'user:bob' AND page = 1"))
    found = set(flaws(written.verify()))
    assert {(book, page), ("user:bob", 1)} <= found


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
        dba.execute(text(change))
    assert sentence in sentences(written.verify())


def test_a_record_whose_recipe_was_altered_is_named(written: Laboratory) -> None:
    """A batch is read by the very text it was issued by, or it is said that this text is gone."""
    with written.dba() as dba:
        dba.execute(text("UPDATE recipe_edition SET text = replace(text, '10 to 100 mL', '1 to 1000 mL')"))
    found = written.verify()
    assert "cannot be read" in sentences(found)


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
        (
            "INSERT INTO lot SELECT 'CM-FALSE', material, status, expires, gives FROM lot WHERE number = 'CM-1'",
            "lot:CM-FALSE",
        ),
    ],
)
def test_a_row_changed_behind_the_ledgers_back_is_named(written: Laboratory, change: str, book: str) -> None:
    """A lot set free or a role given by a statement has no line, and so is found."""
    with written.dba() as dba:
        dba.execute(text(change))
    assert book in {flaw.book for flaw in written.verify().flaws}


def test_it_is_whole_while_others_write(written: Laboratory) -> None:
    """The check sees one moment: what is written meanwhile is no flaw."""
    with written.database.snapshot() as connection:
        connection.execute(text("SELECT count(*) FROM line"))
        Played(written).start(OTHER_COI)
        assert check(connection).holds
