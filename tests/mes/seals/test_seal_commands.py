"""The commands about seals: keys printed and changed, a ledger checked off the server, and what the doctor says."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from batch_records.executed.commands import AddComment
from mes import cli
from mes.ledger.checkpoint import SecretKey
from mes.seals.commands import Seal
from tests.cast import ALICE
from tests.mes.laboratory import ADAM, CLOCK, COI, PASSWORD, Laboratory, application_url
from tests.mes.played import Played


@pytest.fixture
def sealed(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    """A sealed laboratory, which the commands find by its address."""
    Played(lab).start(COI)
    lab.do(Seal(all_of_it=True), CLOCK)
    monkeypatch.setenv("MES_DATABASE_URL", application_url(lab.owner_url))
    monkeypatch.setattr(getpass, "getpass", lambda _: PASSWORD)
    return lab


def key(capsys: pytest.CaptureFixture[str], lab: Laboratory) -> str:
    """Return the newest key, as it is printed for witnesses."""
    capsys.readouterr()
    assert cli.main(["seal", "key", "--folder", str(lab.folder)]) == 0
    return capsys.readouterr().out.splitlines()[-2]


@pytest.mark.requirement("RQ-083")
def test_a_ledger_is_checked_off_the_server(
    sealed: Laboratory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The database, a witness's file and a public key, in an empty folder: whole; with another key, it says so."""
    known, elsewhere = key(capsys, sealed), tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = ["verify", "--folder", str(elsewhere), "--witness", str(sealed.folder / "witness.jsonl")]
    assert cli.main([*words, "--key", known]) == 0
    assert "compared with 1 that witnesses keep" in capsys.readouterr().out
    assert cli.main([*words, "--key", str(SecretKey.new("somebody").public)]) == 1
    assert "which is none of those given" in capsys.readouterr().out


@pytest.mark.requirement("RQ-002")
def test_a_cut_ledger_is_named_off_the_server(
    sealed: Laboratory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the witness's file knows and the database does not is named, and the exit code says no."""
    with sealed.dba() as dba:
        dba.run("DELETE FROM checkpoint")
        dba.run("DELETE FROM leaf")
        dba.run("DELETE FROM witnessed")
    witness = str(sealed.folder / "witness.jsonl")
    assert cli.main(["verify", "--folder", str(tmp_path / "x"), "--witness", witness]) == 1
    assert "has confirmed" in capsys.readouterr().out


def test_a_key_is_rotated_and_the_old_one_destroyed(sealed: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """Adam rotates with his password and a reason: another key signs, and one file is left."""
    old = key(capsys, sealed)
    words = ["seal", "rotate", "--reason", "yearly", "--as", ADAM.id, "--folder", str(sealed.folder)]
    assert cli.main(words) == 0
    assert key(capsys, sealed) != old
    assert len(list((sealed.folder / "seal-keys").iterdir())) == 1
    sealed.do(AddComment("B26-0001", "all well"), ALICE)
    assert sealed.do(Seal(all_of_it=True), CLOCK)["not_witnessed"] == []
    assert sealed.verify().holds


def test_a_key_is_changed_only_with_a_reason(sealed: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """Without why, or by nobody, no key is made."""
    where = ["--folder", str(sealed.folder)]
    assert cli.main(["seal", "lost", "--as", ADAM.id, *where]) == 1
    assert "say why" in capsys.readouterr().err
    assert cli.main(["seal", "lost", "--reason", "the disk died", *where]) == 3
    assert len(list((sealed.folder / "seal-keys").iterdir())) == 1


def test_the_doctor_says_how_old_the_seals_are(sealed: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """How many lines are sealed, what each witness confirmed, and that a file beside the records is a weak one."""
    cli.main(["doctor", "--folder", str(sealed.folder)])
    said = capsys.readouterr().out
    assert f"{sealed.count('leaf')} lines are sealed" in said or f"{sealed.count('leaf')} lines sealed" in said
    assert "the witness file confirmed" in said
    assert "lies on the disk of the records" in said


def test_a_witness_is_set_up_by_three_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints its key, takes a laboratory's, and says where it keeps what it confirms; a wrong key is refused."""
    where = ["--folder", str(tmp_path / "witness"), "--name", "archive"]
    assert cli.main(["witness", "key", *where]) == 0
    assert capsys.readouterr().out.startswith("archive+")
    laboratory = SecretKey.new("cell-lab-mes/0001").public
    assert cli.main(["witness", "trust", str(laboratory), *where]) == 0
    assert "cell-lab-mes/0001 is served" in capsys.readouterr().out
    assert cli.main(["witness", "trust", "no key", *where]) == 2


@pytest.mark.requirement("RQ-002")
@pytest.mark.parametrize("loss", ["gone", "emptied"])
def test_a_witness_that_vanished_is_a_flaw(sealed: Laboratory, capsys: pytest.CaptureFixture[str], loss: str) -> None:
    """The ledger says that the file confirmed lines; without them, nobody can say that the ledger is whole."""
    file, words = sealed.folder / "witness.jsonl", ["verify", "--folder", str(sealed.folder)]
    assert cli.main(words) == 0
    capsys.readouterr()
    if loss == "gone":
        file.unlink()
    else:
        file.write_text("")
    assert cli.main(words) == 1
    said = capsys.readouterr().out
    assert "the witness file confirmed it, and its file" in said
    assert "NOT whole: 1 flaws" in said
