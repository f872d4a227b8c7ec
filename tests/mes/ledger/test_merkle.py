"""The Merkle log: it agrees with an independent one, and no proof that was touched is believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency

from mes.ledger import merkle

MOST = 200
_LEAVES = [merkle.leaf_hash(number.to_bytes(32, "big")) for number in range(MOST)]


@cache
def node(level: int, index: int) -> bytes:
    """Return the hash over a complete subtree."""
    return merkle.complete(_LEAVES[index << level : (index + 1) << level])


@cache
def independent() -> InmemoryTree:
    """Return the same log, made by somebody else's code."""
    tree = InmemoryTree(algorithm="sha256")
    for number in range(MOST):
        tree.append_entry(number.to_bytes(32, "big"))
    return tree


def root(size: int) -> bytes:
    """Return the root of the first leaves."""
    return merkle.root(node, size)


sizes = st.integers(1, MOST)
hashes = st.binary(min_size=32, max_size=32)


def test_it_agrees_with_an_independent_log() -> None:
    """Every root, whether made from nodes or leaf by leaf, is the one that another implementation finds."""
    log = merkle.Growing()
    for size in range(1, MOST + 1):
        log.append(_LEAVES[size - 1])
        assert root(size) == log.root == independent().get_root(size)


def test_a_growing_log_tells_which_subtrees_a_leaf_completed() -> None:
    """What a leaf completes is the hash over each subtree that ends with it, as the kept hashes have it."""
    log = merkle.Growing()
    for size in range(1, MOST + 1):
        completed = log.append(_LEAVES[size - 1])
        assert completed == [node(level, (size >> level) - 1) for level in range(len(completed))]
        assert size % (1 << len(completed) - 1) == 0 != size % (1 << len(completed))


def test_its_proofs_agree_with_an_independent_log() -> None:
    """Every path is made of the hashes that the other one gives, and what grew here has grown there."""
    for size in (1, 2, 3, 7, 8, 9, 64, 65, 127, 200):
        for index in range(0, size, 5):
            theirs = independent().prove_inclusion(index + 1, size).path
            assert set(merkle.inclusion(node, index, size)) <= set(theirs)
            assert merkle.is_included(_LEAVES[index], index, size, merkle.inclusion(node, index, size), root(size))
        for old in range(1, size + 1):
            assert merkle.is_consistent(old, size, merkle.consistency(node, old, size), root(old), root(size))
            verify_consistency(root(old), root(size), independent().prove_consistency(old, size))


@given(sizes, st.data())
def test_a_leaf_is_proved_at_its_place_alone(size: int, data: st.DataObject) -> None:
    """The path of one leaf proves no other leaf, no other index and no other size."""
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, MOST - 1))
    path = merkle.inclusion(node, index, size)
    assert merkle.is_included(_LEAVES[index], index, size, path, root(size))
    assume(other != index)
    assert not merkle.is_included(_LEAVES[other], index, size, path, root(size))
    assert not merkle.is_included(_LEAVES[index], other, size, path, root(size))
    if size != other:
        assert not merkle.is_included(_LEAVES[index], index, size, path, root(other))


@given(sizes, st.data())
def test_a_touched_path_proves_nothing(size: int, data: st.DataObject) -> None:
    """A hash changed, put in, taken out, moved, or of another length: the path is worth nothing."""
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(node, index, size)
    touched = data.draw(_touched(path))
    assume(touched != path)
    assert not merkle.is_included(_LEAVES[index], index, size, touched, root(size))


@given(sizes, st.data())
def test_a_touched_proof_of_growth_proves_nothing(new: int, data: st.DataObject) -> None:
    """The same for the proof that a log only grew."""
    old = data.draw(st.integers(1, new))
    proof = merkle.consistency(node, old, new)
    assert merkle.is_consistent(old, new, proof, root(old), root(new))
    touched = data.draw(_touched(proof))
    assume(touched != proof)
    assert not merkle.is_consistent(old, new, touched, root(old), root(new))


