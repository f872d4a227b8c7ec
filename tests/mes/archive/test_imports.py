"""Archives of other laboratories: verified before they are let in, kept byte for byte, read, and never acted on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from mes.archive.models import ImportedArchive
from tests.cast import ALICE, PETRA, QUINN
from tests.mes.archive.archiving import Archive
from tests.mes.laboratory import ADAM, Laboratory
from tests.mes.tablet import Answer

DATA = Path(__file__).parents[2] / "data/archives"
WRITTEN = sorted(DATA.glob("*.pdf"))
KEYS = DATA / "keys.txt"


def imported(lab: Laboratory, content: bytes, keys: str, by: c.Person = QUINN) -> Answer:
    """Import a file, from the page of archives."""
    tablet = lab.tablet(by)
    form = lab.tablet(QUINN).open("/archives/").form("/archives/")
    guard = tablet.open("/archives/").form("/lock").fields["csrf_token"]
    fields = {**form.fields, "csrf_token": guard, "key": keys}
    return tablet._follow(tablet.http.post("/archives/", data=fields, files={"file": ("record.pdf", content)}))


@pytest.mark.requirement("RQ-004")
@pytest.mark.requirement("RQ-083")
@pytest.mark.requirement("RQ-119")
@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.stem)
def test_what_was_archived_once_is_read_for_ever(lab: Laboratory, file: Path) -> None:
    """An archive of an earlier version is whole, comes in, and is laid out by this one; these files never change."""
    content = file.read_bytes()
    answer = imported(lab, content, KEYS.read_text())
    assert answer.status == 200, answer.error
    text = answer.page.text
    for words in ("Only to read", "B26-0001", "COI-26-0001-A", "Petra Releaser", "Volume of the culture"):
        assert words in text
    assert lab.tablet(ALICE).http.get(f"{answer.path}/record.pdf").content == content
    assert lab.verify().holds


def test_there_are_archives_to_read() -> None:
    """One without an exception, one with a correction, a deviation and a conditional release."""
    assert [file.stem for file in WRITTEN] == ["corrected", "without-exceptions"]


def test_a_correction_is_shown_struck_through(lab: Laboratory) -> None:
    """What was first recorded, the deviation and the reason are on the page of the imported record."""
    text = imported(lab, (DATA / "corrected.pdf").read_bytes(), KEYS.read_text()).page.text
    for words in ("60.0 mL", "typing mistake", "the lamp flickered", "conditionally released"):
        assert words in text


def test_nothing_can_be_done_to_it(lab: Laboratory) -> None:
    """It is no batch of this laboratory: it is on no board, and no command finds it."""
    imported(lab, WRITTEN[0].read_bytes(), KEYS.read_text())
    board = lab.tablet(ALICE).open("/batches/")
    assert "B26-0001" not in board.page.text
    with pytest.raises(Refused, match="there is no batch"):
        lab.do(c.AddComment("B26-0001", "from another place"), ALICE)
    page = lab.tablet(PETRA).open("/archives/").html
    (address,) = set(re.findall(r"/archives/[0-9a-f]{64}", page))
    opened = lab.tablet(PETRA).open(address)
    assert [form.action for form in opened.page.forms if address in form.action] == []
    assert lab.count("line") > 0


@pytest.mark.requirement("RQ-083")
def test_an_altered_archive_is_refused_and_the_attempt_is_on_record(lab: Laboratory) -> None:
    """One byte was changed on its way: it is not let in, it is said what is wrong, and that it was tried."""
    content = bytearray(WRITTEN[0].read_bytes())
    content[len(content) // 2] ^= 1
    answer = imported(lab, bytes(content), KEYS.read_text())
    assert answer.status == 409
    assert "archive" in answer.error
    assert any("archive" in said for said in lab.refusals(f"user:{QUINN.id}"))
    assert lab.count(ImportedArchive.__tablename__) == 0


def test_the_key_in_the_file_proves_nothing(lab: Laboratory, archives: dict[str, Archive]) -> None:
    """Without the key that the other laboratory published, or with another's, nothing comes in."""
    lab.install()
    content = WRITTEN[0].read_bytes()
    assert "published" in imported(lab, content, " ").error
    assert "published" in imported(lab, content, archives["whole"].key.read_text()).error
    assert imported(lab, content, "no key").status == 409


def test_it_comes_in_once(lab: Laboratory) -> None:
    """The same file a second time is said to be there."""
    content = WRITTEN[0].read_bytes()
    imported(lab, content, KEYS.read_text())
    assert "imported before" in imported(lab, content, KEYS.read_text()).error


@pytest.mark.parametrize("person", [ALICE, ADAM])
def test_quality_imports(lab: Laboratory, person: c.Person) -> None:
    """Others read what was imported, and import nothing: their file is not even kept."""
    assert imported(lab, WRITTEN[0].read_bytes(), KEYS.read_text(), person).status == 403
    assert not list((lab.folder / "archives").glob("*"))


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"PK\x03\x04", b"%PDF-1.7\nxref\n0 1\ntrailer\nstartxref\n9\n%%EOF"]
)
def test_what_is_no_archive_is_said_to_be_none(lab: Laboratory, content: bytes) -> None:
    """Another file is answered with a sentence."""
    answer = imported(lab, content, KEYS.read_text())
    assert answer.status == 409
    assert "no archive" in answer.error
