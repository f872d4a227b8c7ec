"""The JSON schema of an archive's lines and readings, made from the entries themselves, with what each kind means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from inspect import cleandoc
from typing import Any, get_type_hints

from batch_records.executed import alarm_entries, count_entries  # noqa: F401 - they register their kinds
from batch_records.executed.entries import KINDS, Entry

_TEXT, _HASH = {"type": "string"}, {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_LINE: dict[str, Any] = {
    "book": _TEXT | {"description": "whose history: batch:…, lot:…, equipment:…, user:…, recipe:…, order:…, sample:…"},
    "page": {"type": "integer", "minimum": 1, "description": "where in the book; page 1 follows 32 zero bytes"},
    "at": _TEXT | {"description": "the server's time in UTC, with microseconds"},
    "author": _TEXT | {"description": "the id of who did it; the name is in the book user:<id>"},
    "role": _TEXT | {"description": "the role in which it was done"},
    "workstation": _TEXT | {"description": "where it was done"},
    "session": _TEXT | {"description": "in whose session, where in another person's"},
    "kind": _TEXT | {"description": "what happened; the kinds of a batch are listed under oneOf"},
    "body": {"type": "object", "description": "what there is to say of it; what is empty is left out"},
    "reason": _TEXT | {"description": "why"},
    "signed": {
        "type": "object",
        "description": "an electronic signature: its meaning, the signer's full name, the line that the signer saw",
        "properties": {"meaning": _TEXT, "name": _TEXT, "seen": _HASH, "session": _TEXT},
        "required": ["meaning", "name", "seen"],
    },
}
READING = {
    "instrument": "which instrument",
    "sequence": "its number among the readings of the instrument, without a gap",
    "channel": "what was measured",
    "value": "the digits as sent",
    "unit": "their unit",
    "quality": "good, uncertain or bad",
    "status": "the instrument's own mark",
    "sample": "the sample's code, or null",
    "source_time": "the instrument's own time, or null",
    "received_time": "when the gateway received it",
    "stored_time": "when it was stored",
    "raw": "the bytes it was read from, in hex",
}


def schema() -> str:
    """Return the schema as text."""
    kinds = [_kind(name, KINDS[name]) for name in sorted(KINDS)]
    line = {"type": "object", "properties": _LINE, "required": [*list(_LINE)[:4], "kind", "body"]}
    reading = {name: {"description": words} for name, words in READING.items()}
    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What stands in ledger.txt and in readings.txt of an archived batch record",
        "$defs": {
            "line": line | {"description": "the text of a line: what follows the two hashes in a row of ledger.txt"},
            "reading": {"type": "object", "properties": reading, "description": "a row of readings.txt"},
            "line of a batch": {"allOf": [{"$ref": "#/$defs/line"}, {"oneOf": kinds}]},
        },
        "$ref": "#/$defs/line",
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _kind(name: str, made: type[Entry]) -> Mapping[str, Any]:
    hints = get_type_hints(made)
    attributes = {each.name: _type(str(hints[each.name])) for each in fields(made)}
    body = {"properties": attributes, "description": cleandoc(made.__doc__ or "")}
    return {"properties": {"kind": {"const": name}, "body": body}}


def _type(hint: str) -> Mapping[str, Any]:
    if "Mapping" in hint:
        return {"type": "object"}
    if "tuple" in hint:
        return {"type": "array"}
    return {"type": "integer"} if hint == "<class 'int'>" else {"type": "string"}
