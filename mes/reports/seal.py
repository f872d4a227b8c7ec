"""The seal that stands on a printed record: so paper in an archive is a witness, too."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from markupsafe import Markup
from sqlalchemy import Connection

from mes.ledger.log import newest
from mes.ledger.seal import NotSealed, proof_of


@dataclass(frozen=True)
class PrintedSeal:
    """How many lines of the whole ledger there were, their root, and the signed note as a QR code."""

    size: int
    root: str
    words: str
    code: Markup


def printed_seal(connection: Connection, book: str, page: int) -> PrintedSeal | None:
    """Return the newest seal, and how a record's last line stands to it; None where nothing is sealed yet."""
    found = newest(connection)
    if found is None:
        return None
    try:
        words = f"Line {page} of this record is line {proof_of(connection, book, page).index + 1} among them."
    except NotSealed:
        words = f"Line {page} of this record was written after it."
    return PrintedSeal(found.size, found.root.hex(), words, _qr(found.note))


def _qr(text: str) -> Markup:
    """Return a text as a QR code in SVG, as large as the place that it is given."""
    code = segno.make(text, error="m", micro=False).svg_inline(omitsize=True, border=0)
    return Markup(code)  # noqa: S704 - made by the library from modules, not from the text
