"""Views made again from the lines, and compared with those that stand in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from batch_records.executed.batch import Batch, Impossible
from batch_records.master.load import RecipeError
from mes.batches.folds import Folds, book_of
from mes.batches.models import BatchView, DeviationView, project, project_deviations
from mes.db import View
from mes.ledger.tables import book
from mes.ledger.verify import Flaw

_UNREADABLE = (Impossible, RecipeError, LookupError, TypeError, ValueError)  # what reading an altered record can raise


def wrong_views(connection: Connection) -> Iterator[Flaw]:
    """Give every difference between the views and the batches that their lines make."""
    session = Session(bind=connection, autoflush=False)
    shown = {row.batch: _columns(row) for row in session.scalars(select(BatchView))}
    deviations = {(row.batch, row.number): _columns(row) for row in session.scalars(select(DeviationView))}
    query = select(book.c.name).where(book.c.name.startswith(book_of("")), book.c.pages > 0).order_by(book.c.name)
    for name in connection.execute(query).scalars().all():
        number = name.removeprefix(book_of(""))
        try:
            batch = Folds().get(connection, number)  # from the first line: nothing kept may vouch for itself
        except _UNREADABLE as error:
            yield Flaw(name, 0, f"it cannot be read as a batch: {error}")
            continue
        if batch:
            yield from _compared(batch, shown.pop(number, {}), "the view of the batch", project(batch))
            for row in project_deviations(batch):
                found = deviations.pop((number, row.number), {})
                yield from _compared(batch, found, f"the view of deviation {row.number}", _columns(row))
    for number in sorted({*shown, *(batch for batch, _ in deviations)}):
        yield Flaw(book_of(number), 0, "a view shows what no line says")


def _columns(row: View) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _compared(batch: Batch, found: Mapping[str, Any], what: str, made: Mapping[str, Any]) -> Iterator[Flaw]:
    wrong = [name for name, value in made.items() if found.get(name) != value] if found else []
    if not found:
        yield Flaw(book_of(batch.id), batch.last.page, f"{what} is missing")
    elif wrong:
        says = ", ".join(f"{name} {found.get(name)} instead of {made[name]}" for name in wrong)
        yield Flaw(book_of(batch.id), batch.last.page, f"{what} says {says}")
