"""The seal on a printed record: paper is a witness, too."""

from __future__ import annotations

import io

import pytest
import segno
import zxingcpp
from PIL import Image
from sqlalchemy.orm import Session

from mes.archive.files import files_of
from mes.archive.gather import gather
from mes.archive.sealed import sealed
from mes.batches.queries import find
from mes.ledger.log import newest
from mes.reports.commands import AskForRecord
from mes.reports.seal import SealShown, seal_shown
from tests.cast import QUINN
from tests.mes.played import Played
from tests.mes.reports.making import printed
from tests.mes.reports.pdf_text import read as read_pdf

# WeasyPrint leaves a colour profile of its own open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")


def shown(batch: Played) -> SealShown:
    """Return what is printed of the seal of a batch."""
    with batch.lab.app.app_context(), batch.lab.reading() as connection:
        gathered, seal = sealed(connection, gather(connection, find(Session(connection), batch.number)))
    return seal_shown(seal, files_of(gathered, seal))


@pytest.mark.requirement("RQ-080")
def test_a_printed_record_carries_the_seal_it_is_under(batch: Played) -> None:
    """The digest of the record that is attached, and size and root of the whole ledger, stand on the first page."""
    batch.finish("1.3")
    batch.lab.do(AskForRecord(batch.number), QUINN)
    pdf, seal = read_pdf(printed(batch).content), shown(batch)
    with batch.lab.reading() as connection:
        found = newest(connection)
    assert found
    assert seal.lines == str(found.size)
    assert pdf.has(seal.record)
    assert pdf.has(seal.root)


def test_the_code_on_it_says_the_same(batch: Played) -> None:
    """Scanned, it gives digest, origin, size and root, a line each."""
    batch.lab.do(AskForRecord(batch.number), QUINN)
    seal = shown(batch)
    drawn = segno.make(f"{seal.record}\n{seal.origin}\n{seal.lines}\n{seal.root}", error="m")
    assert seal.code == drawn.svg_inline(scale=2.2, border=0)
    picture = io.BytesIO()
    drawn.save(picture, kind="png", scale=4)
    (scanned,) = zxingcpp.read_barcodes(Image.open(picture))
    assert scanned.text.split("\n") == [seal.record, seal.origin, seal.lines, seal.root]
