"""Labels on a tablet: printed as PDF and for a label printer, scanned back, printed again, accounted for."""

from __future__ import annotations

import io
import re

import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from batch_records.executed.labelling import label_of
from batch_records.values.label_code import read_label, write_label
from mes.labels.sheets import data_matrix
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from tests.cast import ALICE, BOB, DORA, QUINN
from tests.mes.furnishing import SHORT
from tests.mes.laboratory import OTHER_COI, PASSWORD, SVEN, Laboratory
from tests.mes.played import Played
from tests.mes.reports.pdf_text import read
from tests.mes.tablet import Answer, Tablet

COI = "CHA999926000042"
RECIPE = SHORT.replace("code: short", "code: labelled").replace(
    "      - step: 1.10 Go on",
    """      - step: 1.11 Account for the labels
        do: Scan each label where you put it. Destroy the others.
        reconcile:
          accounted: {ask: Labels accounted for, labels: labels}
        verified by: verifier
      - step: 1.10 Go on""",
)


@pytest.fixture
def labelled(lab: Laboratory) -> Played:
    """A batch of a therapy with an ISBT 128 code, whose three labels are printed."""
    lab.do(DraftRecipe("labelled", RECIPE), SVEN)
    lab.do(ApproveRecipe("labelled", 1), QUINN)
    lab.do(PlaceOrder(COI, "labelled", "synthetic"), DORA)
    return Played(lab).start(COI).finish("1.11")


@pytest.fixture
def tablet(labelled: Played) -> Tablet:
    """Alice's tablet."""
    return labelled.lab.tablet(ALICE)


def page(labelled: Played) -> str:
    return f"{labelled.page}/steps/1.11/labels/accounted"


def code(labelled: Played, number: int) -> str:
    """Return what stands in the symbol of a label."""
    return label_of(labelled.batch, labelled.field("1.9", "labels"), "1.9", number)


def scan(labelled: Played, tablet: Tablet, scanned: str) -> Answer:
    """Scan a label where it was put."""
    return tablet.press(page(labelled), "/scan", code=scanned)


@pytest.mark.requirement("RQ-038")
def test_labels_are_scanned_back_and_accounted_for(labelled: Played, tablet: Tablet) -> None:
    """From the step to its labels: two on bags, one destroyed, nothing missing, and Bob verifies it."""
    step = tablet.open(f"{labelled.page}/steps/1.11")
    assert "Scan the labels" in step.page.text
    assert f'href="{page(labelled)}"' in step.html
    for number in (1, 2):
        answer = scan(labelled, tablet, code(labelled, number))
    assert "3 printed, 2 scanned, 1 left" in answer.page.text
    assert "has been scanned already" in scan(labelled, tablet, code(labelled, 2)).error
    answer = tablet.press(page(labelled), "/reconciliation", destroyed="1", kept="0")
    assert "3 printed: 2 scanned where they were put, 1 destroyed, 0 kept with the record" in answer.page.text
    tablet.press(f"{labelled.page}/steps/1.11", "/complete")
    labelled.verify("1.11", BOB)
    assert not labelled.batch.deviations
    assert labelled.lab.verify().holds


def test_a_missing_label_is_said(labelled: Played, tablet: Tablet) -> None:
    """Recorded as it is, with a deviation; found again, it is counted again with the reason."""
    tablet.press(page(labelled), "/reconciliation", destroyed="2", kept="0")
    assert labelled.value("1.11", "accounted") == "1 labels"
    assert labelled.batch.deviations
    scan(labelled, tablet, code(labelled, 3))
    assert tablet.press(page(labelled), "/reconciliation", destroyed="2", kept="0", why=" ").status == 409
    tablet.press(page(labelled), "/reconciliation", destroyed="2", kept="0", why="it lay under the rack")
    assert labelled.value("1.11", "accounted") == "0 labels"


@pytest.mark.requirement("RQ-113")
def test_a_label_of_another_child_stops_everything(labelled: Played, tablet: Tablet) -> None:
    """Both codes side by side; only a second person clears it, signed, and quality lets the batch go on."""
    answer = scan(labelled, tablet, write_label(OTHER_COI, "B26-0099", 1))
    assert "Stop. This is not the right label." in answer.page.text
    assert labelled.batch.holds
    assert scan_again(tablet, labelled).status == 409
    stop = tablet.open(f"{labelled.page}/steps/1.11")
    assert "Stop." in stop.page.text
    own = tablet.send(stop.form("/stop/D1"), user="alice", password=PASSWORD, comment="mine")
    assert "a second person says what happened" in own.error
    answer = tablet.send(stop.form("/stop/D1"), user="bob", password=PASSWORD, comment="a neighbour's", tap="")
    assert "Stop." not in answer.page.text
    assert labelled.batch.holds


