"""The digest that pins a recipe: SHA-256 of the very text that people read and sign."""

from __future__ import annotations

import hashlib


def digest(text: str) -> str:
    """Return 64 hex digits. A batch keeps it; a recipe whose text differs by one space has another."""
    return hashlib.sha256(text.encode()).hexdigest()
