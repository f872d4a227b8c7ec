"""What the page shows that stops everything after a wrong identity scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Deviation, parse_key
from batch_records.executed.label_entries import LabelScanned
from batch_records.executed.labelling import is_stop
from batch_records.master.recipe import Kind
from mes.batches import shown
from mes.web import shapes

_TODO = (
    "Leave everything where it is. Do not open the container.",
    "Put aside what was scanned, labelled, and say where.",
    "Call a second person and the quality unit.",
)


@dataclass(frozen=True)
class StopPage:
    """Everything that ``stop.html`` asks for."""

    batch: shapes.BatchHead
    step: shapes.StepLink
    thing: str
    expected: str
    scanned: str
    expected_words: str
    scanned_words: str
    at: datetime
    by: str
    todo: tuple[str, ...]
    signature: shapes.Signature
    stop: str


def open_stop(batch: Batch, key: str) -> Deviation | None:
    """Return the wrong identity scan of a step that no second person has answered yet."""
    for each in batch.deviations.values():
        if each.step == key and is_stop(batch, each.number) and not each.explained:
            return each
    return None


def stop_page(batch: Batch, key: str, stop: Deviation, names: Mapping[str, str]) -> StopPage:
    """Return the page that stops everything after a wrong scan."""
    _, each = batch.recipe.fields[stop.field]
    scanned, expected = _codes(batch, key, stop)
    signature = shapes.Signature(
        "Second person",
        "I have seen both codes, and what is done now.",
        "explained",
        batch.last.hash,
        f"{batch.id} {stop.number}, step {key}",
        f"Not {names.get(stop.raised.author, stop.raised.author)}.",
        frozenset({stop.raised.author}),
        comment="required",
        comment_ask="What happened, and what is done now",
    )
    return StopPage(
        batch=shown.head(batch, names),
        step=shapes.StepLink(key, batch.recipe.steps[parse_key(key)[0]].title),
        thing="label" if each.kind is Kind.LABELS else each.ask[:1].lower() + each.ask[1:],
        expected=expected,
        scanned=scanned,
        expected_words=f"what batch {batch.id} knows",
        scanned_words="what the scanner read",
        at=shown.local(stop.raised.at),
        by=names.get(stop.raised.author, stop.raised.author),
        todo=_TODO,
        signature=signature,
        stop=stop.number,
    )


def _codes(batch: Batch, key: str, stop: Deviation) -> tuple[str, str]:
    """Return what was scanned, and what belongs there: an identity, or how the codes of these labels begin."""
    value = batch.run(key).values.get(stop.field)
    if value and isinstance(value.entry, e.IdentityChecked):
        return value.text, value.entry.expected
    wrong = [
        entry.scanned
        for at, entry in batch.labels
        if isinstance(entry, LabelScanned) and entry.step == key and at.page <= stop.raised.page
    ]
    return wrong[-1], f"{batch.coi}/{batch.id}"
