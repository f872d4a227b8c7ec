"""``verify`` and ``backup``: a copy that was changed is found out, and copies are made while people work."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.devices.support import until
from tests.journeys.batch_record import Played
from tests.journeys.laboratory import opened
from tests.journeys.saving import Saving, guard_of, values
from tests.journeys.terminal import PATIENCE, Terminal, done, mes


def copied(played: Played, folder: Path) -> sqlite3.Connection:
    """Copy the database into another folder, and open the copy as somebody who owns the file, without its triggers."""
    folder.mkdir()
    copy = sqlite3.connect(played.copy_to(folder))
    for (name,) in copy.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        copy.execute(f"drop trigger {name}")
    return copy


@pytest.mark.requirement("RQ-002")
def test_it_is_as_paper_says(played: Played) -> None:
    """The head that is printed is given to `verify`, and holds; with another last digit it does not."""
    head = f"batch:{played.batch}:{len(played.lines)}:{played.head}"
    assert done("verify", "--folder", played.folder, "--head", head)[0] == 0
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    code, said = done("verify", "--folder", played.folder, "--head", other)
    assert code == 1
    assert f"batch:{played.batch}, page {len(played.lines)}: its hash is not the one on record elsewhere" in said


@pytest.mark.requirement("RQ-002")
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_one_byte_that_was_changed_is_named(played: Played, tmp_path: Path, share: float) -> None:
    """In the first line of a batch, the middle or the last: the book and the page are told, and the answer is no."""
    page = 1 + round(share * (len(played.lines) - 1))
    where = (f"batch:{played.batch}", page)
    with closing(copied(played, tmp_path / "copy")) as copy, copy:
        ((text,),) = copy.execute("select text from line where book = ? and page = ?", where).fetchall()
        middle = text.index('"at":"') + 10
        changed = text[:middle] + chr(ord(text[middle]) ^ 1) + text[middle + 1 :]
        copy.execute("update line set text = ? where book = ? and page = ?", (changed, *where))
    code, said = done("verify", "--folder", tmp_path / "copy")
    assert code == 1
    assert f"{where[0]}, page {page}: its text is not the text that was hashed" in said
    assert "The ledger is NOT whole" in said


@pytest.mark.requirement("RQ-107")
def test_a_byte_of_a_reading_is_missed(played: Played, tmp_path: Path) -> None:
    """What an instrument sent was altered in the table of readings: the seal over it says so."""
    used = played.readings_used()[0]
    where = (used["instrument"], used["sequence"])
    with closing(copied(played, tmp_path / "copy")) as copy, copy:
        ((raw,),) = copy.execute("select raw from reading where instrument = ? and sequence = ?", where).fetchall()
        changed = bytes([raw[0] ^ 1]) + raw[1:]
        copy.execute("update reading set raw = ? where instrument = ? and sequence = ?", (changed, *where))
    code, said = done("verify", "--folder", tmp_path / "copy")
    assert code == 1
    assert f"equipment:{where[0]}, page " in said
    assert "are not those that were sealed" in said


@pytest.mark.requirement("RQ-030")
@pytest.mark.requirement("RQ-122")
def test_copies_are_made_while_people_work(played: Played, tmp_path: Path) -> None:
    """The demonstration goes on by hand while it is backed up: each copy is whole, with all that was saved before."""
    folder = tmp_path / "lab"
    shutil.copytree(played.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("mes.sqlite*"))
    played.copy_to(folder)
    pages: list[int] = []
    with opened(folder) as laboratory:
        laboratory.approve()
        batch = laboratory.batch("COI-26-0300-A")
        tablet = laboratory.tablet("alice")
        working = Saving(tablet, values(guard_of(tablet, batch), batch, 0, 1))
        for number in range(2):
            until(lambda number=number: len(working.acknowledged) > 10 * number, PATIENCE)
            acknowledged = len(working.acknowledged)
            code, said = done("backup", tmp_path / f"{number}.tar", "--folder", folder)
            assert (code, "The copy's ledger is whole" in said) == (0, True), said
            pages.append(restored(tmp_path / f"{number}.tar", tmp_path / str(number), batch))
            assert pages[-1] > acknowledged
        working.thread.join(PATIENCE)
        assert working.refused == []
        laboratory.close()
    assert pages == sorted(pages)


def test_a_copy_that_fails_half_way_is_removed(played: Played, tmp_path: Path) -> None:
    """There is no room for all of it: a sentence, the answer is no, and nothing is left that looks like a copy."""
    with Terminal(f"ulimit -f 1000; exec {mes('backup', tmp_path / 'copy.tar', '--folder', played.folder)}") as full:
        assert full.end() == 1
        assert full.shown.startswith("No copy was made: ")
        assert full.shown.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_cannot_be_begun_is_said(played: Played, tmp_path: Path) -> None:
    """Its folder is not there, or there is a file already: one sentence, and nothing is touched."""
    (tmp_path / "here").write_text("an earlier copy")
    for target, sentence in (("nowhere/copy", "cannot be written"), ("here", "a backup never overwrites anything")):
        code, said = done("backup", tmp_path / target, "--folder", played.folder)
        assert (code, said.count("\n")) == (3, 1)
        assert sentence in said
    assert (tmp_path / "here").read_text() == "an earlier copy"


def restored(copy: Path, folder: Path, batch: str) -> int:
    """Put a copy in place, as the guide says, verify it, and return how many lines of a batch it holds."""
    for words in (("restore", copy), ("verify",)):
        code, said = done(*words, "--folder", folder)
        assert code == 0, said
    with closing(sqlite3.connect(folder / "mes.sqlite")) as database:
        found: int = database.execute("select count(*) from line where book = ?", (f"batch:{batch}",)).fetchone()[0]
    return found
