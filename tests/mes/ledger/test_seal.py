"""Sealing: committed lines become leaves of one log, a signed checkpoint counts them, and each can be proved."""

from __future__ import annotations

import pytest

from batch_records.executed.commands import AddComment
from mes.ledger import checkpoint as notes
from mes.ledger import merkle
from mes.ledger.log import newest
from mes.ledger.seal import NotSealed, proof_of
from mes.ledger.seal_keys import announced
from mes.seals.commands import Seal
from tests.cast import ALICE
from tests.mes.laboratory import CLOCK, COI, Laboratory
from tests.mes.played import Played

BOOK = "batch:B26-0001"


@pytest.fixture
def sealed(lab: Laboratory) -> Laboratory:
    """A laboratory that has run for a while: a batch was begun, and the clock had all of it sealed."""
    Played(lab).start(COI).finish("1.5")
    for _ in range(2):  # the second seals the line from which on signatures are vouched for
        lab.time.later(minutes=1)
        lab.do(Seal(), CLOCK)
    return lab


def test_every_line_is_a_leaf_of_one_log(sealed: Laboratory) -> None:
    """After a minute, each line that was committed is sealed; the first line about the seals themselves is too."""
    assert sealed.count("leaf") == sealed.count("line")
    assert [line["body"]["because"] for line in sealed.lines("laboratory", "seal key announced")] == ["set-up"]


def test_a_line_is_proved_by_its_hash_and_the_checkpoint_alone(sealed: Laboratory) -> None:
    """Who holds a line, its path and a checkpoint signed by the announced key needs nothing else to prove it."""
    with sealed.reading() as connection:
        key = announced(connection)[0].key
        for page, text in enumerate(sealed.lines(BOOK), 1):
            proof = proof_of(connection, BOOK, page)
            note = notes.read(proof.checkpoint)
            leaf = merkle.leaf_hash(sealed.hash_of(BOOK, page))
            assert text["page"] == page
            assert note.is_signed_by(key)
            assert note.checkpoint.size == proof.size
            assert merkle.is_included(leaf, proof.index, proof.size, proof.path, note.checkpoint.root)


def test_a_line_of_this_moment_is_not_proved_yet(sealed: Laboratory) -> None:
    """A proof is never of a line that no checkpoint covers."""
    sealed.do(AddComment("B26-0001", "all well"), ALICE)
    page = len(sealed.lines(BOOK))
    with sealed.reading() as connection, pytest.raises(NotSealed, match=f"page {page}"):
        proof_of(connection, BOOK, page)


def test_a_hundred_lines_or_a_minute(sealed: Laboratory) -> None:
    """A single line waits less than a minute; fifty do not wait at all."""
    before = _size(sealed)
    sealed.do(AddComment("B26-0001", "one"), ALICE)
    sealed.do(Seal(), CLOCK)
    assert _size(sealed) == before
    sealed.time.later(seconds=45)
    sealed.do(Seal(), CLOCK)
    assert _size(sealed) == before + 1
    for number in range(50):
        sealed.do(AddComment("B26-0001", f"remark {number}"), ALICE)
    sealed.do(Seal(), CLOCK)
    assert _size(sealed) == before + 51


def _size(lab: Laboratory) -> int:
    with lab.reading() as connection:
        found = newest(connection)
    assert found
    return found.size
