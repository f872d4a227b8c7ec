"""What the printed record says of the order: each fact as it is now, and what was corrected of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batch_records.executed.batch import Batch
from batch_records.master.recipe import Field
from mes.batches import shown
from mes.web.shapes import Stamp


@dataclass(frozen=True)
class Struck:
    """What a fact was before it was corrected, by whom and why."""

    was: str
    struck: Stamp
    why: str


@dataclass(frozen=True)
class Fact:
    """A fact of the order."""

    ask: str
    text: str
    struck: tuple[Struck, ...]


def facts_of(batch: Batch, names: Mapping[str, str]) -> Iterator[Fact]:
    """Give the facts of a batch's order, in the order in which its recipe asks for them."""
    for field in batch.recipe.facts:
        if field.name in batch.facts:
            corrected = ((stamp, entry) for stamp, entry in batch.corrected if entry.fact == field.name)
            struck = (Struck(_words(field, each.was), shown.stamp(at, names), at.reason) for at, each in corrected)
            yield Fact(field.ask, _words(field, batch.facts[field.name]), tuple(struck))


def _words(field: Field, text: str) -> str:
    return " ".join(shown.digits_and_unit(field, text)).strip()
