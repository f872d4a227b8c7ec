"""A disk behind a page cache: what programs wrote is seen by all, and on the disk only once it was synced.

The model is pure: what happened goes in, one thing after another, and at a cut of the power comes out what a machine
would find when it starts again. It keeps to what a file system with a journal promises, and to nothing more.

* What was written to a file and not synced is there or not, sector by sector of 512 bytes, as chance has it.
* Names (made, moved, taken away) reach the disk in the order in which they happened, but who knows how far.
* A sync of a file brings its bytes and its name to the disk; one of a folder, the names in it. What happened to names
  before that came along, for the journal has one order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from tests.soak.power import Write, put, sectors

ROOT = 1  # the number of the topmost folder


@dataclass(frozen=True)
class Wrote:
    """Bytes were written into a file, or it was cut off at a size."""

    node: int
    write: Write


@dataclass(frozen=True)
class Synced:
    """A file or a folder was synced."""

    node: int


@dataclass(frozen=True)
class Named:
    """A file or a folder came to be, under a name."""

    folder: int
    name: str
    node: int
    is_folder: bool = False


@dataclass(frozen=True)
class Unnamed:
    """A name was taken away."""

    folder: int
    name: str


@dataclass(frozen=True)
class Moved:
    """A name became another, in place of what had that name."""

    folder: int
    name: str
    to: int
    became: str


@dataclass(frozen=True)
class Acknowledged:
    """Somebody outside was told that something is kept."""

    what: str


OfNames = Named | Unnamed | Moved
Happened = Wrote | Synced | OfNames | Acknowledged
Names = dict[tuple[int, str], int]


@dataclass
class Medium:
    """What is on the disk, and what is on its way there. ``files`` has every file's bytes by its number."""

    files: dict[int, bytearray]
    names: Names
    loose: dict[int, list[Write]] = field(default_factory=lambda: defaultdict(list))
    journal: list[OfNames] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    def happen(self, happened: Happened) -> None:
        """Let one more thing happen."""
        if isinstance(happened, Acknowledged):
            self.acknowledged.append(happened.what)
        elif isinstance(happened, Wrote):
            self.loose[happened.node].append(happened.write)
        elif isinstance(happened, Synced):
            self._sync(happened.node)
        else:
            self.journal.append(happened)
            if isinstance(happened, Named) and not happened.is_folder:
                self.files[happened.node] = bytearray()

    def cut(self, luck: Random) -> dict[str, bytes | None]:
        """Cut the power: return what is then there by its path, a folder as nothing. The medium itself stays."""
        names = dict(self.names)
        for each in self.journal[: luck.randint(0, len(self.journal))]:
            _apply(each, names)
        share = luck.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        found = paths(names)
        return {path: self._left(node, luck, share) if node in self.files else None for path, node in found}

    def _sync(self, node: int) -> None:
        if node in self.files:
            for write in self.loose.pop(node, []):
                put(self.files[node], write)
        names, forced = dict(self.names), 0
        for at, each in enumerate(self.journal, 1):
            forced = at if node in (each.folder, *_apply(each, names)) else forced
        for each in self.journal[:forced]:
            _apply(each, self.names)
        del self.journal[:forced]

    def _left(self, node: int, luck: Random, share: float) -> bytes:
        content = self.files[node]
        if node in self.loose:
            content = bytearray(content)
            for part in (part for write in self.loose[node] for part in sectors(write)):
                if luck.random() < share:
                    put(content, part)
        return bytes(content)


def paths(names: Names, folder: int = ROOT, path: str = "") -> Iterator[tuple[str, int]]:
    """Return the path and the number of everything in a folder, each folder before what is in it."""
    for (within, name), node in sorted(names.items()):
        if within == folder:
            yield path + name, node
            yield from paths(names, node, f"{path}{name}/")


def _apply(happened: OfNames, names: Names) -> tuple[int, ...]:
    """Change the names; return the numbers that it was about besides the folder."""
    if isinstance(happened, Named):
        names[happened.folder, happened.name] = happened.node
        return (happened.node,)
    node = names.pop((happened.folder, happened.name), 0)
    if isinstance(happened, Moved) and node:
        names[happened.to, happened.became] = node
        return (happened.to, node)
    return ()
