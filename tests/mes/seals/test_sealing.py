"""The seals of an installation: when lines are sealed, who confirms them, and what is said where nobody does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from batch_records.executed.commands import AddComment, ReviewBatch
from batch_records.master.recipe import Stage
from mes.ledger.checkpoint import Key, read
from mes.ledger.log import newest
from mes.ledger.seal import proof_of, seal
from mes.ledger.seal_keys import announced
from mes.seals import records
from mes.seals.commands import ChangeSealKey, Seal
from mes.seals.configured import WrongSettings, witnesses_of
from tests.cast import ALICE, QUINN
from tests.mes.laboratory import ADAM, CLOCK, COI, Laboratory
from tests.mes.ledger.scene import furnish
from tests.mes.played import Played
from tests.mes.seals.witnesses import configure, listening, witness_in

BOOK = "batch:B26-0001"
TABLES = ("line", "book", "leaf", "checkpoint")
MACHINE = '[witnesses.second]\nkind = "machine"\nurl = "{url}"\nkey = "{key}"\n'


@pytest.fixture
def sealed(lab: Laboratory) -> Laboratory:
    """A laboratory with a batch in work, sealed."""
    Played(lab).start(COI).finish("1.5")
    lab.do(Seal(all_of_it=True), CLOCK)
    return lab


def seals(lab: Laboratory) -> tuple[int, int]:
    """Return how many lines are sealed, and how many there are."""
    with lab.reading() as connection:
        found = newest(connection)
    return (found.size if found else 0), lab.count("line")


def key_of(lab: Laboratory) -> Key:
    """Return the key that signs."""
    with lab.reading() as connection:
        return announced(connection)[-1].key


# --- when ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-002")
def test_a_review_is_sealed_and_confirmed_before_it_is_acknowledged(sealed: Laboratory) -> None:
    """Quinn's signature has no window: when the answer comes, the witness knows its line."""
    outcome = sealed.do(ReviewBatch("B26-0001", Stage.CONDITIONAL, sealed.head(BOOK)), QUINN)
    assert outcome["not_witnessed"] == []
    (signed,) = sealed.lines(BOOK, "batch reviewed")
    size, lines = seals(sealed)
    assert size == lines
    with sealed.reading() as connection:
        stands = records.standing(connection, "file")
        assert stands.size > proof_of(connection, BOOK, signed["page"]).index


def test_a_line_with_a_strange_time_is_found_too(sealed: Laboratory) -> None:
    """A clock that ran back hides no line from the seals."""
    sealed.time.later(days=-2)
    sealed.do(AddComment("B26-0001", "long ago"), ALICE)
    sealed.time.later(seconds=46)
    sealed.do(Seal(), CLOCK)
    assert seals(sealed)[0] == sealed.count("line")


def test_two_who_seal_at_once_seal_each_line_once(lab: Laboratory) -> None:
    """Four processes' worth of sealing at once leave one log without a gap, each checkpoint of it right."""
    furnish(lab)

    def work() -> None:
        seal(lab.database, lab.installation.sealing.keyring, lab.time(), every=True)

    for number in range(5):
        lab.do(AddComment("B26-0001", f"remark {number}"), ALICE)
        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(work) for _ in range(4)]:
                done.result()  # what failed in a thread fails here
    assert seals(lab)[0] == lab.count("line")
    assert lab.verify().holds


def test_a_log_of_many_lines_has_its_tiles(sealed: Laboratory) -> None:
    """Past 256 leaves whole tiles are kept, and every checkpoint and proof stays right."""
    for round_ in range(3):
        for number in range(100):
            sealed.do(AddComment("B26-0001", f"remark {round_}.{number}"), ALICE)
        sealed.do(Seal(all_of_it=True), CLOCK)
    assert sealed.count("node") == sealed.count("leaf") // 256 > 0
    found = sealed.verify()
    assert found.holds
    assert (found.sealed, found.waiting) == (sealed.count("line"), 0)


# --- witnesses -------------------------------------------------------------------------------------------------------


def test_a_second_machine_confirms(sealed: Laboratory, tmp_path: Path) -> None:
    """A witness over HTTP signs each seal; its signature is kept, and `verify` holds it against the checkpoint."""
    witness = witness_in(tmp_path)
    witness.trust(key_of(sealed))
    with listening(witness) as url:
        configure(sealed, MACHINE.format(url=url, key=witness.key))
        for number in range(3):
            sealed.do(AddComment("B26-0001", f"remark {number}"), ALICE)
            assert sealed.do(Seal(all_of_it=True), CLOCK)["not_witnessed"] == []
    with sealed.reading() as connection:
        found = newest(connection)
        answer = connection.execute(text("SELECT answer FROM witnessed ORDER BY number DESC LIMIT 1")).scalar_one()
    assert found
    assert read(found.note + answer).cosigned_at(witness.key)
    assert sealed.verify().holds


