"""A witness that is a file elsewhere: another disk, a share that only grows, a stick in a safe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from mes.seals.note_file import NoteFile, entries
from mes.seals.witness import Contradicted, Known, Silent, Told, must_agree


@dataclass(frozen=True)
class FileWitness:
    """A file with one checkpoint a line. We compare it with our log before we add to it, for it cannot do so itself."""

    name: str
    path: Path
    every = timedelta(0)

    @property
    def words(self) -> str:
        """What and where it is."""
        return f"a file, {self.path}"

    def confirm(self, told: Told) -> str:
        """Add the checkpoint; it is on disk when this returns."""
        try:
            with NoteFile.held(self.path) as file:
                self._add(file, told)
        except OSError as error:
            raise Silent(f"{self.path} cannot be written: {error.strerror or error}") from None
        return "kept in the file"

    def proves(self, answer: str, note: str) -> bool:
        """Say yes: the file itself is what proves anything."""
        return bool(answer and note)

    def known(self) -> Iterable[Known]:
        """Give the checkpoints in the file."""
        return known_in(self.path, f"the witness {self.name}")

    def forgot(self, confirmed: int) -> str:
        """Say what is gone of so many lines that it confirmed, as a sentence; nothing where it still knows them."""
        try:
            with self.path.open("rb") as file:
                sizes = (each.note.checkpoint.size for each in _read(file, self.name))
                known = max(sizes, default=0)
        except FileNotFoundError:
            return f"its file {self.path} is gone"
        except OSError:
            return ""  # it may know them: whoever may read the file sees
        return f"its file {self.path} ends at {known:,}" if known < confirmed else ""

    def _add(self, file: NoteFile, told: Told) -> None:
        last = file.last
        if last is None and told.confirmed:
            raise Contradicted(f"it has confirmed {told.confirmed:,} lines, and its file is empty")
        if last:
            must_agree(told, last.note.checkpoint)
        file.append(told.sealed.note, told.at)


def known_in(path: Path, where: str) -> Iterable[Known]:
    """Give the checkpoints in a file, of any size, line by line. Raise `Silent` where it cannot be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise Silent(f"{path} cannot be read: {error.strerror or error}") from None
    return _read(file, where)


def _read(file: BinaryIO, where: str) -> Iterable[Known]:
    with file:
        for line in file:
            yield from (Known(where, entry.note) for entry in entries(line))
