"""The record of a batch for other programs: as JSON, and as tables in CSV. Both hold all that the archive holds.

A spreadsheet takes a cell that begins with = + - @, a tabulator or a carriage return for a formula, whoever wrote it;
such a cell begins with an apostrophe here. The last column has the line's text as it was hashed, which never does.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mes.archive.gather import Gathered, KeptLine
from mes.archive.schema import READING, schema
from mes.archive.sealed import Seal

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # full width at the end
_LINE = ("book", "page", "at", "author", "role", "workstation", "session", "kind")
_BODY = ("step", "field")
_JUDGED = ("verdict", "judged")
_HEADS = (
    *_LINE,
    *_BODY,
    "value",
    "unit",
    "was",
    *_JUDGED,
    "reason",
    "signature",
    "signed by",
    "line seen",
    "previous",
    "hash",
    "text",
)
_MIDNIGHT = (1980, 1, 1, 0, 0, 0)  # the same record gives the same bytes


def as_json(gathered: Gathered, seal: Seal) -> bytes:
    """Return the whole record as JSON: each line as text, as it was hashed, and as what the text says."""
    keys, proofs = seal.keys.splitlines(), [row.split(" ") for row in seal.proofs.splitlines()]
    content = {
        "batch": gathered.batch,
        "lines": [
            {"previous": line.previous, "hash": line.hash, "text": line.text, "line": line.content}
            for line in gathered.lines
        ],
        "readings": [json.loads(row) for row in gathered.readings],
        "recipe": gathered.recipe,
        "seal": {
            "checkpoint": seal.checkpoint,
            "keys": keys,
            "proofs": [{"hash": hashed, "index": int(index), "path": path} for hashed, index, *path in proofs],
        },
        "schema": json.loads(schema()),
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def as_csv(gathered: Gathered, seal: Seal) -> bytes:
    """Return the whole record as a ZIP of tables in UTF-8: lines and readings; with the recipe and the seal as text."""
    texts = {
        "checkpoint.txt": seal.checkpoint,
        "keys.txt": seal.keys,
        "lines.csv": _table(_HEADS, map(_row, gathered.lines)),
        "proofs.txt": seal.proofs,
        "readings.csv": _readings(json.loads(row) for row in gathered.readings),
        "recipe.yaml": gathered.recipe,
        "schema.json": schema(),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            encoding = "utf-8-sig" if name.endswith(".csv") else "utf-8"  # without its mark, Excel reads no UTF-8
            archive.writestr(zipfile.ZipInfo(name, _MIDNIGHT), text.encode(encoding), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def cell(content: object) -> str:
    """Return what a cell says, so that no spreadsheet takes it for a formula."""
    text = "" if content is None else str(content)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _row(line: KeptLine) -> Iterator[object]:
    content, body = line.content, line.content["body"]
    signed = content.get("signed", {})
    digits, unit = _quantity(body.get("value", ""))
    yield from (content.get(name, "") for name in _LINE)
    yield from (body.get(name, "") for name in _BODY)
    yield from (digits, unit, body.get("was", ""))
    yield from (body.get(name, "") for name in _JUDGED)
    yield content.get("reason", "")
    yield from (signed.get(name, "") for name in ("meaning", "name", "seen"))
    yield from (line.previous, line.hash, line.text)


def _quantity(value: object) -> tuple[object, str]:
    """Return the digits and the unit of a value with a number; any other has no unit."""
    digits, _, unit = str(value).partition(" ")
    return (digits, unit) if unit and digits.lstrip("+-")[:1].isdigit() else (value, "")


def _readings(readings: Iterable[Mapping[str, Any]]) -> str:
    heads = tuple(READING)
    return _table(heads, ([reading[name] for name in heads] for reading in readings))


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(heads)
    writer.writerows([cell(each) for each in row] for row in rows)
    return written.getvalue()
