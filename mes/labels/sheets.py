"""What is printed: labels with their lines, their number and their symbol, as PDF and for label printers (ZPL)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import zxingcpp
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup
from weasyprint import CSS, HTML

from batch_records.executed.batch import Batch
from batch_records.executed.labelling import Printing, label_of
from mes.reports.nowhere import nowhere

_TEMPLATES = Environment(loader=PackageLoader("mes.labels", "templates/document"), autoescape=select_autoescape())
# A label of 70 by 36 mm at 8 dots a millimetre, the commonest print head there is.
_WIDTH, _HEIGHT, _MARGIN, _CODE, _LINE = 560, 288, 16, 176, 30
_WIDEST = 27  # letters of a line beside the symbol
_PLAIN = re.compile(r"[A-Za-z0-9 .,:;()/<>=+&-]")


@dataclass(frozen=True)
class Label:
    """One label: what it says to people, and what its symbol holds."""

    batch: str
    number: int
    lines: tuple[str, ...]
    code: str

    @property
    def symbol(self) -> Markup:
        """The symbol in SVG."""
        return data_matrix(self.code)


def labels_of(batch: Batch, step: str, printing: Printing) -> tuple[Label, ...]:
    """Return the labels of one printing. ``step`` is where they were first printed."""
    _, field = batch.recipe.fields[printing.field]
    return tuple(
        Label(batch.id, number, printing.lines, label_of(batch, field, step, number)) for number in printing.numbers
    )


def data_matrix(text: str) -> Markup:
    """Return a text as a DataMatrix (ECC 200) in SVG, as large as the place that it is given."""
    svg = re.sub(r'width="(\d+)" height="(\d+)"', r'viewBox="0 0 \1 \2"', _barcode(text).to_svg(), count=1)
    svg = svg[svg.index("<svg") :].replace(' id="barcode"', "")  # a page may hold several
    return Markup(svg)  # noqa: S704 - made by the library from modules, not from the text


def _barcode(text: str) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)


def as_pdf(labels: tuple[Label, ...]) -> bytes:
    """Return labels as a PDF, one on each page of a label's size."""
    html = _TEMPLATES.get_template("labels.html").render(labels=labels)
    style = CSS(string=_TEMPLATES.get_template("labels.css").render(), url_fetcher=nowhere())
    pdf: bytes = HTML(string=html, url_fetcher=nowhere()).write_pdf(stylesheets=[style])
    return pdf


def as_zpl(labels: tuple[Label, ...]) -> str:
    """Return labels in the language of label printers (ZPL II), one after the other."""
    return "".join("\n".join(_zpl(label)) + "\n" for label in labels)


def _zpl(label: Label) -> Iterator[str]:
    modules = int(re.findall(r'viewBox="0 0 (\d+)', str(label.symbol))[0])
    yield f"^XA^CI28^PW{_WIDTH}^LL{_HEIGHT}"
    yield f"^FO{_MARGIN},{_MARGIN}^BXN,{_CODE // modules},200^FH_^FD{_escaped(label.code)}^FS"
    texts = [*(part for line in label.lines for part in _parts(line)), f"{label.batch}, label {label.number}"]
    for row, text in enumerate(texts):
        at = _MARGIN + row * _LINE
        yield f"^FO{_MARGIN * 2 + _CODE},{at}^A0N,{_LINE - 4},{_LINE - 6}^FH_^FD{_escaped(text)}^FS"
    yield "^XZ"


def _parts(line: str) -> Iterator[str]:
    """Break a line where it would leave the label."""
    while len(line) > _WIDEST:
        cut = line.rfind(" ", 0, _WIDEST + 1)
        cut = cut if cut > 0 else _WIDEST
        yield line[:cut]
        line = line[cut:].lstrip()
    yield line


def _escaped(text: str) -> str:
    """Write whatever the printer could take for a command as the numbers of its bytes."""
    return "".join(
        sign if _PLAIN.fullmatch(sign) else "".join(f"_{byte:02X}" for byte in sign.encode()) for sign in text
    )
