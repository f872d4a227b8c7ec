"""What the laboratory asks: which results are due, and whose tube this is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for
from sqlalchemy import select

from batch_records.executed.batch import Batch, Disposition
from batch_records.executed.progress import Progress, Standing
from batch_records.master.recipe import Kind, Step
from mes.batches.models import BatchView
from mes.batches.queries import find
from mes.context import installation
from mes.samples.models import Sample


@dataclass(frozen=True)
class Due:
    """A result that is due: what, in which tube, of which batch."""

    key: str
    test: str
    method: str
    batch_number: str
    coi: str
    needed_for: str
    url: str


@dataclass(frozen=True)
class DueGroup:
    """Results of one kind of urgency."""

    title: str
    tone: str
    samples: tuple[Due, ...]


@dataclass(frozen=True)
class SamplesPage:
    """Everything that ``samples.html`` asks for."""

    groups: tuple[DueGroup, ...]
    searched: str
    not_found: bool


_GROUPS = ((Standing.TO_VERIFY, "For a second reader", "half"), (Standing.READY, "To report", "now"))


def samples_page(searched: str) -> SamplesPage:
    """Return the results due in all open batches."""
    with installation().reading() as session:
        open_ = select(BatchView.batch).where(
            BatchView.disposition.in_([each.value for each in Disposition if each.is_open])
        )
        batches = [find(session, batch) for batch in session.scalars(open_.order_by(BatchView.started))]
    due = [found for batch in batches for found in _due(batch)]
    groups = (
        DueGroup(title, tone, tuple(each for standing, each in due if standing is wanted))
        for wanted, title, tone in _GROUPS
    )
    return SamplesPage(tuple(group for group in groups if group.samples), searched, bool(searched))


def _due(batch: Batch) -> Iterator[tuple[Standing, Due]]:
    progress = Progress(batch)
    for key in progress:
        step = batch.recipe.steps[key.partition(":")[0]]
        standing = progress.standing(key)
        if step.type == "result" and standing in (Standing.READY, Standing.IN_PROGRESS, Standing.TO_VERIFY):
            wanted = Standing.READY if standing is Standing.IN_PROGRESS else standing
            yield wanted, _line(batch, key, step)


def _line(batch: Batch, key: str, step: Step) -> Due:
    each = next(field for field in step.fields if field.kind is Kind.RESULT)
    tube = batch.seen_from(key).text(each.sample) if each.sample else ""
    url = url_for("batches.step", batch=batch.id, step=key)
    return Due(tube or "no tube", f"{key} {step.title}", each.method, batch.id, batch.coi, step.stage.value, url)


def step_of(code: str) -> tuple[str, str] | None:
    """Return the batch and the step that a tube was taken in."""
    with installation().reading() as session:
        row = session.get(Sample, code)
    return (row.batch, row.step) if row else None


def result_step(code: str) -> str | None:
    """Return where the result of a tube is reported, or where it was taken if none is due."""
    found = step_of(code)
    if found is None:
        return None
    with installation().reading() as session:
        batch = find(session, found[0])
    for _, due in _due(batch):
        if due.key == code:
            return due.url
    return url_for("batches.step", batch=found[0], step=found[1])


def codes(batch: str) -> list[str]:
    """Return the codes of a batch's tubes."""
    with installation().reading() as session:
        return list(session.scalars(select(Sample.code).where(Sample.batch == batch).order_by(Sample.taken)))