@pytest.mark.requirement("RQ-002")
def test_a_witness_out_of_reach_stops_nobody_and_is_told_later(sealed: Laboratory, tmp_path: Path) -> None:
    """The review stands, the answer and the page say that it is not confirmed; when the witness is back, it is."""
    witness = witness_in(tmp_path)
    witness.trust(key_of(sealed))
    with listening(witness) as url:
        configure(sealed, MACHINE.format(url=url, key=witness.key))
    outcome = sealed.do(ReviewBatch("B26-0001", Stage.CONDITIONAL, sealed.head(BOOK)), QUINN)
    assert "the witness second has not confirmed" in outcome["not_witnessed"][0]
    assert len(sealed.lines(BOOK, "batch reviewed")) == 1
    page = sealed.tablet(QUINN).open("/batches/B26-0001/review").html
    assert "The witness second has not confirmed it yet" in page
    with listening(witness) as url:
        configure(sealed, MACHINE.format(url=url, key=witness.key))
        assert sealed.do(Seal(), CLOCK)["not_witnessed"] == []
    assert "has not confirmed it yet" not in sealed.tablet(QUINN).open("/batches/B26-0001/review").html


def test_silence_shows(sealed: Laboratory) -> None:
    """Where nothing happens for hours, the witness is told every ten minutes, so that a gap means something."""
    before = sealed.count("witnessed")
    for _ in range(6):
        sealed.time.later(minutes=10)
        sealed.do(Seal(), CLOCK)
        sealed.do(Seal(), CLOCK)
    assert sealed.count("witnessed") == before + 6


def test_an_outage_is_kept_once(sealed: Laboratory) -> None:
    """A witness that is away for an hour leaves one line that says so, not four thousand."""
    configure(sealed, '[witnesses.share]\nkind = "file"\npath = "not/mounted/file"\n')
    before = sealed.count("witnessed")
    for _ in range(20):
        assert "cannot be written" in sealed.do(Seal(), CLOCK)["not_witnessed"][0]
    assert sealed.count("witnessed") == before + 1


@pytest.mark.requirement("RQ-083")
def test_yesterdays_database_is_named_by_the_witness(sealed: Laboratory) -> None:
    """Yesterday's copy in today's place: whole in itself, and the witness has confirmed more than it has."""
    engine = sealed.owner()
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(text("CREATE TABLE old_table AS SELECT * FROM table".replace("table", table)))
    engine.dispose()
    sealed.do(AddComment("B26-0001", "today"), ALICE)
    sealed.do(Seal(all_of_it=True), CLOCK)
    with sealed.dba() as dba:
        for table in TABLES:
            dba.run("DELETE FROM table".replace("table", table))
            dba.run("INSERT INTO table SELECT * FROM old_table".replace("table", table))
    flaws = [flaw.sentence for flaw in sealed.verify().flaws if flaw.book == "checkpoint"]
    assert any("the witness file has confirmed" in each for each in flaws)
    (said,) = sealed.do(Seal(), CLOCK)["not_witnessed"]
    assert "there are only" in said  # and without anybody having run `verify`


def test_a_witness_that_lost_its_memory_is_named(sealed: Laboratory) -> None:
    """A witness's file that was emptied is no witness any more, and is not quietly filled again."""
    (sealed.folder / "witness.jsonl").write_bytes(b"")
    sealed.do(AddComment("B26-0001", "all well"), ALICE)
    (said,) = sealed.do(Seal(all_of_it=True), CLOCK)["not_witnessed"]
    assert "its file is empty" in said


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("", "names no witness"),
        ("[witnesses.a]\nkind = 'paper'", "none of file, machine, time stamp"),
        ("[witnesses.a]\nkind = 'file'", "lacks 'path'"),
        ("[witnesses.a]\nkind = 'machine'\nurl = 'http://x'\nkey = 'x'", "no base64|no key"),
        ("no toml", "seals.toml"),
    ],
)
def test_settings_that_name_no_witness_are_refused(tmp_path: Path, said: str, sentence: str) -> None:
    """Who writes seals.toml is told what is wrong with it; a laboratory without any witness there is not."""
    (tmp_path / "seals.toml").write_text(said)
    with pytest.raises(WrongSettings, match=sentence):
        witnesses_of(tmp_path)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_the_key_is_its_owners_alone(sealed: Laboratory) -> None:
    """The secret key lies outside the database, in a file that nobody else reads; no text of it shows the secret."""
    (file,) = (sealed.folder / "seal-keys").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    secret = sealed.installation.sealing.keyring.secret(key_of(sealed))
    assert secret.secret.hex() not in repr(secret)
    assert str(secret.secret) not in repr(secret)


