"""Instruments that answer a question with one line: balances, and whatever else is asked for its value again and again.

Such a line has no checksum. Two things defend it. Its answers have a shape, widths included, so that a line with a
piece missing is no answer; and a value that is to be relied on is asked for twice, so that a spoiled digit would have
to be spoiled the same way in two answers. A `Message` is therefore two equal lines, which confirm each other, or one
line that the next did not confirm; its instrument's file tells them apart.

The question is also what notices a dead line: an instrument that does not answer is `Lost`.
"""

from __future__ import annotations

import re

from devices.framing import Lines
from devices.protocols import Event, Frame, Garbled, Lost, Message, Send

END = b"\r\n"
INTERVAL = 1.0  # seconds from an answer to the next question
PATIENCE = 3.0  # seconds for an answer; the slowest balance known takes half of one


class Polled:
    """A `devices.protocols.Link` that asks.

    ``hello`` is asked until something is answered, ``ask`` from then on. ``answers`` is the shape of every line that is
    one (without its end), ``confirmed`` the shape of those that are asked for a second time.
    """

    def __init__(self, *, ask: bytes, answers: re.Pattern[bytes], confirmed: re.Pattern[bytes], hello: bytes) -> None:
        self.deadline: float | None = 0.0  # the first question is asked at once
        self._ask, self._question = ask, hello
        self._answers, self._confirmed = answers, confirmed
        self._lines = Lines(END)
        self._waiting = False
        self._held = b""  # a line that the next is to confirm

    def feed(self, data: bytes, now: float) -> list[Event]:
        """Take in answers, and ask for the confirmation of those that need one."""
        return [event for line in self._lines.feed(data) for event in self._hear(line, now)]

    def tick(self, now: float) -> list[Event]:
        """Ask, or give up an answer that does not come."""
        if self.deadline is None or now < self.deadline:
            return []
        if not self._waiting:
            return self._put(now)
        self.deadline = None
        cut: list[Event] = [*self._lines.discard("the line stopped before its end")]
        return [*cut, *self._release(), Lost(f"no answer in {PATIENCE:.0f} s")]

    def _put(self, now: float) -> list[Event]:
        self._waiting, self.deadline = True, now + PATIENCE
        return [Send(self._question)]

    def _hear(self, line: Frame | Garbled, now: float) -> list[Event]:
        self._waiting, self.deadline, self._question = False, now + INTERVAL, self._ask
        text = line.raw.removesuffix(END)
        if isinstance(line, Garbled):
            return [*self._release(), line]
        if not self._answers.fullmatch(text):
            return [*self._release(), Garbled(line.raw, "no answer that this instrument gives")]
        if line.raw == self._held:
            self._held = b""
            return [Message(line.raw + text, line.raw + line.raw)]
        released = self._release()
        if not self._confirmed.fullmatch(text):
            return [*released, Message(text, line.raw)]
        self._held = line.raw
        return [*released, *self._put(now)]

    def _release(self) -> list[Event]:
        held, self._held = self._held, b""
        return [Message(held.removesuffix(END), held)] if held else []
