"""A disk so small that a test can fill it: a file system of its own where that may be mounted, else SQLite's own limit.

Either way it is SQLite that finds no room for a write, and the spool that has to live with it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devices.room import Room
from devices.spool import Spool

MEGABYTES = 32


@dataclass
class SmallDisk:
    """A spool on a disk that can be filled by others, and freed."""

    spool: Spool
    mounted: bool

    def fill(self) -> None:
        """Leave not one page."""
        if self.mounted:
            filler = self.spool.path.with_name("filler")
            with filler.open("wb", buffering=0) as file:
                size = 1 << 16
                while size:
                    try:
                        file.write(b"x" * size)
                    except OSError:
                        size >>= 1
        self._pages("page_count" if not self.mounted else "4294967294")

    def free(self) -> None:
        """Give the room back."""
        self.spool.path.with_name("filler").unlink(missing_ok=True)
        self._pages("4294967294")

    def _pages(self, most: str) -> None:
        if most == "page_count":
            most = str(self.spool._connection.execute("pragma page_count").fetchone()[0])
        self.spool._connection.execute(f"pragma max_page_count = {most}")


@contextmanager
def small_disk(folder: Path, room: Room) -> Iterator[SmallDisk]:
    """Open a spool on a small disk."""
    folder.mkdir()
    mounted = os.geteuid() == 0 and _done("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder))
    spool = Spool(folder / "spool.sqlite", room)
    try:
        yield SmallDisk(spool, mounted)
    finally:
        spool.close()
        if mounted:
            _done("umount", str(folder))


def _done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
