"""What the printed record says of its seal, so that paper vouches for the file and the file for paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import segno

from mes.archive.files import record_digest
from mes.archive.sealed import Seal


@dataclass(frozen=True)
class SealShown:
    """The digest of the record that is attached, and the signed root that its lines lead to."""

    record: str
    key: str
    origin: str
    lines: str
    root: str

    @property
    def code(self) -> str:
        """All of it as a QR code, an SVG element."""
        text = "\n".join(each for each in (self.record, self.origin, self.lines, self.root) if each)
        made: str = segno.make(text, error="m").svg_inline(scale=2.2, border=0)
        return made


def seal_shown(seal: Seal, files: Mapping[str, bytes]) -> SealShown:
    """Return what is printed of a seal."""
    origin, lines, root = [*seal.checkpoint.split("\n")[:3], "", "", ""][:3]
    return SealShown(record_digest(files), seal.keys.strip(), origin, lines, root)
