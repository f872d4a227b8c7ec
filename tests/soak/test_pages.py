"""The disk behind a page cache: what a cut of the power leaves. PostgreSQL on it is in `./lab soak blackout`."""

from __future__ import annotations

from random import Random

import pytest

from tests.soak.nodes import Tree
from tests.soak.pages import ROOT, Medium, Moved, Named, Synced, Unnamed, Wrote
from tests.soak.power import SECTOR

WHO = (65_534, 65_534)
FILE, FOLDER = 2, 3
LUCK = range(200)


def left(medium: Medium) -> list[dict[str, bytes | None]]:
    """Return what many cuts leave."""
    return [medium.cut(Random(seed)) for seed in LUCK]  # noqa: S311 - played again from its seed


@pytest.fixture
def medium() -> Medium:
    """A disk with one file in it."""
    return Medium({FILE: bytearray(b"old")}, {(ROOT, "file"): FILE})


def test_what_was_synced_is_there(medium: Medium) -> None:
    """Whatever else is lost, and whatever is written after it."""
    for each in (Wrote(FILE, (0, b"new")), Synced(FILE), Wrote(FILE, (SECTOR, b"later"))):
        medium.happen(each)
    assert all((found["file"] or b"").startswith(b"new") for found in left(medium))


def test_what_was_not_synced_is_there_or_not_sector_by_sector(medium: Medium) -> None:
    """All, nothing, and any part of it; never half a sector."""
    medium.happen(Wrote(FILE, (0, b"a" * SECTOR + b"b" * SECTOR)))
    seen = {found["file"] for found in left(medium)}
    whole, half = b"a" * SECTOR + b"b" * SECTOR, b"a" * SECTOR
    lone = b"old" + bytes(SECTOR - 3) + b"b" * SECTOR
    assert seen == {b"old", whole, half, lone}


def test_names_come_in_their_order(medium: Medium) -> None:
    """A second name never without the first; none of them for sure before a sync."""
    for each in (Named(ROOT, "one", 4), Named(ROOT, "two", 5)):
        medium.happen(each)
    assert {tuple(found) for found in left(medium)} == {("file",), ("file", "one"), ("file", "one", "two")}


def test_a_synced_file_keeps_its_name(medium: Medium) -> None:
    """And all that happened to names before it; what happened after may be lost."""
    for each in (Named(ROOT, "one", 4), Named(ROOT, "two", 5), Synced(5), Unnamed(ROOT, "one")):
        medium.happen(each)
    assert {tuple(found) for found in left(medium)} == {("file", "one", "two"), ("file", "two")}


def test_a_rename_is_whole(medium: Medium) -> None:
    """The old file or the new one stands under the name, never none; after a sync of the folder, the new."""
    for each in (Named(ROOT, "draft", 4), Wrote(4, (0, b"new")), Synced(4), Moved(ROOT, "draft", ROOT, "file")):
        medium.happen(each)
    assert {found["file"] for found in left(medium)} == {b"old", b"new"}
    medium.happen(Synced(ROOT))
    assert {tuple(found.items()) for found in left(medium)} == {(("file", b"new"),)}


def test_a_file_in_a_new_folder_is_found_by_its_path(medium: Medium) -> None:
    """A folder comes out as nothing, before what is in it."""
    for each in (Named(ROOT, "log", FOLDER, is_folder=True), Named(FOLDER, "first", 4), Synced(4)):
        medium.happen(each)
    assert {tuple(found) for found in left(medium)} == {("file", "log", "log/first")}


def test_the_file_system_tells_what_programs_did() -> None:
    """Played again on a disk that was as it was before, the tape leads to what programs saw."""
    tree = Tree(WHO[0])
    file = tree.make(ROOT, "file", 0o100_600, WHO).number
    tree.write(file, 0, b"before")
    disk = tree.settle()
    tree.write(file, 2, b"yond all")
    tree.resize(file, 6)
    tree.resize(file, 8)
    tree.move(ROOT, ROOT, "file", "record")
    tree.sync(file)
    for each in tree.tape:
        disk.happen(each)
    assert left(disk) == [{"record": b"beyond\0\0"}] * len(LUCK)
    assert tree.named(ROOT, "record").content == b"beyond\0\0"


def test_what_is_missing_or_not_empty_is_told_as_the_kernel_has_it() -> None:
    """A name that nobody gave, and a folder with something in it."""
    tree = Tree(WHO[0])
    folder = tree.make(ROOT, "log", 0o040_700, WHO).number
    tree.make(folder, "first", 0o100_600, WHO)
    with pytest.raises(OSError, match="second"):
        tree.named(folder, "second")
    with pytest.raises(OSError, match="log"):
        tree.remove(ROOT, "log")