def test_a_rotated_key_is_vouched_for_by_the_one_before(sealed: Laboratory) -> None:
    """The first seal over the announcement is the old key's, all later ones the new key's; `verify` knows."""
    old = key_of(sealed)
    sealed.do(ChangeSealKey("rotation", "yearly"), ADAM)
    new = key_of(sealed)
    assert new != old
    assert new.name == old.name
    with sealed.reading() as connection:
        first = newest(connection)
    assert first
    assert read(first.note).is_signed_by(old)
    sealed.installation.sealing.keyring.forget(old)
    sealed.do(AddComment("B26-0001", "all well"), ALICE)
    sealed.do(Seal(all_of_it=True), CLOCK)
    with sealed.reading() as connection:
        second = newest(connection)
    assert second
    assert read(second.note).is_signed_by(new)
    assert sealed.verify().holds


def test_a_lost_key_is_replaced_and_said_to_be_lost(sealed: Laboratory) -> None:
    """Without its key the laboratory works on, unsealed, and says so; with a new one it seals all that waited."""
    sealed.installation.sealing.keyring.forget(key_of(sealed))
    sealed.do(AddComment("B26-0001", "all well"), ALICE)
    (said,) = sealed.do(Seal(all_of_it=True), CLOCK)["not_witnessed"]
    assert "not sealed: the secret key" in said
    assert sealed.do(ChangeSealKey("loss", "the disk died"), ADAM)["not_witnessed"] == []
    assert seals(sealed)[0] == sealed.count("line")
    (_, line) = sealed.lines("laboratory", "seal key announced")
    assert (line["body"]["because"], line["reason"]) == ("loss", "the disk died")
    assert sealed.verify().holds


# --- the database ------------------------------------------------------------------------------------------------

STATEMENTS = (
    "UPDATE leaf SET book = book",
    "UPDATE checkpoint SET note = note",
    "UPDATE witnessed SET answer = answer",
    "DELETE FROM leaf",
    "DELETE FROM checkpoint",
    "DELETE FROM witnessed",
    "INSERT INTO leaf SELECT max(position) + 2, book, 1, hash FROM leaf GROUP BY book, hash",
    "INSERT INTO leaf SELECT (SELECT max(position) + 1 FROM leaf), 'user:nobody', 1, hash FROM line WHERE page = 1",
    "INSERT INTO checkpoint SELECT max(size) + 1, root, note, at FROM checkpoint GROUP BY root, note, at",
    "INSERT INTO checkpoint SELECT 1, root, note, at FROM checkpoint",
)
NOT_OURS = r"permission denied|must be owner"
REFUSED = r"append-only|permission denied|does not continue|not of the log|UNIQUE"


@pytest.mark.requirement("RQ-007")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_application_cannot_change_a_seal(sealed: Laboratory, statement: str) -> None:
    """In its own role the application may add what continues the log; all else the database refuses, each statement."""
    with sealed.database.writer.connect() as connection, pytest.raises(DBAPIError, match=REFUSED):
        connection.execute(text(statement))
    engine = sealed.owner()
    with engine.connect() as connection, pytest.raises(DBAPIError, match=REFUSED):
        connection.execute(text(statement))
    engine.dispose()
    assert sealed.verify().holds


def test_nobody_but_the_owner_empties_or_disarms_a_table(sealed: Laboratory) -> None:
    """TRUNCATE, a trigger switched off, a table swapped for another: the application's role has no right to them."""
    if sealed.is_sqlite:
        return_to = "INSERT OR REPLACE INTO leaf SELECT 0, book, page, hash FROM leaf WHERE position = 1"
        with sealed.owner().connect() as connection, pytest.raises(DBAPIError, match=REFUSED):
            connection.execute(text(return_to))
        return
    for statement in (
        *(f"TRUNCATE {table}" for table in ("leaf", "node", "checkpoint", "witnessed", "line")),
        *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("leaf", "checkpoint", "line")),
        *(f"ALTER TABLE {table} RENAME TO gone" for table in ("leaf", "checkpoint", "line")),
        "DROP TRIGGER leaf_follows ON leaf",
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "SET session_replication_role = replica",
        "ALTER SEQUENCE witnessed_number_seq RESTART WITH 1",
        "DROP TABLE leaf",
    ):
        with (
            sealed.database.writer.connect() as connection,
            pytest.raises(DBAPIError, match=NOT_OURS),
        ):
            connection.execute(text(statement))