@given(sizes, sizes, st.lists(hashes, max_size=9), hashes)
def test_no_invented_proof_is_believed(old: int, new: int, proof: list[bytes], forged: bytes) -> None:
    """Whatever is sent as a proof that the log began with another root, it is not believed."""
    assume(forged != root(old))
    assert not merkle.is_consistent(old, new, proof, forged, root(new))
    if old <= new:
        assert not merkle.is_consistent(old, new, merkle.consistency(node, old, new), forged, root(new))


@given(sizes, st.integers(0, MOST), hashes)
def test_a_node_is_never_a_leaf(size: int, index: int, leaf: bytes) -> None:
    """A hash out of the middle of the tree cannot be passed off as a leaf: leaf and node are hashed apart."""
    assume(leaf not in _LEAVES)
    for level in range(1, size.bit_length()):
        assert merkle.leaf_hash(node(level, 0)) != node(level, 0)
    assert not merkle.is_included(leaf, index, size, merkle.inclusion(node, index % size, size), root(size))


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (0, 2**63), (2**63, 2**64)])
def test_a_place_that_cannot_be_proves_nothing(index: int, size: int) -> None:
    """An index outside the log, an empty log and one without measure are refused before anything is hashed."""
    assert not merkle.is_included(_LEAVES[0], index, size, (), _LEAVES[0])


def test_an_endless_path_is_refused() -> None:
    """A path longer than any log is deep is not walked."""
    assert not merkle.is_included(_LEAVES[0], 0, 2**63 - 1, [_LEAVES[1]] * 1_000, _LEAVES[0])
    assert not merkle.is_consistent(1, 2**63 - 1, [_LEAVES[1]] * 1_000, _LEAVES[0], _LEAVES[0])


def test_the_empty_log_and_the_first_leaf() -> None:
    """Nothing has the root of nothing; one leaf is its own root; from nothing, every log has grown."""
    assert merkle.root(node, 0) == merkle.Growing().root == merkle.EMPTY
    assert root(1) == _LEAVES[0]
    assert merkle.is_included(_LEAVES[0], 0, 1, (), _LEAVES[0])
    assert merkle.is_consistent(0, 5, (), merkle.EMPTY, root(5))
    assert not merkle.is_consistent(0, 5, (), root(1), root(5))
    assert not merkle.is_consistent(0, 5, (root(1),), merkle.EMPTY, root(5))
    assert not merkle.is_consistent(5, 4, (), root(5), root(4))
    assert not merkle.is_consistent(5, 5, (root(5),), root(5), root(5))
    assert not merkle.is_consistent(5, 5, (), root(4), root(5))


def test_a_proof_of_what_is_not_there_is_not_made() -> None:
    """Whoever asks for a leaf behind the last, or for growth backwards, is told so."""
    with pytest.raises(IndexError):
        merkle.inclusion(node, 5, 5)
    with pytest.raises(IndexError):
        merkle.consistency(node, 5, 4)


@given(st.lists(hashes, min_size=1, max_size=300))
@example([b"\0" * 32] * 256)
def test_growing_and_nodes_agree(leaves: list[bytes]) -> None:
    """A log read leaf by leaf has the root of the tree."""
    log = merkle.Growing()
    log.extend(leaves)

    def over(level: int, index: int) -> bytes:
        return merkle.complete(leaves[index << level : (index + 1) << level])

    assert log.root == merkle.root(over, len(leaves))


def _touched(path: Sequence[bytes]) -> st.SearchStrategy[tuple[bytes, ...]]:
    """Give paths that somebody changed."""
    places = st.integers(0, max(0, len(path) - 1))
    changed = st.builds(lambda at, new: (*path[:at], new, *path[at + 1 :]), places, hashes)
    longer = st.builds(lambda at, new: (*path[:at], new, *path[at:]), places, hashes)
    shorter = places.map(lambda at: (*path[:at], *path[at + 1 :]))
    moved = st.permutations(list(path)).map(tuple)
    cut = places.map(lambda at: (*path[:at], path[at][:31] if path else b"", *path[at + 1 :]))
    return st.one_of(changed, longer, shorter, moved, cut)
