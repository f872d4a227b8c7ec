"""Result printers whose fields stand between separators. The shape of a line is the number of its fields."""

from __future__ import annotations

from collections.abc import Sequence

from devices.protocols import ProtocolError
from devices.protocols.printed import PrintedLines, as_ascii


class DelimitedLines(PrintedLines):
    """Lines that have exactly ``fields``."""

    def __init__(self, end: bytes, *, fields: Sequence[str], separator: str = ",") -> None:
        super().__init__(end)
        self.fields, self.separator = tuple(fields), separator

    def row(self, text: bytes) -> dict[str, str]:
        """Return field → text. Raise `ProtocolError` where there are more fields or fewer."""
        cells = [cell.strip() for cell in as_ascii(text).split(self.separator)]
        if len(cells) != len(self.fields):
            raise ProtocolError(f"{len(cells)} fields, not the {len(self.fields)} of {', '.join(self.fields)}")
        return dict(zip(self.fields, cells, strict=True))
