"""Views: what is asked of many batches at once. Each is made from folded batches, and can be made again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from batch_records.executed.batch import TRANSITIONS, Batch
from batch_records.executed.ending_entries import BatchRemanufactured
from batch_records.executed.progress import Progress
from mes.db import Utc, View


class BatchView(View):
    """One line of the batch board."""

    __tablename__ = "batch_view"

    batch: Mapped[str] = mapped_column(String(60), primary_key=True)
    coi: Mapped[str] = mapped_column(String(60), index=True)
    product: Mapped[str] = mapped_column(Text)
    recipe: Mapped[str] = mapped_column(String(80))
    disposition: Mapped[str] = mapped_column(String(40), index=True)
    held: Mapped[bool]
    open_deviations: Mapped[int]
    pages: Mapped[int]
    started: Mapped[datetime] = mapped_column(Utc)
    changed: Mapped[datetime] = mapped_column(Utc)
    due: Mapped[datetime | None] = mapped_column(Utc, index=True)  # when the next clock runs out


class DeviationView(View):
    """One deviation of one batch, to be listed with those of others."""

    __tablename__ = "deviation_view"

    batch: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    coi: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), index=True)  # open, explained, closed
    raised: Mapped[datetime] = mapped_column(Utc)
    raised_by: Mapped[str] = mapped_column(String(60))


CAME_TO_NOTHING = frozenset(before.value for before, made in TRANSITIONS if made is BatchRemanufactured)
TABLE = cast(Table, BatchView.__table__)


def project(batch: Batch) -> dict[str, Any]:
    """Return the columns of a batch's view."""
    return {
        "batch": batch.id,
        "coi": batch.coi,
        "product": batch.issue.product,
        "recipe": batch.issue.recipe,
        "disposition": batch.disposition.value,
        "held": bool(batch.holds),
        "open_deviations": sum(not deviation.closed for deviation in batch.deviations.values()),
        "pages": batch.last.page,
        "started": batch.started.at,
        "changed": batch.last.at,
        "due": next_due(batch),
    }


def next_due(batch: Batch) -> datetime | None:
    """Return when the next clock runs out that was not declared so yet: of a hold time, or of who is to be told."""
    told = [each.due for each in batch.notifications.values() if each.is_running]
    clocks = Progress(batch).clocks() if batch.disposition.is_open else ()
    return min((*told, *(each.due for each in clocks if each.due and each.name not in batch.overdue)), default=None)


def project_deviations(batch: Batch) -> list[DeviationView]:
    """Return the view rows of a batch's deviations."""
    return [
        DeviationView(
            batch=batch.id,
            number=each.number,
            coi=batch.coi,
            description=each.description,
            step=each.step,
            state="closed" if each.closed else "explained" if each.explained else "open",
            raised=each.raised.at,
            raised_by=each.raised.author,
        )
        for each in batch.deviations.values()
    ]
