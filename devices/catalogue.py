"""Which instruments this system knows. Light: it brings no transport and no converter with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from inspect import getdoc

from devices.discover import kinds


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of instrument: its channels with their units, in words, and the day it was proven on real hardware."""

    kind: str
    channels: Mapping[str, str]
    description: str
    verified: date | None


def catalogue() -> Mapping[str, Entry]:
    """Return kind → entry, in the order of their names."""
    return {
        kind: Entry(kind, dict(found.channels), (getdoc(found) or "").partition("\n")[0], found.verified)
        for kind, found in sorted(kinds().items())
    }