def scan_again(tablet: Tablet, labelled: Played) -> Answer:
    """Scan the right label over the stop, by a form that was open elsewhere."""
    fields = tablet.open(f"{labelled.page}/steps/1.11").form("/stop/D1").fields
    return tablet.post(f"{page(labelled)}/scan", {**fields, "code": code(labelled, 1), "tap": ""})


def test_labels_are_printed_again_with_a_reason(labelled: Played, tablet: Tablet) -> None:
    """The fourth label is printed, and says who wanted it and why; without a reason none is."""
    assert tablet.press(page(labelled), "/reprint", copies="1").status == 400
    answer = tablet.press(page(labelled), "/reprint", copies="1", reason="misprinted")
    assert "Printed again: label 4" in answer.page.text
    assert "misprinted" in answer.page.text
    line = labelled.lab.lines(labelled.book, "labels reprinted")[-1]
    assert (line["author"], line["reason"], line["body"]["copies"]) == ("alice", "misprinted", "1")


@pytest.mark.requirement("RQ-116")
def test_the_pdf_holds_a_label_a_page(labelled: Played, tablet: Tablet) -> None:
    """Of a label's size, with its lines and number; the first printing stays what it was."""
    tablet.press(page(labelled), "/reprint", copies="2", reason="misprinted")
    content = tablet.http.get(f"{page(labelled)}/pdf?first=1").content
    pdf = read(content)
    assert len(pdf.pages) == 3
    for number, shown in enumerate(pdf.pages, 1):
        assert "FOR AUTOLOGOUS USE ONLY" in shown
        assert f"label {number}" in shown
    with pikepdf.open(io.BytesIO(content)) as document:
        width, height = (float(document.pages[0].mediabox[at]) / 72 * 25.4 for at in (2, 3))
    assert (round(width), round(height)) == (70, 36)
    assert len(read(tablet.http.get(f"{page(labelled)}/pdf").content).pages) == 2


@pytest.mark.requirement("RQ-116")
def test_a_label_printer_is_told_the_same(labelled: Played, tablet: Tablet) -> None:
    """The symbol's text and the lines, each sign that is a command there written as a number."""
    zpl = tablet.http.get(f"{page(labelled)}/zpl?first=1").text
    assert zpl.count("^XA") == zpl.count("^XZ") == 3
    symbols = re.findall(r"\^BXN,\d+,200\^FH_\^FD(.*?)\^FS", zpl)
    assert symbols == [code(labelled, number) for number in (1, 2, 3)]
    assert "^FDFOR AUTOLOGOUS USE ONLY^FS" in zpl


@pytest.mark.parametrize("form", ["png", "pdf?first=9", "zpl?first=x9", "pdf?first=2"])
def test_what_was_not_printed_is_not_handed_out(labelled: Played, tablet: Tablet, form: str) -> None:
    """A number in the middle of a printing, or of none; a form that there is not."""
    answer = tablet.http.get(f"{page(labelled)}/{form}")
    assert answer.status_code == (200 if form == "zpl?first=x9" else 404)


@pytest.mark.parametrize("address", ["1.9/labels/accounted", "1.5/labels/volume", "1.11/labels/nothing"])
def test_only_labels_have_a_page(labelled: Played, tablet: Tablet, address: str) -> None:
    """A step's own labels, and nothing else."""
    assert tablet.open(f"{labelled.page}/steps/{address}").status == 404


@pytest.mark.parametrize("text", ["COI-26-0001-A/B26-0001/00012/7KQ2", write_label(COI, "B26-0001", 3)])
def test_a_symbol_is_read_back_from_its_modules(text: str) -> None:
    """Drawn from the very shapes that are printed, and read as a scanner would."""
    svg = str(data_matrix(text))
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    picture = Image.new("L", (size * 8 + 64, size * 8 + 64), 255)
    draw = ImageDraw.Draw(picture)
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)", svg):
        left, top = 32 + int(x) * 8, 32 + int(y) * 8
        draw.rectangle((left, top, left + int(width) * 8 - 1, top + int(height) * 8 - 1), 0)
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == text
    assert read_label(write_label(COI, "B26-0001", 3))
