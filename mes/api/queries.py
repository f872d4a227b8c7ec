"""What the API is asked for."""

from __future__ import annotations

from flask import abort
from sqlalchemy import select

from mes.api.models import BatchOut, LineOut, RecordOut
from mes.batches.folds import book_of
from mes.batches.models import BatchView
from mes.batches.queries import find
from mes.context import installation
from mes.ledger.tables import line


def batches() -> list[BatchOut]:
    """Return every batch, the newest first."""
    with installation().reading() as session:
        rows = session.scalars(select(BatchView).order_by(BatchView.batch.desc())).all()
        return [
            BatchOut(
                batch=row.batch,
                coi=row.coi,
                product=row.product,
                recipe=row.recipe,
                disposition=row.disposition,
                held=row.held,
                open_deviations=row.open_deviations,
                started=row.started,
                changed=row.changed,
            )
            for row in rows
        ]


def record(batch: str) -> RecordOut:
    """Return a batch's record."""
    with installation().reading() as session:
        found = find(session, batch)
        query = select(line).where(line.c.book == book_of(batch)).order_by(line.c.page)
        rows = session.connection().execute(query).all()
    lines = [LineOut(book=row.book, page=row.page, text=row.text, hash=bytes(row.hash).hex()) for row in rows]
    if not lines:
        abort(404, f"There is no batch {batch}.")
    return RecordOut(
        batch=batch,
        recipe_text=found.recipe.text,
        recipe_digest=found.recipe.digest,
        head=lines[-1].hash,
        lines=lines,
    )
