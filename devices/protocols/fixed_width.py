"""Result printers whose fields have each a width. A line's shape is its length: one with a piece missing is none."""

from __future__ import annotations

from collections.abc import Mapping

from devices.protocols import ProtocolError
from devices.protocols.printed import PrintedLines, as_ascii


class FixedWidthLines(PrintedLines):
    """Lines whose fields have these ``widths``, in this order; a line is as long as all of them."""

    def __init__(self, end: bytes, *, widths: Mapping[str, int]) -> None:
        super().__init__(end)
        self.widths = dict(widths)

    def row(self, text: bytes) -> dict[str, str]:
        """Return field → text. Raise `ProtocolError` for a longer line or a shorter one."""
        line, row = as_ascii(text), {}
        if len(line) != sum(self.widths.values()):
            raise ProtocolError(f"{len(line)} characters, not {sum(self.widths.values())}")
        for name, width in self.widths.items():
            row[name], line = line[:width].strip(), line[width:]
        return row
