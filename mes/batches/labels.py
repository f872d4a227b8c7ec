"""Labels to print: what the recipe puts on them, and the chain-of-identity code as a DataMatrix for scanners."""

from __future__ import annotations

import re
from dataclasses import dataclass

import zxingcpp
from flask import abort
from markupsafe import Markup

from batch_records.executed import entries as e
from mes.batches.queries import find
from mes.context import installation


@dataclass(frozen=True)
class LabelSheet:
    """The labels of one printing: their lines, the code as SVG, and how many."""

    batch: str
    coi: str
    lines: tuple[str, ...]
    code: Markup
    copies: int


def label_sheet(batch: str, step: str, name: str) -> LabelSheet:
    """Return the labels that a step printed, as they were printed."""
    with installation().reading() as session:
        found = find(session, batch)
    value = found.run(step).values.get(name)
    if value is None or not isinstance(value.entry, e.LabelsPrinted):
        abort(404, "These labels have not been printed.")
    copies = int(value.text.split(" ")[0])
    return LabelSheet(batch, found.coi, value.entry.lines, data_matrix(found.coi), copies)


def data_matrix(text: str) -> Markup:
    """Return a text as a DataMatrix in SVG, as large as the place that it is given."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    svg = re.sub(r'width="(\d+)" height="(\d+)"', r'viewBox="0 0 \1 \2"', barcode.to_svg(), count=1)
    return Markup(svg)  # noqa: S704 - made by the library from modules, not from the text
