"""The commands that set a laboratory up: which one is meant, what stands in it, which head is on paper."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

import pytest

from mes import cli
from mes.cli import run, verify
from mes.people.models import User
from mes.schema import upgrade
from tests.mes.laboratory import PASSWORD, Laboratory, application_url


def test_a_laboratory_is_known_wherever_its_database_is(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder holds no database where PostgreSQL does; it is not taken for a new demonstration."""
    monkeypatch.setenv("MES_DATABASE_URL", application_url(lab.owner_url))
    assert run._kind(lab.folder / "without a file") == "laboratory"


def test_where_there_is_no_database_there_is_no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder is nobody's yet."""
    monkeypatch.delenv("MES_DATABASE_URL", raising=False)
    assert run._kind(tmp_path) == ""


def test_a_database_elsewhere_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The records are not in the folder but where MES_DATABASE_URL says: they are walked, not called absent."""
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    upgrade(url)
    monkeypatch.setenv("MES_DATABASE_URL", url)
    assert cli.main(["verify", "--folder", str(tmp_path / "lab")]) == 0
    assert "The ledger is whole: 0 lines" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["list"], ["add", "olga", "Olga Orlova", "--as", "ada"]])
def test_there_are_no_people_where_no_laboratory_is(
    database_url: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a folder given by mistake, or on an empty database: a sentence that says how one is set up."""
    monkeypatch.setenv("MES_DATABASE_URL", database_url)
    assert cli.main(["user", *words, "--folder", str(tmp_path)]) == 3
    assert capsys.readouterr().err == f"no laboratory is set up in {tmp_path}: ./lab user open does that\n"


@pytest.mark.parametrize("words", [["verify"], ["doctor"], ["user", "list"], ["backup", "copy.tar"]])
def test_who_only_asks_makes_nothing(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is misspelt: it is not made, nor a key for it, so nothing looks like a laboratory that is not one."""
    monkeypatch.delenv("MES_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    assert cli.main([*words, "--folder", str(tmp_path / "cell-labb")]) == (0 if words == ["doctor"] else 3)
    assert list(tmp_path.iterdir()) == []


def test_a_head_is_read_as_it_is_printed() -> None:
    """The book, the page and the hash, whose letters may be large."""
    assert verify._head(f"batch:B26-0001:312:{'AB' * 32}") == ("batch:B26-0001", (312, "ab" * 32))


@pytest.mark.parametrize("text", ["", "batch:B26-0001", f"batch:B26-0001:{'ab' * 32}", "batch:B26-0001:312:ab12…"])
def test_a_head_that_is_cut_short_is_refused(text: str) -> None:
    """What is compared is the whole hash or nothing."""
    with pytest.raises(argparse.ArgumentTypeError, match="all 64 digits"):
        verify._head(text)


@pytest.mark.requirement("RQ-002")
def test_of_two_heads_none_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two prints of one batch are two questions: answering one of them would look like answering both."""
    heads = [f"--head=batch:B26-0001:{page}:{'ab' * 32}" for page in (312, 400)]
    assert cli.main(["verify", *heads, "--folder", str(tmp_path)]) == 2
    assert "one head of a book at a time" in capsys.readouterr().err


def test_a_flaw_is_told_on_a_line() -> None:
    """Of a recipe that was altered, its beginning is enough to find it by."""
    assert verify._on_a_line("it has\na text") == "it has a text"
    assert len(verify._on_a_line("recipe: A long one\n" * 1_000)) < 500


@pytest.mark.requirement("RQ-099")
def test_people_are_made_ready_on_the_command_line(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Adam adds Newt, who chooses a password; Sam has seen Newt, and trains Newt. A first password does no more."""
    typed: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda _: typed.pop(0))
    monkeypatch.setenv("MES_DATABASE_URL", lab.installation.settings.database_url)

    def user(*words: str, said: tuple[str, ...] = ()) -> int:
        typed[:] = said
        return cli.main(["user", *words, "--folder", str(lab.folder)])

    assert user("add", "newt", "Newt Newcomer", "--role", "administrator", "--as", "adam", said=(PASSWORD,)) == 0
    first = capsys.readouterr().out.split()[-1]
    assert user("add", "x", "X", "--as", "newt", said=(first,)) == 3
    assert "./lab user password newt comes before" in capsys.readouterr().err
    own = "eleven owls over a frozen pond"
    assert user("password", "newt", said=(first, own, own + "!")) == 1
    assert user("password", "newt", said=(first, own, own)) == 0
    assert user("prove", "newt", "--document", "passport", "--as", "sam", said=(PASSWORD,)) == 0
    until = ("--until", "2027-01-01", "--as", "sam")
    assert user("train", "short/1", "newt", "mallory", *until, said=(PASSWORD,)) == 0
    assert user("train", "short", "newt", *until, said=(PASSWORD,)) == 1
    row = lab.row(User, "newt")
    assert (row.is_first_password, row.proven_by) == (None, "sam")
    assert len(lab.lines("user:newt", "training added")) == 1
