"""Where a batch's labels stand: which were printed under which numbers, and which were scanned where they were put.

Numbers run through the whole batch, over every printing, so that no two labels of it are alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch
from batch_records.executed.entries import Stamp
from batch_records.executed.label_entries import LabelScanned, LabelsReprinted
from batch_records.master.recipe import Field, Kind
from batch_records.values import isbt128
from batch_records.values.isbt128 import Structure
from batch_records.values.label_code import write_label


@dataclass(frozen=True)
class Printing:
    """Labels that were printed at once: the first of their numbers, how many, and what stands on them."""

    field: str
    first: int
    copies: int
    lines: tuple[str, ...]
    stamp: Stamp
    is_again: bool

    @property
    def numbers(self) -> range:
        """The numbers of its labels."""
        return range(self.first, self.first + self.copies)


def printings(batch: Batch, field: str) -> tuple[Printing, ...]:
    """Return every printing of some labels, oldest first."""
    return tuple(each for each in _printings(batch) if each.field == field)


def _printings(batch: Batch) -> Iterator[Printing]:
    first = 1
    for stamp, entry in batch.labels:
        if isinstance(entry, e.LabelsPrinted | LabelsReprinted):
            again = isinstance(entry, LabelsReprinted)
            copies = int((entry.copies if isinstance(entry, LabelsReprinted) else entry.value).partition(" ")[0])
            yield Printing(entry.field, first, copies, entry.lines, stamp, again)
            first += copies


def numbers_of(batch: Batch, field: str) -> tuple[int, ...]:
    """Return the number of every label that was printed."""
    return tuple(number for printing in printings(batch, field) for number in printing.numbers)


def applied(batch: Batch, field: str) -> dict[int, Stamp]:
    """Return which labels were scanned where they were put, and when."""
    return {
        int(entry.number): stamp
        for stamp, entry in batch.labels
        if isinstance(entry, LabelScanned) and entry.field == field and entry.number
    }


def label_of(batch: Batch, field: Field, step: str, number: int) -> str:
    """Return what the symbol of one label holds."""
    return write_label(batch.coi, batch.id, number, tuple(_carried(batch, field, step)))


def _carried(batch: Batch, field: Field, step: str) -> Iterator[Structure]:
    """Give what the recipe puts into the symbol beside the identity, each as ISBT 128 writes it."""
    values = batch.seen_from(step)
    kinds = {each.name: each.kind for each in batch.recipe.all_fields()}
    for name in field.carries:
        text = values.text(name)
        match kinds[name]:
            case Kind.TIME:
                yield isbt128.expiry(datetime.fromisoformat(text))
            case Kind.PRODUCT:
                yield Structure(isbt128.PRODUCT, text)
            case _:
                yield isbt128.donation(text)


def is_stop(batch: Batch, number: str) -> bool:
    """Say whether a deviation is a wrong identity: a code or a label that belongs to something else was scanned."""
    deviation = batch.deviations.get(number)
    home = batch.recipe.fields.get(deviation.field) if deviation else None
    if deviation is None or home is None:
        return False
    step, field = home
    elsewhere = deviation.step.partition(":")[0] != step.id
    return field.kind is Kind.IDENTITY or (field.kind is Kind.LABELS and elsewhere)
