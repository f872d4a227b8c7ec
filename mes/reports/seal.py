"""What the printed record says of its seal, so that paper vouches for the file and the file for paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import segno

from mes.archive.files import record_digest
from mes.archive.sealed import Seal
from mes.batches.shown import local
from mes.ledger.checkpoint import Key, read


@dataclass(frozen=True)
class Confirmed:
    """A witness on another machine that signed the root as well: its name, its key, and when by its own clock."""

    name: str
    key: str
    at: datetime


@dataclass(frozen=True)
class SealShown:
    """The digest of the record that is attached, the signed root that its lines lead to, and who confirmed it."""

    record: str
    key: str
    origin: str
    lines: str
    root: str
    confirmed: tuple[Confirmed, ...] = ()

    @property
    def code(self) -> str:
        """All of it as a QR code, an SVG element."""
        text = "\n".join(each for each in (self.record, self.origin, self.lines, self.root) if each)
        made: str = segno.make(text, error="m").svg_inline(scale=2.2, border=0)
        return made


def seal_shown(seal: Seal, files: Mapping[str, bytes]) -> SealShown:
    """Return what is printed of a seal."""
    origin, lines, root = [*seal.checkpoint.split("\n")[:3], "", "", ""][:3]
    key, *_ = [*seal.keys.splitlines(), ""]
    return SealShown(record_digest(files), key, origin, lines, root, _confirmed(seal))


def _confirmed(seal: Seal) -> tuple[Confirmed, ...]:
    if not seal.checkpoint:
        return ()
    note, keys = read(seal.checkpoint), map(Key.read, seal.keys.splitlines())
    found = ((key, note.cosigned_at(key)) for key in keys)
    return tuple(Confirmed(key.name, str(key), local(datetime.fromtimestamp(at, UTC))) for key, at in found if at)
