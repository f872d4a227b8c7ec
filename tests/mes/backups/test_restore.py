"""A copy is made, proves itself, and is put in place: the same lines, the same hashes, or nothing is touched."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batch_records.executed import commands as c
from mes.backups import files
from mes.backups.state import heads
from mes.seals.commands import Seal
from tests.cast import ALICE
from tests.mes.backups.copied import Desk
from tests.mes.laboratory import CLOCK, Laboratory
from tests.mes.played import Played


@pytest.fixture
def desk(batch: Played, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """A desk in a laboratory that is in the middle of a batch; restored databases are dropped with it."""
    batch.finish("1.4")
    desk = Desk(batch.lab, capsys)
    yield desk
    if not batch.lab.is_sqlite:
        _drop_others(batch.lab)


def _drop_others(lab: Laboratory) -> None:
    """Drop the databases that a restore made or put aside."""
    owner = lab.owner().execution_options(isolation_level="AUTOCOMMIT")
    query = "SELECT datname FROM pg_database WHERE datname LIKE current_database() || '\\_%%'"
    with owner.connect() as connection:
        for (name,) in connection.exec_driver_sql(query).all():
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    owner.dispose()


def known(lab: Laboratory) -> dict[str, tuple[int, str]]:
    with lab.reading() as connection:
        return heads(connection)


@pytest.mark.requirement("RQ-030")
@pytest.mark.requirement("RQ-060")
@pytest.mark.requirement("RQ-119")
def test_a_restored_copy_has_identical_hashes(desk: Desk) -> None:
    """Restored on another machine, every book ends with the same hash; only the note of the restore is new."""
    before = known(desk.lab)
    assert desk.back_up() == 0, desk.said
    with desk.elsewhere() as (url, folder):
        assert desk.restore(url=url, folder=folder) == 0, desk.said
        with desk.restored(url, folder) as restored:
            after = known(restored)
            assert {name: head for name, head in after.items() if name != "laboratory"} == {
                name: head for name, head in before.items() if name != "laboratory"
            }
            assert [line["kind"] for line in restored.lines("laboratory")][-1] == "backup restored"
            assert after["laboratory"][0] == before["laboratory"][0] + 1
            assert restored.verify().holds


def test_a_backup_is_noted(desk: Desk) -> None:
    """The laboratory's book says that there is a copy, with its digest, by which it is known again."""
    assert desk.back_up() == 0
    (noted,) = desk.lab.lines("laboratory", "backup made")
    assert noted["body"]["sha256"] == files.digest_of(desk.file)
    assert noted["body"]["sha256"] in desk.said
    assert desk.lab.verify().holds


@pytest.mark.requirement("RQ-119")
def test_an_older_copy_is_told_and_not_put_in_place(desk: Desk, batch: Played) -> None:
    """What was recorded since the copy would be lost: the books are named, and nothing is touched without a reason."""
    assert desk.back_up() == 0
    batch.do(c.AddComment(batch.number, "after the copy"), ALICE)
    before = known(desk.lab)
    assert desk.restore() == 1
    assert f"batch:{batch.number}: the last 1 line known are not in the copy" in desk.said
    assert "OLDER than what is known" in desk.said
    assert known(desk.lab) == before


def test_an_older_copy_is_restored_with_a_reason_and_what_it_replaces_is_kept(desk: Desk, batch: Played) -> None:
    """Its disk is gone: somebody says why, the ledger says how many lines are lost, the newer records stay aside."""
    assert desk.back_up() == 0
    batch.do(c.AddComment(batch.number, "after the copy"), ALICE)
    assert desk.restore("--older", "the disk broke at noon") == 0, desk.said
    (noted,) = desk.lab.lines("laboratory", "backup restored")
    assert (noted["reason"], noted["body"]["lost"]) == ("the disk broke at noon", 2)
    assert "comment added" not in batch.kinds()
    assert desk.lab.verify().holds
    if desk.lab.is_sqlite:
        (aside,) = desk.lab.folder.glob("before-*/lab.db")
        assert aside.stat().st_size


