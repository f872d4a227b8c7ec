"""The seal on a printed record: paper is a witness, too."""

from __future__ import annotations

import io

import pytest
import segno
import zxingcpp
from PIL import Image

from batch_records.executed.commands import AddComment
from mes.ledger.checkpoint import read
from mes.ledger.log import newest
from mes.ledger.seal_keys import announced
from mes.reports.commands import AskForRecord
from mes.reports.seal import printed_seal
from tests.cast import ALICE, QUINN
from tests.mes.played import Played
from tests.mes.reports.making import printed
from tests.mes.reports.pdf_text import read as read_pdf

# WeasyPrint leaves a colour profile of its own open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")


def test_a_printed_record_carries_the_seal_it_is_under(batch: Played) -> None:
    """Size and root stand on the first page, and in which place of the whole ledger the record's last line is."""
    batch.finish("1.3")
    batch.lab.do(AskForRecord(batch.number), QUINN)
    with batch.lab.reading() as connection:
        found, seal = newest(connection), printed_seal(connection, batch.book, batch.batch.last.page)
    assert found
    assert seal
    pdf = read_pdf(printed(batch).content)
    assert pdf.has(f"Sealed with {found.size:,} lines")
    assert pdf.has(found.root.hex())
    assert seal.words.startswith(f"Line {batch.batch.last.page} of this record is line ")


def test_the_code_on_it_is_the_signed_checkpoint(batch: Played) -> None:
    """Scanned, it gives the note as witnesses have it, which the laboratory's public key opens."""
    batch.lab.do(AskForRecord(batch.number), QUINN)
    with batch.lab.reading() as connection:
        found, key = newest(connection), announced(connection)[0].key
        seal = printed_seal(connection, batch.book, 1)
    assert found
    assert seal
    drawn = segno.make(found.note, error="m", micro=False)
    assert str(seal.code) == drawn.svg_inline(omitsize=True, border=0)
    picture = io.BytesIO()
    drawn.save(picture, kind="png", scale=4)
    (scanned,) = zxingcpp.read_barcodes(Image.open(picture))
    assert read(scanned.text).is_signed_by(key)


def test_a_line_written_after_the_seal_is_not_said_to_be_under_it(batch: Played) -> None:
    """What is newer than the newest seal says so."""
    batch.lab.do(AskForRecord(batch.number), QUINN)
    batch.do(AddComment(batch.number, "all well"), ALICE)
    with batch.lab.reading() as connection:
        seal = printed_seal(connection, batch.book, batch.batch.last.page)
    assert seal
    assert seal.words.endswith("was written after it.")
