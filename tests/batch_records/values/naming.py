"""The values that the formulas and limits of these tests may name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from batch_records.values.expression import Result, Type
from batch_records.values.quantity import Quantity
from batch_records.values.unit import Unit

TYPES: dict[str, Type] = {
    "cells": Unit.parse("cells").dimensions,
    "density": Unit.parse("cells/mL").dimensions,
    "volume": Unit.parse("mL").dimensions,
    "weight": Unit.parse("kg").dimensions,
    "titre": Unit.parse("TU/mL").dimensions,
    "moi": Unit.parse("TU/cell").dimensions,
    "share": (),
    "number": (),
    "started": (("time", 1),),
    "appearance": "text",
    "coi": "text",
    "broken": "unread",
}


@dataclass(frozen=True)
class Recorded:
    """Values as a batch would give them: texts by name, one for each round."""

    by_name: dict[str, Sequence[str]]
    at: dict[str, Sequence[Fraction]] = field(default_factory=dict)

    def series(self, name: str) -> Sequence[Result]:
        """Return the values in base units."""
        texts = self.by_name.get(name, ())
        return [text if TYPES[name] == "text" else Quantity.parse(text).base for text in texts]

    def times(self, name: str) -> Sequence[Fraction]:
        """Return when each was recorded."""
        return self.at.get(name, ())


def recorded(**texts: str) -> Recorded:
    """Return values with one round each."""
    return Recorded({name: (text,) for name, text in texts.items()})
