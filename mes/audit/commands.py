"""What is noted of looking: a copy that leaves is an act like any other."""

from __future__ import annotations

from dataclasses import dataclass

from mes.execute import Doing, handles


@dataclass(frozen=True)
class NoteCopy:
    """Somebody took a copy of records out: ``what`` in words, ``asked`` what was asked for, by name."""

    what: str
    asked: tuple[tuple[str, str], ...] = ()


@handles(NoteCopy, "took a copy")
def note_copy(doing: Doing, command: NoteCopy) -> None:
    """Write it into the book of who took it: the record itself is as it was, and its review stays current."""
    doing.act.write(f"user:{doing.by.person.id}", "copy taken", {"what": command.what, **dict(command.asked)})
