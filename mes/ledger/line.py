"""One line of the ledger: its canonical text and its hash. This format never changes.

A line is canonical JSON: UTF-8, keys sorted, no spaces, numbers only as texts or whole numbers, times as UTC text with
microseconds. Its hash is SHA-256 over the hash of the line before, as 32 bytes, and the text. Page 1 of a book follows
32 zero bytes. What is empty is left out. ``tests/data/golden_line.json`` freezes one line for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ZERO = bytes(32)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is stored: its book and page, the canonical text, the hash before it and its own."""

    book: str
    page: int
    kind: str
    author: str
    at: str
    text: str
    previous: bytes
    hash: bytes


def utc(at: datetime) -> str:
    """Write a time as the ledger does: ``2026-11-22T10:15:00.000000Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def canonical(content: Mapping[str, Any]) -> str:
    """Return canonical JSON; a float has no one text, so it is refused."""
    if any(isinstance(value, float) for value in _scalars(content)):
        raise TypeError("a float has no one way to be written: use a text")
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def line_hash(previous: bytes, text: str) -> bytes:
    """Return the hash of a line that follows the one with the hash ``previous``."""
    return hashlib.sha256(previous + text.encode()).digest()


def _scalars(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        return [inner for each in value.values() for inner in _scalars(each)]
    if isinstance(value, list | tuple):
        return [inner for each in value for inner in _scalars(each)]
    return [value]
