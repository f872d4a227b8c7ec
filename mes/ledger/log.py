"""The Merkle log as it stands in a database: its size, its nodes, its proofs, its newest checkpoint.

Leaves lie in tiles of 256, and so do the hashes over whole tiles. So a proof among 10^7 leaves reads some three tiles
of each tier, and a new leaf needs the last tile of each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from mes.ledger import merkle, seal_tables

_HEIGHT = 8
_TILE = 1 << _HEIGHT
_SIZE = select(func.max(seal_tables.leaf.c.position))
_LEAVES = (
    select(seal_tables.leaf.c.hash)
    .where(seal_tables.leaf.c.position.between(bindparam("first"), bindparam("last")))
    .order_by(seal_tables.leaf.c.position)
)
_NODES = (
    select(seal_tables.node.c.hash)
    .where(
        seal_tables.node.c.tier == bindparam("tier"),
        seal_tables.node.c.position.between(bindparam("first"), bindparam("last")),
    )
    .order_by(seal_tables.node.c.position)
)


@dataclass(frozen=True)
class Sealed:
    """A checkpoint that was written: how many lines it covers, their root, the signed note, and when."""

    size: int
    root: bytes
    note: str
    at: datetime


@dataclass(frozen=True)
class Subtree:
    """The hash over a whole tile, which is kept."""

    tier: int
    position: int
    hash: bytes


class Log:
    """The log of one snapshot. It grows in memory; who seals writes down what it grew by."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        last = connection.execute(_SIZE).scalar()
        self.size = 0 if last is None else int(last) + 1
        self._stored = self.size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def node(self, level: int, index: int) -> bytes:
        """Return the hash over a complete subtree."""
        tier, height = divmod(level, _HEIGHT)
        first = index << height
        start = first % _TILE
        hashes = self._tile(tier, first // _TILE)[start : start + (1 << height)]
        if len(hashes) < 1 << height:
            raise IndexError(f"the log has no complete subtree {index} of level {level}")
        return merkle.complete(hashes)

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first leaves, or over all."""
        return merkle.root(self.node, self.size if size is None else size)

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Return the path from a leaf to the root over ``size`` leaves."""
        return merkle.inclusion(self.node, index, size)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the proof that the log of ``new`` leaves begins with the one of ``old``."""
        return merkle.consistency(self.node, old, new)

    def extend(self, lines: Iterable[bytes]) -> list[Subtree]:
        """Add the hashes of lines as leaves; return the hashes over the tiles that they filled."""
        filled: list[Subtree] = []
        for hashed in lines:
            self._put(0, self.size, merkle.leaf_hash(hashed), filled)
            self.size += 1
        return filled

    def _put(self, tier: int, position: int, hashed: bytes, filled: list[Subtree]) -> None:
        tile = self._tile(tier, position // _TILE)
        tile.append(hashed)
        if len(tile) == _TILE:
            subtree = Subtree(tier + 1, position // _TILE, merkle.complete(tile))
            filled.append(subtree)
            self._put(subtree.tier, subtree.position, subtree.hash, filled)

    def _tile(self, tier: int, number: int) -> list[bytes]:
        """Return the hashes of a tile, as many as there were when this log was opened and were added since."""
        key = (tier, number)
        if key not in self._tiles:
            stored = self._stored >> (_HEIGHT * tier)
            first, last = number * _TILE, min((number + 1) * _TILE, stored) - 1
            self._tiles[key] = self._read(tier, first, last) if first <= last else []
        return self._tiles[key]

    def _read(self, tier: int, first: int, last: int) -> list[bytes]:
        between = {"first": first, "last": last}
        if tier:
            return [bytes(each) for each in self._connection.execute(_NODES, between | {"tier": tier}).scalars()]
        return [merkle.leaf_hash(bytes(each)) for each in self._connection.execute(_LEAVES, between).scalars()]


def newest(connection: Connection, least: int = 0) -> Sealed | None:
    """Return the newest checkpoint, if it covers at least so many leaves."""
    table = seal_tables.checkpoint
    row = connection.execute(select(table).where(table.c.size >= least).order_by(table.c.size.desc()).limit(1)).first()
    return Sealed(row.size, bytes(row.root), row.note, datetime.fromisoformat(row.at)) if row else None
