"""Bytes into frames, for lines that carry no checks of their own."""

from __future__ import annotations

from devices.protocols import Frame, Garbled


class Lines:
    """Cut a stream at ``end``. A line longer than ``limit`` bytes is no line: it is given up, to the next ``end``."""

    def __init__(self, end: bytes, limit: int = 4_096) -> None:
        self.end, self.limit = end, limit
        self.partial = b""
        self._lost = False

    def feed(self, data: bytes) -> list[Frame | Garbled]:
        """Return the lines that are whole now, each with its end."""
        *lines, self.partial = (self.partial + data).split(self.end)
        frames = [self._judge(line + self.end) for line in lines]
        if len(self.partial) > self.limit:
            frames += self.discard(f"no end of line in {self.limit} bytes")
            self._lost = True
        return frames

    def discard(self, reason: str) -> list[Frame | Garbled]:
        """Give up the line that has begun, if one has: its rest must not join the start of the next."""
        cut, self.partial = self.partial, b""
        return [Garbled(cut, reason)] if cut else []

    def _judge(self, line: bytes) -> Frame | Garbled:
        if self._lost:
            self._lost = False
            return Garbled(line, "the end of a line that was too long")
        if len(line) > self.limit + len(self.end):
            return Garbled(line, f"a line of more than {self.limit} bytes")
        return Frame(line)
