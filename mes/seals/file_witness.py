"""A witness that is a file elsewhere: another disk, a share that only grows, a stick in a safe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mes.seals.note_file import NoteFile
from mes.seals.witness import Contradicted, Silent, Told, must_agree


@dataclass(frozen=True)
class FileWitness:
    """A file with one checkpoint a line. We compare it with our log before we add to it, for it cannot do so itself."""

    name: str
    path: Path

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

    def _add(self, file: NoteFile, told: Told) -> None:
        last = file.last
        if last is None and told.confirmed:
            raise Contradicted(f"it has confirmed {told.confirmed:,} lines, and its file is empty")
        if last:
            must_agree(told, last.note.checkpoint)
        file.append(told.sealed.note, told.at)
