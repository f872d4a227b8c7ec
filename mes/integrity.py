"""The check of a whole installation: the ledger line by line, its seals, and what was made from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from mes.alarms.points import wrong_alarms
from mes.batches.rebuilt import wrong_views
from mes.ledger.checkpoint import Key
from mes.ledger.reasons import wrong_reasons
from mes.ledger.rows import wrong_rows
from mes.ledger.signed import wrong_signatures
from mes.ledger.verify import Verified, verify
from mes.people.models import User
from mes.schema import rows
from mes.seals.verify import check_seals
from mes.seals.witness import Known
from mes.trends.rebuilt import wrong_trends


def check(
    connection: Connection,
    heads: Mapping[str, tuple[int, str]] | None = None,
    known: Iterable[Iterable[Known]] = (),
    keys: Sequence[Key] = (),
) -> Verified:
    """Verify the ledger and its seals, then make every row and view again and compare.

    ``heads`` are pages and hashes known from elsewhere, ``known`` the checkpoints that witnesses keep, ``keys`` those
    that may sign, if the ledger is not to say which. The connection is one of `Database.snapshot`: others may go on
    writing meanwhile.
    """
    verified = with_seals(verify(connection, heads), connection, known, keys)
    views = (*wrong_views(connection), *wrong_trends(connection), *wrong_alarms(connection), *wrong_reasons(connection))
    names = {row.id: row.name for row in connection.execute(select(User.id, User.name))}
    signatures = wrong_signatures(connection, names, keys)
    return replace(verified, flaws=(*verified.flaws, *signatures, *wrong_rows(connection, rows()), *views))


def with_seals(
    verified: Verified, connection: Connection, known: Iterable[Iterable[Known]] = (), keys: Sequence[Key] = ()
) -> Verified:
    """Add to what was found in the ledger what is found in its seals."""
    seals = check_seals(connection, known, keys)
    return replace(
        verified,
        flaws=(*verified.flaws, *seals.flaws),
        sealed=seals.sealed,
        waiting=seals.waiting,
        checkpoints=seals.checkpoints,
        compared=seals.compared,
    )
