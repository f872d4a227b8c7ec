"""The server vouches for signatures: one that was written past it is named, and stops who would rely on it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from mes.integrity import check
from mes.ledger.checkpoint import Key, SecretKey
from mes.ledger.line import canonical, line_hash
from mes.ledger.seal_keys import LOSS, ROTATION, announced
from mes.ledger.vouched import BEGUN, message, vouch_for_unsealed
from mes.seals.commands import ChangeSealKey, Seal
from tests.batch_records.playing import QUINN, RUTH
from tests.mes.laboratory import ADAM, CLOCK, Laboratory
from tests.mes.played import Played

SAID = "the server does not vouch for its signature"


def seal(lab: Laboratory) -> None:
    """Seal all there is, the line from which on signatures are vouched for among it."""
    for _ in range(2):
        lab.do(Seal(all_of_it=True), CLOCK)


def forge(lab: Laboratory, book: str) -> int:
    """Append, past the server, Ruth's review under the last line of a batch, all hashes right; return its page."""
    page = len(lab.lines(book)) + 1
    previous = lab.hash_of(book, page - 1)
    signed = {"meaning": "reviewed", "name": RUTH.name, "seen": previous.hex()}
    content = lab.lines(book)[-1] | {"kind": "batch reviewed", "author": RUTH.id, "page": page, "signed": signed}
    said = canonical(content | {"body": {"stage": Stage.FINAL.value}})
    values = {"b": book, "p": page, "h": line_hash(previous, said)}
    line = "INSERT INTO line VALUES (:b, :p, 'batch reviewed', :a, :at, :text, :previous, :h)"
    with lab.dba() as dba:
        dba.run(line, **values, a=RUTH.id, at=content["at"], text=said, previous=previous)
        dba.run("UPDATE book SET pages = :p, head = :h WHERE name = :b", **values)
    return page


def unvouched(lab: Laboratory, *keys: Key) -> list[tuple[str, int]]:
    """Return which signatures nobody vouches for; ``keys`` are those that may, if the ledger is not to say."""
    with lab.database.snapshot() as connection:
        return [(flaw.book, flaw.page) for flaw in check(connection, keys=keys).flaws if SAID in flaw.sentence]


def keys(lab: Laboratory) -> list[Key]:
    """Return the keys that were announced."""
    with lab.reading() as connection:
        return [each.key for each in announced(connection)]


@pytest.fixture
def done(batch: Played) -> Played:
    """A batch in which all is done, in a laboratory that seals."""
    seal(batch.lab)
    return batch.finish()


@pytest.mark.requirement("RQ-023")
def test_a_signature_that_the_owner_of_the_database_appends_is_named(done: Played) -> None:
    """Ruth's true name, a line that is there, right hashes, a right head: nothing but the server's key tells."""
    assert done.lab.verify().holds
    page = forge(done.lab, done.book)
    assert unvouched(done.lab) == [(done.book, page)]
    seal(done.lab)
    assert unvouched(done.lab) == [(done.book, page)]


@pytest.mark.requirement("RQ-023")
def test_a_batch_with_a_forged_review_is_shown_as_such_and_not_released(done: Played) -> None:
    """Quinn is told which line it is, and cannot release the batch on a review that Ruth never gave."""
    page = forge(done.lab, done.book)
    said = f"This record does not verify: line {page}"
    assert said in done.lab.tablet(QUINN).open(f"{done.page}/release").page.text
    with pytest.raises(Refused, match=f"does not verify: line {page}"):
        done.do(c.ReleaseBatch(done.number, Stage.FINAL, done.batch.last.hash), QUINN)


def test_what_was_signed_before_anybody_vouched_is_no_flaw(batch: Played) -> None:
    """A laboratory of years is upgraded: its signatures stand before the line that says from when on."""
    batch.finish()
    assert batch.lab.count("vouched") == 0
    seal(batch.lab)
    assert len(batch.lab.lines("laboratory", BEGUN)) == 1
    assert batch.lab.verify().holds


def test_a_new_key_vouches_on_and_the_old_one_stays_good(done: Played) -> None:
    """The key is rotated: what the old one vouched for holds, and what is signed afterwards as well."""
    done.lab.do(ChangeSealKey(ROTATION, "every year"), ADAM)
    done.do(c.ReviewBatch(done.number, Stage.FINAL, done.batch.last.hash), RUTH)
    assert done.lab.verify().holds
    assert unvouched(done.lab, *keys(done.lab)) == []


def test_with_keys_from_elsewhere_no_other_vouches(done: Played) -> None:
    """An inspector brings the keys that the site published: what another key vouched for is named."""
    assert unvouched(done.lab, *keys(done.lab)) == []
    strange = unvouched(done.lab, SecretKey.new("another").public)
    assert strange
    assert len(strange) == len([line for line in done.lab.lines(done.book) if "signed" in line])


@pytest.mark.requirement("RQ-023")
def test_a_key_that_somebody_announces_past_the_server_vouches_for_nothing(done: Played) -> None:
    """Whoever owns the database announces a key of their own as a rotation; the key before has not vouched for it."""
    mine, lab = SecretKey.new(keys(done.lab)[0].name), done.lab
    lab.do(ChangeSealKey(ROTATION, "every year"), ADAM)
    page, forged = len(lab.lines("laboratory")), forge(lab, done.book)
    with lab.dba() as dba:
        content = lab.lines("laboratory")[-1]
        said = canonical(content | {"body": content["body"] | {"key": str(mine.public)}})
        values = {"t": said, "h": line_hash(lab.hash_of("laboratory", page - 1), said), "p": page}
        dba.run("UPDATE line SET text = :t, hash = :h WHERE book = 'laboratory' AND page = :p", **values)
        signature = mine.sign(message(lab.hash_of(done.book, forged)))
        stands = {"b": done.book, "p": forged, "k": mine.public.id.hex(), "s": signature}
        dba.run("INSERT INTO vouched VALUES (:b, :p, :k, :s)", **stands)
    assert unvouched(lab) == [(done.book, forged)]


def test_a_signature_stands_where_the_key_is_gone_and_a_new_key_vouches_for_it(done: Played) -> None:
    """The key was lost at night: Ruth's review is on record all the same, and is named until a new key is announced."""
    done.lab.installation.sealing.keyring.forget(keys(done.lab)[0])
    done.do(c.ReviewBatch(done.number, Stage.FINAL, done.batch.last.hash), RUTH)
    page = max(line["page"] for line in done.lab.lines(done.book, "batch reviewed"))
    assert unvouched(done.lab) == [(done.book, page)]
    done.lab.do(ChangeSealKey(LOSS, "the disk broke"), ADAM)
    assert done.lab.verify().holds


@pytest.mark.requirement("RQ-023")
def test_a_new_key_does_not_vouch_for_what_was_forged_and_sealed_before(done: Played) -> None:
    """An administrator who calls the key lost cannot have the new one vouch for what lies in the log already."""
    page = forge(done.lab, done.book)
    seal(done.lab)
    with done.lab.dba() as dba:
        vouch_for_unsealed(dba.connection, done.lab.installation.sealing.keyring.secret(keys(done.lab)[0]))
    assert unvouched(done.lab) == [(done.book, page)]


@pytest.mark.parametrize("change", ["UPDATE vouched SET page = page + 900", "DELETE FROM vouched"])
def test_what_vouches_is_append_only(done: Played, change: str) -> None:
    """Nobody changes or takes away what vouches, the owner of the database included."""
    engine = done.lab.owner()
    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(change))
    engine.dispose()
    assert done.lab.verify().holds
