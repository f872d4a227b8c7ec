"""Tables for spreadsheets: what somebody typed stays a text there, too.

A spreadsheet takes a cell that begins with one of a few marks for a formula, and a formula can fetch and run things
(OWASP, “CSV injection”). Such a text gets an apostrophe before it, which the spreadsheet does not show. A number keeps
its sign and is left as it is: what this system reads itself is the JSON, never this.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?( ?%)?")


def cell(text: str) -> str:
    """Return a text as a cell that is never taken for a formula."""
    is_formula = text.lstrip(" \u00a0\ufeff\u200b").startswith(_MARKS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV (RFC 4180), every cell in quotation marks."""
    written = StringIO()
    table = csv.writer(written, quoting=csv.QUOTE_ALL)
    table.writerows([cell(text) for text in row] for row in (head, *rows))
    return written.getvalue()
