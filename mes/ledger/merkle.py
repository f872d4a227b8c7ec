"""A Merkle log after RFC 9162: its root, and the proofs that a leaf is in it and that it only ever grew. Pure.

A leaf's hash is SHA-256(0x00 ‖ data), a node's SHA-256(0x01 ‖ left ‖ right). Over n leaves, the left subtree has the
largest power of two below n. So subtrees that are complete never change, and whoever keeps them (`Node` gives them)
makes a root or a proof from some log n of them.

What checks a proof believes nothing of it: every hash has 32 bytes, the path is exactly as long as index and size
say, and both roots come out at its end. A verifier that lets one of these pass can be told anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

Node = Callable[[int, int], bytes]  # (level, index) → the hash over the leaves index·2^level to (index+1)·2^level - 1

EMPTY = hashlib.sha256(b"").digest()
LARGEST = 2**63 - 1  # leaves; a path is never longer than this number has digits
_HASH = 32  # bytes


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over a complete subtree; ``hashes`` are as many as a power of two."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


# --- made ----------------------------------------------------------------------------------------------------------


def root(node: Node, size: int) -> bytes:
    """Return the root over the first ``size`` leaves."""
    return _over(node, 0, size) if size else EMPTY


def inclusion(node: Node, index: int, size: int) -> tuple[bytes, ...]:
    """Return the path from a leaf to the root over ``size`` leaves."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not among {size}")
    first, last, path = 0, size, list[bytes]()
    while last - first > 1:
        middle = first + _left(last - first)
        if index < middle:
            path.append(_over(node, middle, last))
            last = middle
        else:
            path.append(_over(node, first, middle))
            first = middle
    return tuple(reversed(path))


def consistency(node: Node, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the log of ``new`` leaves begins with the one of ``old``; empty where nothing needs any."""
    if not 0 <= old <= new:
        raise IndexError(f"{new} leaves do not begin with {old}")
    if old == 0:
        return ()
    first, last, path = 0, new, list[bytes]()
    while last != old:
        middle = first + _left(last - first)
        if old <= middle:
            path.append(_over(node, middle, last))
            last = middle
        else:
            path.append(_over(node, first, middle))
            first = middle
    if first:
        path.append(_over(node, first, last))
    return tuple(reversed(path))


def _over(node: Node, first: int, last: int) -> bytes:
    """Return the hash over a subtree, which need not be complete."""
    width = last - first
    if not width & (width - 1):
        return node(width.bit_length() - 1, first // width)
    middle = first + _left(width)
    return node_hash(_over(node, first, middle), _over(node, middle, last))


def _left(width: int) -> int:
    """Return the largest power of two below a width."""
    return 1 << (width - 1).bit_length() - 1


# --- checked -------------------------------------------------------------------------------------------------------


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_: bytes) -> bool:
    """Say whether a path proves that the leaf with this hash is number ``index`` of ``size`` under a root."""
    if not (0 <= index < size <= LARGEST and _are_hashes(leaf, root_, *path)):
        return False
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _up_to_right_child(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root_


def is_consistent(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Say whether a path proves that the log with the new root begins with all of the log with the old one."""
    if not (0 <= old <= new <= LARGEST and _are_hashes(old_root, new_root, *path)):
        return False
    if old in (0, new):
        return not path and old_root == (EMPTY if old == 0 else new_root)
    hashes = [old_root, *path] if not old & (old - 1) else list(path)
    return bool(path) and _grows(old, new, hashes, old_root, new_root)


def _grows(old: int, new: int, hashes: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            at, last = _up_to_right_child(at, last)
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _up_to_right_child(at: int, last: int) -> tuple[int, int]:
    """Climb from a subtree that has nothing beside it to where it is a right child."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _are_hashes(*hashes: bytes) -> bool:
    return len(hashes) <= LARGEST.bit_length() + 2 and all(
        isinstance(each, bytes) and len(each) == _HASH for each in hashes
    )


class Growing:
    """The root of a log that is read from its first leaf on, in memory for its complete subtrees alone."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []  # the largest first, as the digits of the size have them

    def append(self, leaf: bytes) -> list[bytes]:
        """Add a leaf by its hash; return the hashes over the subtrees that it completed, the leaf itself first."""
        size, found = self.size, leaf
        completed = [leaf]
        while size & 1:
            found = node_hash(self._subtrees.pop(), found)
            completed.append(found)
            size >>= 1
        self._subtrees.append(found)
        self.size += 1
        return completed

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves by their hashes."""
        for leaf in leaves:
            self.append(leaf)

    @property
    def root(self) -> bytes:
        """The root over the leaves so far."""
        found = EMPTY
        for number, subtree in enumerate(reversed(self._subtrees)):
            found = node_hash(subtree, found) if number else subtree
        return found
