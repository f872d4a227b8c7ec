"""An archive whose seal another machine confirmed: its signature goes along, and everybody can check it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mes.archive import verify
from mes.ledger.seal_keys import announced
from mes.seals.commands import Seal
from mes.seals.witnessing import Witnessing
from tests.mes.archive.archiving import flaws_of, forged
from tests.mes.archive.test_verify import PROGRAM, said
from tests.mes.laboratory import CLOCK
from tests.mes.played import Played
from tests.mes.reports.making import printed
from tests.mes.reports.pdf_text import read as read_pdf
from tests.mes.seals.witnesses import configure, listening, witness_in

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
_SETTINGS = '[witnesses.second]\nkind = "machine"\nurl = "{url}"\nkey = "{key}"\n'


@pytest.fixture
def witness(batch: Played, tmp_path: Path) -> Iterator[Witnessing]:
    """A witness that listens on loopback, and that the laboratory uses."""
    batch.lab.do(Seal(all_of_it=True), CLOCK)
    witness = witness_in(tmp_path)
    with batch.lab.reading() as connection:
        witness.trust(announced(connection)[-1].key)
    with listening(witness) as url:
        configure(batch.lab, _SETTINGS.format(url=url, key=witness.key))
        yield witness
    vars(batch.lab.installation.sealing).pop("witnesses", None)


@pytest.mark.requirement("RQ-002")
@pytest.mark.requirement("RQ-108")
def test_a_witness_goes_along(batch: Played, witness: Witnessing, tmp_path: Path) -> None:
    """With Python alone: whole, with the witness's key beside the site's; the print says who confirmed, and when."""
    file, content = tmp_path / "record.pdf", printed(batch.finish("1.3")).content
    file.write_bytes(content)
    code, words = said(PROGRAM, file)
    assert (code, words.splitlines()[0]) == (0, "The record is whole.")
    assert str(witness.key) in words
    pdf = read_pdf(content)
    assert pdf.has("Confirmed by the witness witness.example 2026-03-02 16:00:00")
    assert pdf.has(str(witness.key))


@pytest.mark.requirement("RQ-002")
def test_a_confirmation_cannot_be_changed(batch: Played, witness: Witnessing, tmp_path: Path) -> None:
    """Another time in it, another's signature in its place, or none where its key stands: each is named."""
    file = tmp_path / "record.pdf"
    file.write_bytes(printed(batch.finish("1.3")).content)
    files, _ = verify.read(file)
    note, row = files["checkpoint.txt"].decode(), files["checkpoint.txt"].decode().splitlines(keepends=True)[-1]
    assert row.startswith(f"\N{EM DASH} {witness.key.name} ")
    place = len(row) - 100  # within the time and the signature, beyond the key's id
    turned = row[:place] + ("A" if row[place] != "A" else "B") + row[place + 1 :]
    for changed, sentence in (
        (note.replace(row, turned), "the signature of witness.example does not hold"),
        (note.replace(row, ""), "it is not signed by all of keys.txt"),
    ):
        assert any(sentence in flaw for flaw in flaws_of(forged({**files, "checkpoint.txt": changed.encode()})))
    assert flaws_of(files) == []


def test_without_a_machine_the_print_says_so(batch: Played, tmp_path: Path) -> None:
    """A file as the only witness signs nothing that could go along."""
    content = printed(batch.finish("1.3")).content
    (tmp_path / "record.pdf").write_bytes(content)
    assert verify.read(tmp_path / "record.pdf")[0]["keys.txt"].count(b"\n") == 1
    assert read_pdf(content).has("Confirmed by no witness on another machine")
