"""Entries about what the instruments of a batch did not deliver, and what became known of them while they were used.

Each stands first in the book of its instrument. Here it concerns the batch, because the time that it speaks of lies in
the time in which the instrument was the batch's own. Times are as the gateway wrote them, in UTC.
"""

from __future__ import annotations

from batch_records.executed.entries import Entry, entry_kind


@entry_kind
class GapFound(Entry):
    """Values that were measured, or may have been, did not arrive from ``since`` to ``until``, and cannot be had."""

    instrument: str
    text: str
    since: str
    until: str


@entry_kind
class NoticeGiven(Entry):
    """A gateway gave notice of an instrument: a clock, a unit, a certificate, a node, a full spool. As of ``at``."""

    instrument: str
    text: str
    at: str


NOTICES = (GapFound, NoticeGiven)
