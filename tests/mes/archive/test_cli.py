"""`./lab archive`: the site's key to be published, a record checked, copied out and imported from a terminal."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from mes import cli
from mes.archive.models import ImportedArchive
from mes.ledger.seal_keys import announced
from tests.mes.archive.archiving import Archive
from tests.mes.archive.test_imports import KEYS, WRITTEN
from tests.mes.laboratory import COI, PASSWORD, Laboratory, application_url
from tests.mes.played import Played
from tests.mes.reports.making import seal


@pytest.fixture
def at_terminal(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    """A laboratory whose server somebody sits at, who enters the password when asked."""
    monkeypatch.setenv("MES_DATABASE_URL", application_url(lab.owner_url))
    monkeypatch.setattr(getpass, "getpass", lambda _: PASSWORD)
    return lab


def typed(lab: Laboratory, *words: object) -> int:
    """Type a command."""
    return cli.main(["archive", *map(str, words), "--folder", str(lab.folder)])


@pytest.mark.requirement("RQ-014")
def test_the_key_is_printed_to_be_published(at_terminal: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """What `key` prints is what others check records with."""
    seal(at_terminal)
    assert typed(at_terminal, "key") == 0
    with at_terminal.reading() as connection:
        assert capsys.readouterr().out == f"{announced(connection)[0].key}\n"


def test_a_record_is_checked_without_a_laboratory(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    """As its own verifier does, wherever the file is."""
    assert cli.main(["archive", "check", str(archive.file), "--key", str(archive.key)]) == 0
    assert "The record is whole" in capsys.readouterr().out


def test_a_copy_is_written_and_is_on_record(at_terminal: Laboratory, tmp_path: Path) -> None:
    """Quinn copies a record out as JSON; a file that is there is never written over; no PDF was made yet."""
    batch = Played(at_terminal).start(COI)
    batch.finish("1.3")
    seal(at_terminal)
    file = tmp_path / f"{batch.number}.json"
    assert typed(at_terminal, "copy", batch.number, file, "--as", "quinn") == 0
    assert f'"batch": "{batch.number}"' in file.read_text()
    (line,) = at_terminal.lines(f"documents:{batch.number}", "record copied")
    assert (line["author"], line["body"]["form"]) == ("quinn", "json")
    assert typed(at_terminal, "copy", batch.number, file, "--as", "quinn") == 3
    assert typed(at_terminal, "copy", batch.number, tmp_path / "record.pdf", "--as", "quinn") == 1
    assert typed(at_terminal, "copy", batch.number, tmp_path / "record.docx", "--as", "quinn") == 3


def test_an_archive_is_imported(at_terminal: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """Quinn imports; Alice, who is not of quality, may not; without the published key nobody may."""
    assert typed(at_terminal, "import", WRITTEN[0], "--key", KEYS, "--as", "alice") == 1
    assert typed(at_terminal, "import", WRITTEN[0], "--as", "quinn") == 3
    assert typed(at_terminal, "import", WRITTEN[0], "--key", KEYS, "--as", "quinn") == 0
    assert "is imported, to be read" in capsys.readouterr().out
    assert at_terminal.count(ImportedArchive.__tablename__) == 1


def test_what_is_not_understood_is_said(at_terminal: Laboratory) -> None:
    """Too few words are answered with where it is explained."""
    assert typed(at_terminal, "copy", "B26-0001") == 2
    assert typed(at_terminal, "check") == 2
