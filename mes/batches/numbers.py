"""The numbers of batches: one after the other in each year."""

from __future__ import annotations

from sqlalchemy import func, select

from mes.batches.models import BatchView
from mes.execute import Doing


def next_number(doing: Doing) -> str:
    """Return the next number of this year. Batches are never deleted, and the laboratory's book is locked."""
    prefix = f"B{doing.act.at:%y}-"
    newest = (func.length(BatchView.batch).desc(), BatchView.batch.desc())  # as text, 9999 comes after 10000
    query = select(BatchView.batch).where(BatchView.batch.startswith(prefix)).order_by(*newest).limit(1)
    last = doing.session.execute(query).scalar()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04}"
