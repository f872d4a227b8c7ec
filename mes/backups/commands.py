"""What is written of backups: that one was made, that one was put in place."""

from __future__ import annotations

from dataclasses import dataclass

from mes.execute import Doing, handles
from mes.site.commands import SETUP

BOOK = "laboratory"
MADE = "backup made"
RESTORED = "backup restored"


@dataclass(frozen=True)
class NoteBackup:
    """Note that a backup was made and found whole: its file's name and digest, and how much is in it."""

    file: str
    digest: str
    lines: int


@dataclass(frozen=True)
class NoteRestore:
    """Note that these records were put in place from a backup; ``lost`` is how many lines stood there beyond it."""

    file: str
    digest: str
    lines: int
    made: str
    lost: int
    reason: str


@handles(NoteBackup, "made a backup", roles=(SETUP,), books=lambda _: (BOOK,))
def note_backup(doing: Doing, command: NoteBackup) -> None:
    """Write it into the laboratory's book, where everybody sees how old the newest is."""
    doing.act.write(BOOK, MADE, {"file": command.file, "sha256": command.digest, "lines": command.lines})


@handles(NoteRestore, "restored a backup", roles=(SETUP,), books=lambda _: (BOOK,))
def note_restore(doing: Doing, command: NoteRestore) -> None:
    """Write it as the first line after the backup's own: from here on, it can be told that something was put back."""
    body = {"file": command.file, "sha256": command.digest, "lines": command.lines, "made": command.made}
    doing.act.write(BOOK, RESTORED, body | {"lost": command.lost}, reason=command.reason)
