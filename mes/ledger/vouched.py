"""What the server vouches for: a signature of its own over each line that a person signed, made as the line is written.

The hash of a line can be computed by whoever can write into the database; the server's secret key is not in it. So a
signed line that somebody appends with right hashes, a true name and a line seen has nothing beside it that vouches for
it, and is named. Rotations of the key itself are vouched for alike, by the key before.

``vouched``  which signed line, by which key, and the Ed25519 signature over "signed line/v1", a line feed and its hash

One line in the ledger says from when on: what stands before it in the log was signed when nobody vouched yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, event, func, insert, select

from mes.ledger.checkpoint import Key, SecretKey
from mes.ledger.line import Line
from mes.ledger.seal_keys import KIND, ROTATION, Announced, KeyMissing, Keyring, announced
from mes.ledger.seal_tables import leaf
from mes.ledger.tables import kept_on_postgresql, kept_on_sqlite, line

BEGUN = "signatures vouched for"
MARK = '"signed":{'  # as canonical JSON writes the key
_ROTATION = f'"because":"{ROTATION}"'

vouching = MetaData()
vouched = Table(
    "vouched",
    vouching,
    Column("book", Text, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
_ADD = insert(vouched)
IS_VOUCHED = (vouched.c.book == line.c.book) & (vouched.c.page == line.c.page)
IS_SEALED = (leaf.c.book == line.c.book) & (leaf.c.page == line.c.page)
_OF_LINE = select(line.c.hash, vouched.c.key, vouched.c.signature).select_from(line.outerjoin(vouched, IS_VOUCHED))
_WITH_LEAF = select(line.c.book, line.c.page, line.c.hash).select_from(
    line.outerjoin(leaf, IS_SEALED).outerjoin(vouched, IS_VOUCHED)
)


@event.listens_for(vouching, "after_create")
def _create_triggers(_: MetaData, connection: Connection, **__: object) -> None:
    same = {"vouched": "book = NEW.book AND page = NEW.page"}
    is_sqlite = connection.dialect.name == "sqlite"
    for statement in kept_on_sqlite(["vouched"], same) if is_sqlite else kept_on_postgresql(["vouched"]):
        connection.exec_driver_sql(statement)


# --- made ----------------------------------------------------------------------------------------------------------


def vouch(connection: Connection, lines: Iterable[Line], keyring: Keyring) -> None:
    """Vouch for the signed ones of new lines, in their own transaction.

    Where the key is gone a signature stands without: what a person did is on record. It is named until a new key is
    announced, which vouches for it then.
    """
    signed = [each for each in lines if MARK in each.text or (each.kind == KIND and _ROTATION in each.text)]
    keys = [each.key for each in announced(connection)] if signed else []
    for each in signed:
        before = [key for key in keys if str(key) not in each.text]  # no key vouches for itself
        if before:
            with suppress(KeyMissing):
                _keep(connection, each.book, each.page, each.hash, keyring.secret(before[-1]))


def vouch_for_unsealed(connection: Connection, secret: SecretKey) -> None:
    """Vouch for what was signed while the key before was gone: nothing could be sealed since."""
    query = _WITH_LEAF.where(line.c.text.contains(MARK), leaf.c.position.is_(None), vouched.c.key.is_(None))
    for each in connection.execute(query).all():
        _keep(connection, each.book, each.page, bytes(each.hash), secret)


def _keep(connection: Connection, book: str, page: int, hashed: bytes, secret: SecretKey) -> None:
    signature = secret.sign(message(hashed))
    connection.execute(_ADD, {"book": book, "page": page, "key": secret.public.id.hex(), "signature": signature})


def message(hashed: bytes) -> bytes:
    """Return what is signed for a line with this hash; no checkpoint begins like it."""
    return b"signed line/v1\n" + hashed


# --- checked -------------------------------------------------------------------------------------------------------


class Vouching:
    """Which lines must be vouched for, and by which keys."""

    def __init__(self, connection: Connection, given: Sequence[Key] = ()) -> None:
        self._begun = begun(connection)
        self._keys = dict[str, list[Key]]()
        for each in announced(connection):
            if (not given or each.key in given) and self._is_trusted(connection, each):
                self._keys.setdefault(each.key.id.hex(), []).append(each.key)

    def is_needed(self, position: int | None) -> bool:
        """Say whether a signed line at this place of the log, or none yet, must be vouched for."""
        return self._begun is not None and (position is None or position > self._begun)

    def holds(self, hashed: bytes, key: str | None, signature: bytes | None) -> bool:
        """Say whether a key of the laboratory vouches for the line with this hash."""
        said = bytes(signature or b"")
        return any(each.verify(said, message(hashed)) for each in self._keys.get(key or "", ()))

    def _is_trusted(self, connection: Connection, each: Announced) -> bool:
        """Say whether a key may vouch. A lost key vouches for no successor: an administrator's password does."""
        if each.because != ROTATION or not self.is_needed(each.position):
            return True
        row = connection.execute(_OF_LINE.where(line.c.book == each.book, line.c.page == each.page)).one()
        return self.holds(bytes(row.hash), row.key, row.signature)


def begun(connection: Connection) -> int | None:
    """Return where in the log the line stands from which on signatures are vouched for; None while it is not sealed."""
    joined = line.join(leaf, IS_SEALED)
    query = select(func.min(leaf.c.position)).select_from(joined).where(line.c.kind == BEGUN)
    found: int | None = connection.execute(query).scalar()
    return found
