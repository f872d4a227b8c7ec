"""The files and folders of a file system in memory, as programs see them, and a tape of what became of them."""

from __future__ import annotations

import errno
import os
import time
from copy import deepcopy
from dataclasses import dataclass, field
from stat import S_IFDIR, S_ISDIR
from threading import Lock

from tests.soak.pages import ROOT, Acknowledged, Happened, Medium, Moved, Named, Names, Synced, Unnamed, Wrote
from tests.soak.power import Write, put


@dataclass
class Node:
    """A file or a folder."""

    number: int
    mode: int
    user: int
    group: int
    content: bytearray = field(default_factory=bytearray)
    changed: int = field(default_factory=lambda: int(time.time()))


class Tree:
    """Everything in the file system, and everything that happened since `Tree.settle`."""

    def __init__(self, owner: int) -> None:
        self.owner = owner
        self.nodes = {ROOT: Node(ROOT, S_IFDIR | 0o700, owner, owner)}
        self.names: Names = {}
        self.tape: list[Happened] = []
        self._turn = Lock()

    def settle(self) -> Medium:
        """Return a disk on which everything is as it is now; the tape begins anew."""
        with self._turn:
            self.tape.clear()
            files = {number: each.content for number, each in self.nodes.items() if not S_ISDIR(each.mode)}
            return Medium(deepcopy(files), dict(self.names))

    def acknowledge(self, what: str) -> None:
        """Write down that somebody outside was told that something is kept."""
        self._happened(Acknowledged(what))

    def named(self, folder: int, name: str) -> Node:
        """Return what has a name. Raise `OSError`."""
        if (folder, name) not in self.names:
            raise OSError(errno.ENOENT, name)
        return self.nodes[self.names[folder, name]]

    def listed(self, folder: int) -> list[tuple[bytes, Node]]:
        """Return everything in a folder with its name."""
        found = sorted((name, node) for (within, name), node in self.names.items() if within == folder)
        return [(os.fsencode(name), self.nodes[node]) for name, node in found]

    def make(self, folder: int, name: str, mode: int, who: tuple[int, int]) -> Node:
        """Make a file or a folder."""
        node = Node(max(self.nodes) + 1, mode, *who)
        self.nodes[node.number] = node
        self.names[folder, name] = node.number
        self._happened(Named(folder, name, node.number, S_ISDIR(mode)))
        return node

    def remove(self, folder: int, name: str) -> bytes:
        """Take a name away; who has the file open keeps it. Raise `OSError`."""
        node = self.named(folder, name)
        if any(within == node.number for within, _ in self.names):
            raise OSError(errno.ENOTEMPTY, name)
        del self.names[folder, name]
        self._happened(Unnamed(folder, name))
        return b""

    def move(self, folder: int, to: int, name: str, became: str) -> bytes:
        """Give something another name, in place of what has it. Raise `OSError`."""
        self.names[to, became] = self.named(folder, name).number
        if (folder, name) != (to, became):
            del self.names[folder, name]
        self._happened(Moved(folder, name, to, became))
        return b""

    def write(self, node: int, offset: int, data: bytes) -> None:
        """Write into a file."""
        self._put(node, (offset, data))

    def resize(self, node: int, size: int) -> None:
        """Cut a file off, or make it longer with zeros."""
        longer = size - len(self.nodes[node].content)
        self._put(node, (size - longer, bytes(longer)) if longer > 0 else (-1, size.to_bytes(8)))

    def sync(self, node: int) -> bytes:
        """Write down that something was synced; programs see no difference."""
        self._happened(Synced(node))
        return b""

    def _put(self, node: int, write: Write) -> None:
        put(self.nodes[node].content, write)
        self.nodes[node].changed = int(time.time())
        self._happened(Wrote(node, write))

    def _happened(self, happened: Happened) -> None:
        with self._turn:
            self.tape.append(happened)
