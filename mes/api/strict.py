"""JSON as the interface takes it: what two readers could understand differently is no JSON here (RFC 8259, 4 and 6)."""

from __future__ import annotations

import json
from typing import Any

from flask.json.provider import DefaultJSONProvider


class StrictJson(DefaultJSONProvider):
    """Flask's JSON, without names that come twice and without numbers that are none."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Read a text. Raise `ValueError` for what is not one single value with one single meaning."""
        return json.loads(s, object_pairs_hook=_once, parse_constant=_no_number, **kwargs)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice in one object")
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")
