"""Readings are sealed into the ledger, range by range."""

from __future__ import annotations

from datetime import timedelta

from batch_records.executed.span import apart
from mes.execute import Doing
from mes.ledger import sealed_readings


def seal_new_readings(doing: Doing, every: timedelta) -> int:
    """Seal each instrument's readings that are not sealed yet, no oftener than so. Return how many were sealed.

    A range ends before a gap: what is still on its way is sealed when it has come.
    """
    connection = doing.act.connection
    sealed = 0
    for instrument, last in sealed_readings.newest(connection).items():
        after, at = sealed_readings.last_sealed(connection, instrument)
        if last > after and (at is None or apart(doing.act.at, at) >= every):
            doing.act.lock([sealed_readings.book_of(instrument)])
            after, _ = sealed_readings.last_sealed(connection, instrument)  # as it is now that nobody else seals
            sealed += _seal(doing, instrument, after + 1, sealed_readings.unbroken(connection, instrument, after))
    return sealed


def _seal(doing: Doing, instrument: str, first: int, last: int) -> int:
    """Write one line for a range: from, to, count and the digest of all its readings, in order."""
    if last < first:
        return 0
    count, digest = sealed_readings.digest_of(doing.act.connection, instrument, first, last)
    body = {"from": first, "to": last, "count": count, "digest": digest}
    doing.act.write(sealed_readings.book_of(instrument), sealed_readings.KIND, body)
    return count
