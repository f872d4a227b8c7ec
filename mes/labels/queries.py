"""What the page of some labels shows: each printing, what was scanned back, and what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, url_for

from batch_records.executed.batch import Batch
from batch_records.executed.entries import Stamp
from batch_records.executed.labelling import Printing, applied, numbers_of, printings
from batch_records.executed.progress import Progress, Standing
from batch_records.master.recipe import Field, Kind
from mes.batches import shown
from mes.batches.queries import find
from mes.batches.stop_page import open_stop
from mes.context import installation
from mes.labels.sheets import Label, as_pdf, as_zpl, labels_of
from mes.people.queries import names
from mes.web import shapes

REASONS = (
    shapes.Option("smeared or torn", "Smeared or torn"),
    shapes.Option("misprinted", "Misprinted"),
    shapes.Option("lost", "Lost"),
    shapes.Option("another container", "Another container"),
)
FORMS = {"pdf": "application/pdf", "zpl": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class PrintingShown:
    """Labels that were printed at once."""

    words: str
    stamp: shapes.Stamp
    reason: str
    pdf: str
    zpl: str


@dataclass(frozen=True)
class LabelShown:
    """One label: its number, and when it was scanned where it was put."""

    number: int
    scanned: datetime | None


@dataclass(frozen=True)
class LabelsPage:
    """Everything that ``labels.html`` asks for."""

    batch: shapes.BatchHead
    at: shapes.StepLink
    field: str
    title: str
    sample: Label
    printings: tuple[PrintingShown, ...]
    labels: tuple[LabelShown, ...]
    accounts: bool  # whether they are accounted for in this step
    is_open: bool
    accounted: str  # how they were accounted for, in words
    reasons: tuple[shapes.Option, ...] = REASONS
    error: str = ""


@dataclass(frozen=True)
class _Found:
    batch: Batch
    field: Field  # of the step that the page belongs to
    labels: Field
    home: str  # the step that printed them


def labels_page(batch: str, step: str, name: str, error: str = "") -> LabelsPage:
    """Return the page of the labels that a step printed, or accounts for."""
    found = _find(batch, step, name)
    people, back = names(), applied(found.batch, found.labels.name)
    printed = printings(found.batch, found.labels.name)
    head, _ = found.batch.recipe.fields[name]
    standing = Progress(found.batch).standing(step)
    return LabelsPage(
        batch=shown.head(found.batch, people),
        at=shapes.StepLink(step, head.title),
        field=name,
        title=found.labels.ask,
        sample=labels_of(found.batch, found.home, printed[-1])[-1],
        printings=tuple(_printing(found, step, each, shown.stamp(each.stamp, people)) for each in printed),
        labels=tuple(_labels(numbers_of(found.batch, found.labels.name), back)),
        accounts=found.field.kind is Kind.RECONCILIATION,
        is_open=standing in (Standing.READY, Standing.IN_PROGRESS) and not found.batch.holds,
        accounted=_accounted(found, step),
        error=error,
    )


def is_stopped(batch: str, step: str) -> bool:
    """Say whether a wrong scan stopped a step, and no second person has answered it."""
    with installation().reading() as session:
        return open_stop(find(session, batch), step) is not None


def sheet(batch: str, step: str, name: str, first: int, form: str) -> bytes:
    """Return the labels of one printing, by the first of their numbers; without one, of the last."""
    found = _find(batch, step, name)
    printed = printings(found.batch, found.labels.name)
    chosen = next((each for each in printed if each.first == first), None) if first else printed[-1]
    if chosen is None or form not in FORMS:
        abort(404, "No labels were printed under this number.")
    labels = labels_of(found.batch, found.home, chosen)
    return as_pdf(labels) if form == "pdf" else as_zpl(labels).encode()


def _find(number: str, step: str, name: str) -> _Found:
    with installation().reading() as session:
        batch = find(session, number)
    home, field = batch.recipe.fields.get(name, (None, None))
    if home is None or field is None or home.id != step.partition(":")[0]:
        abort(404, f"Batch {number} has no such labels in step {step}.")
    printed, labels = batch.recipe.fields[field.labels] if field.labels else (home, field)
    if labels.kind is not Kind.LABELS or not numbers_of(batch, labels.name):
        abort(404, "These labels have not been printed.")
    return _Found(batch, field, labels, printed.id)


def _printing(found: _Found, step: str, printing: Printing, stamp: shapes.Stamp) -> PrintingShown:
    place: dict[str, Any] = {"batch": found.batch.id, "step": step, "field": found.field.name, "first": printing.first}
    first, last = printing.first, printing.first + printing.copies - 1
    numbers = f"label {first}" if first == last else f"labels {first} to {last}"
    return PrintingShown(
        f"{'printed again' if printing.is_again else 'printed'}: {numbers}",
        stamp,
        printing.stamp.reason,
        url_for("labels.sheet", form="pdf", **place),
        url_for("labels.sheet", form="zpl", **place),
    )


def _labels(numbers: tuple[int, ...], back: dict[int, Stamp]) -> Iterator[LabelShown]:
    for number in numbers:
        yield LabelShown(number, shown.local(back[number].at) if number in back else None)


def _accounted(found: _Found, step: str) -> str:
    value = found.batch.run(step).values.get(found.field.name)
    return shown.source_words(value) if value and found.field.kind is Kind.RECONCILIATION else ""
