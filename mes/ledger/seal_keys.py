"""The keys that sign checkpoints: which are announced in the ledger, which one signs when, and where they are kept.

A key is announced in a line before it signs. The first checkpoint that covers that line is still signed by the key
before, which so vouches for its successor; from then on the new one signs. A key that was lost vouches for nothing:
its successor is announced as such, and signs at once. Who seals and who verifies go by this one rule.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from mes.ledger.checkpoint import Key, NotACheckpoint, SecretKey
from mes.ledger.seal_tables import leaf
from mes.ledger.tables import line

KIND = "seal key announced"
SET_UP, ROTATION, LOSS = "set-up", "rotation", "loss"


class KeyMissing(Exception):  # noqa: N818 - a state that somebody must end
    """The key that should sign is not where it is kept."""


@dataclass(frozen=True)
class Announced:
    """A key as the ledger announces it. ``position`` is its line's leaf; None while that is not sealed."""

    key: Key
    because: str
    book: str
    page: int
    position: int | None


def announced(connection: Connection) -> list[Announced]:
    """Return the keys in the order in which they were announced; a line that names none is left out."""
    joined = line.outerjoin(leaf, (leaf.c.book == line.c.book) & (leaf.c.page == line.c.page))
    columns = line.c.book, line.c.page, line.c.text, leaf.c.position
    query = select(*columns).select_from(joined).where(line.c.kind == KIND)
    found = []
    for book, page, text, position in connection.execute(query.order_by(line.c.at, line.c.page)):
        try:
            body = json.loads(text)["body"]
            found.append(Announced(Key.read(body["key"]), str(body["because"]), book, page, position))
        except (KeyError, TypeError, ValueError):
            continue  # it is no line, which `verify` says
    return sorted(found, key=lambda each: (each.position is None, each.position or 0))


def is_written(connection: Connection, kind: str) -> bool:
    """Say whether the ledger has a line of a kind."""
    return connection.execute(select(line.c.page).where(line.c.kind == kind).limit(1)).first() is not None


def signer(keys: Sequence[Announced], covered: int, size: int) -> Key | None:
    """Return which key signs the checkpoint of ``size`` leaves that follows the one of ``covered``.

    Leaves behind the last one sealed count as sealed now: what is announced in them has its position given to it.
    """
    before = [each for each in keys if each.position is not None and each.position < covered]
    now = [each for each in keys if each.position is not None and covered <= each.position < size]
    if lost := [each for each in now if each.because == LOSS]:
        return lost[-1].key
    if before:
        return before[-1].key
    return now[0].key if now else None


class Keyring:
    """The secret keys of this installation: a file each, that only its owner can read, outside the database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "seal-keys"

    def create(self, name: str) -> Key:
        """Make a key and keep it."""
        secret = SecretKey.new(name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep_secret(self._file(secret.public), secret.written())
        return secret.public

    def secret(self, key: Key) -> SecretKey:
        """Return the secret part of a key. Raise `KeyMissing`."""
        try:
            found = SecretKey.read(self._file(key).read_text())
        except (OSError, NotACheckpoint):
            found = None
        if found is None or found.public != key:
            raise KeyMissing(f"the secret key {key.id.hex()} is not in {self.folder}")
        return found

    def forget(self, key: Key) -> None:
        """Destroy a key that signs no more."""
        self._file(key).unlink(missing_ok=True)

    def _file(self, key: Key) -> Path:
        return self.folder / f"{key.id.hex()}.key"


def keep_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read; it is there whole and on disk, or not at all."""
    draft = file.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.rename(file)
    sync(file.parent)


def sync(folder: Path) -> None:
    """Have it on disk which files are in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
