"""Which signatures of a record count no more, and since which change: they stay readable, and appear unsigned.

A signature of a step counts until the step is opened again, for a correction in it or of something it rests on, or
because it was sent back. A review counts until anything follows it. Nothing else takes a signature back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from batch_records.executed.batch import Batch, Run
from batch_records.executed.entries import Stamp


def unsigned_since(batch: Batch) -> Mapping[int, Stamp]:
    """Return the page of each signature that counts no more, with the change that took it back."""
    return {**batch.amended, **dict(page for run in batch.runs.values() for page in _of_run(run))}


def _of_run(run: Run) -> Iterator[tuple[int, Stamp]]:
    for gone in reversed(run.withdrawn):  # the earliest change is the one that took a signature back
        yield from ((stamp.page, gone.amended) for stamp in (gone.completed, gone.verified) if stamp)
        for value in run.values.values():
            signed = (version.stamp for version in (*value.history, value) if version.stamp.signature)
            yield from ((stamp.page, gone.amended) for stamp in signed if stamp.page < gone.amended.page)