@pytest.mark.requirement("RQ-119")
def test_a_head_from_paper_tells_an_older_copy_on_an_empty_machine(desk: Desk, batch: Played) -> None:
    """Nothing stands where it is restored, but the printed record knows a later line."""
    assert desk.back_up() == 0
    batch.do(c.AddComment(batch.number, "after the copy"), ALICE)
    page, head = known(desk.lab)[batch.book]
    with desk.elsewhere() as (url, folder):
        assert desk.restore("--head", f"{batch.book}:{page}:{head}", url=url, folder=folder) == 1
    assert "OLDER than what is known" in desk.said


@pytest.mark.requirement("RQ-119")
def test_a_witness_tells_an_older_copy_on_an_empty_machine(desk: Desk, batch: Played) -> None:
    """The server is gone, the share with the witness's file is not: no paper is needed to name the rollback."""
    desk.lab.do(Seal(all_of_it=True), CLOCK)
    assert desk.back_up() == 0
    batch.do(c.AddComment(batch.number, "after the copy"), ALICE)
    desk.lab.do(Seal(all_of_it=True), CLOCK)
    witness = desk.lab.folder / "witness.jsonl"
    with desk.elsewhere() as (url, folder):
        assert desk.restore("--witness", witness, url=url, folder=folder) == 1
        assert f"the witness {witness}: the last 3 lines that it confirmed are not in the copy" in desk.said
        assert "OLDER than what is known" in desk.said
        assert desk.restore("--witness", witness, "--older", "the server burnt", url=url, folder=folder) == 0, desk.said
        with desk.restored(url, folder) as restored:
            assert restored.lines("laboratory", "backup restored")[-1]["body"]["lost"] == 3


@pytest.mark.requirement("RQ-119")
def test_the_witness_that_the_folder_names_is_asked(desk: Desk, batch: Played) -> None:
    """The database was lost and its folder was not: `restore` asks the witness without being told to."""
    desk.lab.do(Seal(all_of_it=True), CLOCK)
    assert desk.back_up() == 0
    batch.do(c.AddComment(batch.number, "after the copy"), ALICE)
    desk.lab.do(Seal(all_of_it=True), CLOCK)
    with desk.elsewhere() as (url, _):
        assert desk.restore("--only-prove", url=url) == 1
    assert "the witness file: the last 3 lines that it confirmed are not in the copy" in desk.said


def _tampered(file: Path, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None) -> None:
    """Write an archive anew, with its members changed."""
    with tarfile.open(file) as archive:
        members = [(each.name, change(each.name, archive.extractfile(each).read())) for each in archive]  # type: ignore[union-attr]  # a backup holds files only
    file.unlink()
    with tarfile.open(file, "w") as archive:
        for name, content in [*members, *(more or {}).items()]:
            if content is not None:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))


@pytest.mark.requirement("RQ-030")
@pytest.mark.parametrize(
    ("change", "more", "sentence"),
    [
        (lambda name, text: text[:-1] + b"x" if name.startswith("database") else text, {}, "is not what was copied"),
        (lambda name, text: None if name.startswith("database") else text, {}, "the records here are not"),
        (lambda name, text: None if name == "manifest.json" else text, {}, "is no backup"),
        (lambda _, text: text, {"files/gateway.toml": b"evil"}, "was added to"),
        (lambda _, text: text, {"../escaped": b"evil"}, "is nothing that a backup holds"),
    ],
)
def test_a_copy_that_was_touched_is_refused(
    desk: Desk, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes], sentence: str
) -> None:
    """A byte changed, a part taken out, one added, one that points elsewhere: nothing is replaced."""
    assert desk.back_up() == 0
    before = known(desk.lab)
    _tampered(desk.file, change, more)
    assert desk.restore() == 1
    assert "Nothing was replaced" in desk.said
    assert sentence in desk.said or "is not what was copied" in desk.said
    assert known(desk.lab) == before


