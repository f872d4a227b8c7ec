"""Result printers: one line a result, its fields between separators, pushed when a measurement ends.

Such a line has no checksum and asks no acknowledgement, so its only defence is its shape: the number of fields, and
that a line which stopped half-way is not continued by the next one (``12`` and ``45.6`` are not ``1245.6``).
"""

from __future__ import annotations

from collections.abc import Sequence

from devices.framing import Lines
from devices.protocols import Event, Frame, Garbled, Message, ProtocolError

STALL = 1.0  # seconds inside a line: at 300 baud a character takes 0.03


class DelimitedLines:
    """A `devices.protocols.Link` for lines that end with ``end`` and have exactly ``fields``."""

    def __init__(self, end: bytes, *, fields: Sequence[str], separator: str = ",") -> None:
        self.fields, self.separator = tuple(fields), separator
        self.deadline: float | None = None
        self._lines = Lines(end)

    def feed(self, data: bytes, now: float) -> list[Event]:
        """Return a `Message` for each line that is whole, without waiting for what may follow."""
        events = [self._event(frame) for frame in self._lines.feed(data)]
        self.deadline = now + STALL if self._lines.partial else None
        return events

    def tick(self, now: float) -> list[Event]:
        """Give up a line that has stopped."""
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        return list(self._lines.discard("the line stopped before its end"))

    def row(self, text: bytes) -> dict[str, str]:
        """Return field → text, without the spaces that pad it. Raise `ProtocolError` where the fields do not fit."""
        try:
            cells = [cell.strip() for cell in text.decode("ascii").split(self.separator)]
        except UnicodeDecodeError as error:
            raise ProtocolError("a byte that is not ASCII") from error
        if len(cells) != len(self.fields):
            raise ProtocolError(f"{len(cells)} fields, not the {len(self.fields)} of {', '.join(self.fields)}")
        return dict(zip(self.fields, cells, strict=True))

    def _event(self, frame: Frame | Garbled) -> Event:
        if isinstance(frame, Garbled):
            return frame
        return Message(frame.raw.removesuffix(self._lines.end), frame.raw)
