"""A file of checkpoints that only grows: each line is a note and the time it came, as JSON. Every line is on disk
before anybody hears of it. A last line that a power cut left half written is no line; the next begins behind it.
"""  # noqa: D205 - one thought

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from mes.ledger.checkpoint import Note, NotACheckpoint, read
from mes.ledger.line import utc


@dataclass(frozen=True)
class Entry:
    """A checkpoint as it was kept: the signed note, and when."""

    note: Note
    text: str
    at: datetime


class NoteFile:
    """The file, held: nobody else reads or writes it meanwhile."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    @contextmanager
    def held(cls, path: Path) -> Iterator[Self]:
        """Open a file and hold it; it is made where it is not there."""
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield cls(handle)
        finally:
            os.close(handle)

    @property
    def last(self) -> Entry | None:
        """The newest checkpoint in it, looked for from its end."""
        size, tail = os.fstat(self._handle).st_size, 1 << 16
        while True:
            found = list(entries(os.pread(self._handle, tail, max(0, size - tail))))
            if found or tail >= size:
                return found[-1] if found else None
            tail *= 16

    def append(self, note: str, at: datetime) -> None:
        """Add a checkpoint; it is on disk when this returns."""
        size = os.fstat(self._handle).st_size
        torn = size > 0 and os.pread(self._handle, 1, size - 1) != b"\n"
        line = json.dumps({"at": utc(at), "note": note}, ensure_ascii=False, sort_keys=True) + "\n"
        content = (b"\n" if torn else b"") + line.encode()
        if os.write(self._handle, content) != len(content):
            raise OSError("the disk took only a part of it")
        os.fsync(self._handle)


def entries(content: bytes) -> Iterator[Entry]:
    """Give the checkpoints of a file in their order."""
    for line in content.split(b"\n"):
        try:
            said = json.loads(line)
            yield Entry(read(said["note"]), said["note"], datetime.fromisoformat(said["at"]))
        except (KeyError, TypeError, ValueError, NotACheckpoint):
            continue  # torn, or not whole at the beginning of what was read


def entries_of(path: Path) -> tuple[Entry, ...]:
    """Return all checkpoints in a file. Raises OSError."""
    return tuple(entries(path.read_bytes()))
