"""The check of a whole installation: the ledger line by line, and what was made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, select

from mes.alarms.points import wrong_alarms
from mes.batches.rebuilt import wrong_views
from mes.ledger.reasons import wrong_reasons
from mes.ledger.rows import wrong_rows
from mes.ledger.signed import wrong_signatures
from mes.ledger.verify import Verified, verify
from mes.people.models import User
from mes.schema import rows
from mes.trends.rebuilt import wrong_trends


def check(connection: Connection, heads: Mapping[str, tuple[int, str]] | None = None) -> Verified:
    """Verify the ledger, then make every row and view again and compare.

    ``heads`` are pages and hashes known from elsewhere. The connection is one of `Database.snapshot`: others may go on
    writing meanwhile.
    """
    verified = verify(connection, heads)
    views = (*wrong_views(connection), *wrong_trends(connection), *wrong_alarms(connection), *wrong_reasons(connection))
    names = {row.id: row.name for row in connection.execute(select(User.id, User.name))}
    signatures = wrong_signatures(connection, names)
    return replace(verified, flaws=(*verified.flaws, *signatures, *wrong_rows(connection, rows()), *views))
