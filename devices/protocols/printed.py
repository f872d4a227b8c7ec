"""Result printers: one line a result, pushed when a measurement ends.

Such a line has no checksum and asks no acknowledgement, so its only defence is its shape, which `row` checks, and that
a line which stopped half-way is not continued by the next one (``12`` and ``45.6`` are not ``1245.6``).
"""

from __future__ import annotations

from devices.framing import Lines
from devices.protocols import Event, Frame, Garbled, Message, ProtocolError

STALL = 1.0  # seconds inside a line: at 300 baud a character takes 0.03


class PrintedLines:
    """A `devices.protocols.Link` for lines that end with ``end``."""

    def __init__(self, end: bytes) -> None:
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
        """Return field → text, without the spaces that pad it. Raise `ProtocolError` where the line does not fit."""
        raise NotImplementedError

    def _event(self, frame: Frame | Garbled) -> Event:
        if isinstance(frame, Garbled):
            return frame
        return Message(frame.raw.removesuffix(self._lines.end), frame.raw)


def as_ascii(text: bytes) -> str:
    """Return a line's characters. Raise `ProtocolError` for any byte that a printer does not print."""
    if not all(0x20 <= byte < 0x7F or byte == 0x09 for byte in text):
        raise ProtocolError("a byte that is no printed character")
    return text.decode("ascii")
