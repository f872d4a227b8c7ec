"""Lines of the ledger in words: what happened, from which value to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_DETAILS = ("alarm", "field", "sentence", "description", "number", "cause", "because", "stage", "what")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # full-width signs, too


def what(kind: str, body: Mapping[str, Any]) -> str:
    """Say what a line says happened."""
    words = [kind]
    if body.get("step"):
        words.append(f"step {body['step']}")
    words += [str(body[key]) for key in _DETAILS if body.get(key)]
    return ", ".join(words)


def old_and_new(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return what was, and what is, as far as a line says so."""
    if "changes" in body:
        pairs = body["changes"].items()
        old = [(key, before) for key, (before, _) in pairs if before is not None]
        return _listed(old) or None, _listed((key, after) for key, (_, after) in pairs)
    if "values" in body:
        return None, _listed(body["values"].items())[:600]
    if new := body.get("value") or body.get("conclusion") or body.get("explanation") or body.get("text"):
        return body.get("was"), new
    return None, _listed((key, value) for key, value in body.items() if key not in ("step", *_DETAILS)) or None


def cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""
    return f"'{text}" if text[:1] in _FORMULA else text


def _listed(pairs: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {_said(value)}" for key, value in pairs)


def _said(value: object) -> str:
    """Say a value as a person would: a list one after the other, what has parts with their names."""
    if isinstance(value, Mapping):
        return f"({_listed(value.items())})"
    if isinstance(value, list):
        return "; ".join(map(_said, value))
    return "nothing" if value is None else str(value)
