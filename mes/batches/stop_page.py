"""What the page shows that stops everything after a wrong identity scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Deviation
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
        home = batch.recipe.fields.get(each.field)
        if each.step == key and home and home[1].kind is Kind.IDENTITY and not each.explained:
            return each
    return None


def stop_page(batch: Batch, key: str, stop: Deviation, names: Mapping[str, str]) -> StopPage:
    """Return the page that stops everything after a wrong scan."""
    value = batch.run(key).values[stop.field]
    step, each = batch.recipe.fields[stop.field]
    expected = value.entry.expected if isinstance(value.entry, e.IdentityChecked) else ""
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
        step=shapes.StepLink(key, step.title),
        thing=each.ask[:1].lower() + each.ask[1:],
        expected=expected,
        scanned=value.text,
        expected_words=f"what batch {batch.id} knows",
        scanned_words="what the scanner read",
        at=shown.local(stop.raised.at),
        by=names.get(stop.raised.author, stop.raised.author),
        todo=_TODO,
        signature=signature,
        stop=stop.number,
    )