def test_half_a_copy_is_refused(desk: Desk) -> None:
    """The disk of the copies was full, or the network broke: what is left is no backup."""
    assert desk.back_up() == 0
    whole = desk.file.read_bytes()
    desk.file.write_bytes(whole[: len(whole) // 2])
    assert desk.restore() == 1
    assert "Nothing was replaced" in desk.said


@pytest.mark.requirement("RQ-030")
def test_a_copy_of_what_is_not_whole_says_so(desk: Desk, batch: Played) -> None:
    """Somebody altered a line before the copy: it is made, called not whole, and never put in place."""
    with desk.lab.dba() as dba:
        dba.run("UPDATE line SET text = replace(text, 'TUBE-1', 'TUBE-2') WHERE book = :book", book=batch.book)
    assert desk.back_up() == 1
    assert "NOT whole" in desk.said
    assert desk.restore() == 1
    assert "made of records that were NOT whole" in desk.said


@pytest.mark.requirement("RQ-083")
def test_everything_that_is_needed_is_in_the_copy(desk: Desk) -> None:
    """Configuration, certificates and printed records come back with the records; secrets only by their passphrase."""
    folder = desk.lab.folder
    contents = {"gateway.toml": b"name = 'g'", "documents/B26-0001.pdf": b"%PDF", "pki/own/certificate.der": b"cert"}
    secrets = {"secret.key": b"s1" * 32, "clock-1.token": b"s2", "pki/own/key.pem": b"-----BEGIN PRIVATE KEY-----"}
    for name, content in (contents | secrets).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "secret.key").chmod(0o600)
    (folder / "spool").write_bytes(b"SQLite format 3\0 never from a copy")
    phrase = folder / "away" / "phrase"
    phrase.parent.mkdir()
    phrase.write_text("nine grey herons by the weir\n")
    assert desk.back_up("--passphrase-file", phrase) == 0
    assert not any(secret in desk.file.read_bytes() for secret in (b"BEGIN PRIVATE KEY", b"never from a copy"))
    with desk.elsewhere() as (url, place):
        assert desk.restore("--passphrase-file", phrase, url=url, folder=place) == 0, desk.said
        assert {name: (place / name).read_bytes() for name in contents | secrets} == contents | secrets
        assert (place / "secret.key").stat().st_mode & 0o077 == 0
        assert not (place / "spool").exists()


def test_without_a_passphrase_secrets_are_named_and_left_out(desk: Desk) -> None:
    """Whoever restores knows what is still missing."""
    (desk.lab.folder / "clock-1.token").write_text("a token, synthetic")
    assert desk.back_up() == 0
    assert "clock-1.token" in desk.said
    assert b"a token, synthetic" not in desk.file.read_bytes()


def test_another_passphrase_opens_nothing(desk: Desk) -> None:
    """The secrets stay shut, and nothing is replaced."""
    (desk.lab.folder / "clock-1.token").write_text("a token, synthetic")
    phrase = desk.lab.folder / "phrase"
    phrase.write_text("nine grey herons by the weir")
    assert desk.back_up("--passphrase-file", phrase) == 0
    phrase.write_text("ten grey herons by the weir")
    assert desk.restore("--passphrase-file", phrase) == 1
    assert "does not open the secrets" in desk.said


def test_a_copy_can_be_proved_without_changing_anything(desk: Desk) -> None:
    """The yearly exercise: it is said to be whole, and nothing is put anywhere."""
    assert desk.back_up() == 0
    with desk.elsewhere() as (url, folder):
        assert desk.restore("--only-prove", url=url, folder=folder) == 0, desk.said
        assert "is whole" in desk.said
        assert not (folder / "mes.sqlite").exists()
