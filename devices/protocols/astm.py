"""The link between an analyser and a computer: ASTM E1381, now CLSI LIS01-A2. Clauses below are E1381-02's.

A transmission is ``ENQ``, frames, ``EOT``; every ``ENQ`` and every frame waits for an ``ACK``. A frame is

    STX  FN  text  ETB|ETX  C1 C2  CR LF

with the frame number FN from 1 on, modulo 8; ETX ends a record, ETB a piece of one that goes on; C1 C2 is the sum of
FN…ETX modulo 256 in two upper-case hexadecimal digits (6.3.1 to 6.3.3). The receiver is strict about all that this
defends and liberal about what real analysers get wrong: their frames are longer than 240 characters, and some end
with CR or LF alone.

Two rules keep a message from being lost or told twice. A frame is acknowledged only after its bytes are kept, and the
last one only after the message is (the order of `devices.protocols.Event`). A frame that was accepted already is the
sender's answer to an ACK that it did not hear: it is acknowledged again and not taken again.

An additive checksum does not see two bytes that changed places (97 of 100 such frames pass any correct receiver);
what the message says is checked above this link.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from devices.protocols import Event, Frame, Garbled, Message, Send

ENQ, ACK, NAK, EOT, STX, LF = b"\x05", b"\x06", b"\x15", b"\x04", b"\x02", b"\n"
ETX, ETB = b"\x03", b"\x17"

RECEIVER_WAITS = 30.0  # between frames, then an incomplete message is discarded (6.5.2)
SENDER_WAITS = 15.0  # for the reply to ENQ or a frame (6.5.2)
AFTER_NAK = 10.0  # before the next ENQ when a receiver was busy (6.2)
AFTER_CONTENTION = {"instrument": 1.0, "computer": 20.0}  # before the next ENQ (6.2.1): the instrument goes first
REFUSALS = 6  # of one frame, then the sender gives up (6.5.1)
LARGEST = 4_000_000  # bytes of a message; the longest seen had 26 thousand
LONGEST = 64_000  # characters of a frame (LIS01-A2; E1381 had 247)
PAUSE = 0.5  # seconds of silence after a frame that ended with CR: its LF will not come

_FRAME = re.compile(rb"\x02([0-7])([^\x02-\x05\x17\n]*)([\x03\x17])([0-9A-F]{2})(?:\r\n|\r|\n)")


def checksum(body: bytes) -> bytes:
    """Return C1 C2 for a frame's FN…ETX."""
    return b"%02X" % (sum(body) & 0xFF)


def frames(message: bytes, longest: int = 240) -> list[bytes]:
    """Cut a message of CR-ended records into frames, each record in frames of its own (E1381-95: 240 characters)."""
    cut: list[bytes] = []
    for record in message.splitlines(keepends=True):
        pieces = [record[start : start + longest] for start in range(0, len(record), longest)]
        for piece in pieces:
            body = b"%d%s%s" % ((len(cut) + 1) % 8, piece, ETX if piece is pieces[-1] else ETB)
            cut.append(STX + body + checksum(body) + b"\r\n")
    return cut


class _Receiving(Enum):
    IDLE = auto()  # nobody has asked to send
    WAITING = auto()  # between the frames of a transmission
    FRAME = auto()  # inside one


class Receiver:
    """The computer's side, for one line. A `devices.protocols.Link`."""

    _discard_at: float | None
    _judge_at: float | None

    def __init__(self) -> None:
        self._forget()

    @property
    def deadline(self) -> float | None:
        """The nearer of the end of the message's patience and the end of the pause after a CR."""
        return min((at for at in (self._judge_at, self._discard_at) if at is not None), default=None)

    def feed(self, data: bytes, now: float) -> list[Event]:
        """Take in bytes. Whatever they are, this does not raise."""
        events: list[Event] = []
        position = 0
        while heard := self._HEARS[self._state].search(data, position):
            self._collect(data[position : heard.end()])
            position = heard.end()
            events += self._ACTS[self._state, heard[0]](self, now)
        self._collect(data[position:])
        if len(self._buffer) > LONGEST:
            events += self._refuse(f"no end of frame in {LONGEST} characters", now)
        # With its LF, the frame would have been judged above: what ends here ends with CR.
        ended = self._buffer.endswith(b"\r") and _FRAME.fullmatch(self._buffer)
        self._judge_at = now + PAUSE if ended else None
        return events

    def tick(self, now: float) -> list[Event]:
        """Judge a frame whose LF does not come, or discard a message whose next frame does not."""
        if self._judge_at is not None and now >= self._judge_at:
            self._judge_at = None
            return self._judge(now)
        if self._discard_at is not None and now >= self._discard_at:
            return self._leave(f"nothing for {RECEIVER_WAITS:.0f} s inside a transmission")
        return []

    def _forget(self) -> None:
        self._state, self._expected = _Receiving.IDLE, 1
        self._buffer = bytearray()  # the frame that has begun
        self._last = b""  # the last frame accepted, without its line end
        self._discard_at = self._judge_at = None
        self._begin_message()

    def _begin_message(self) -> None:
        self._text, self._raw = bytearray(), bytearray()  # the message so far
        self._closing = False  # its latest record is an L

    def _collect(self, data: bytes) -> None:
        if self._state is _Receiving.FRAME:
            self._buffer += data

    def _establish(self, now: float) -> list[Event]:
        self._state, self._expected, self._last = _Receiving.WAITING, 1, b""
        self._discard_at = now + RECEIVER_WAITS
        return [Send(ACK)]

    def _begin(self, _now: float) -> list[Event]:
        self._state = _Receiving.FRAME
        self._buffer[:] = STX
        return []

    def _busy(self, _now: float) -> list[Event]:
        # ACK here could be taken for the reply to a frame whose STX was lost: that frame would be acknowledged and
        # gone. A sender that started anew hears NAK, waits 10 s and finds us idle when the old message is discarded.
        return [Send(NAK)]

    def _judge(self, now: float) -> list[Event]:
        raw = bytes(self._buffer)
        frame = _FRAME.fullmatch(raw)
        if not frame:
            return self._refuse("not the shape of a frame", now)
        counted = checksum(raw[1 : frame.start(4)])
        if counted != frame[4]:
            return self._refuse(f"checksum {frame[4].decode()}, counted {counted.decode()}", now)
        if len(self._raw) > LARGEST:
            return self._refuse(f"no end of message in {LARGEST} bytes", now)
        if raw[: frame.end(4)] == self._last:
            self._between(now)
            return [Send(ACK)]
        if int(frame[1]) != self._expected:
            return self._refuse(f"frame number {frame[1].decode()}, expected {self._expected}", now)
        self._last = raw[: frame.end(4)]
        return self._accept(raw, frame[2], now, record_ends=frame[3] == ETX)

    def _accept(self, raw: bytes, text: bytes, now: float, *, record_ends: bool) -> list[Event]:
        self._between(now)
        self._expected = (self._expected + 1) % 8
        self._note_record(text)
        self._text += text
        self._raw += raw
        if not (record_ends and self._closing):
            return [Frame(raw), Send(ACK)]
        whole = Message(bytes(self._text), bytes(self._raw))
        self._begin_message()
        return [Frame(raw), whole, Send(ACK)]

    def _note_record(self, text: bytes) -> None:
        # Told from this frame alone: to search the message at each of its frames would take the square of its length.
        _, begins, record = text.rstrip(b"\r").rpartition(b"\r")
        if begins or not self._text or self._text.endswith(b"\r"):
            self._closing = record.startswith(b"L")

    def _refuse(self, reason: str, now: float) -> list[Event]:
        raw = bytes(self._buffer)
        self._between(now)
        return [Garbled(raw, reason), Send(NAK)]

    def _between(self, now: float) -> None:
        self._state, self._discard_at = _Receiving.WAITING, now + RECEIVER_WAITS
        self._buffer.clear()

    def _end(self, _now: float) -> list[Event]:
        return self._leave("the transmission ended inside a message")

    def _leave(self, reason: str) -> list[Event]:
        raw = bytes(self._raw + self._buffer)
        self._forget()
        return [Garbled(raw, reason)] if raw else []

    _HEARS: ClassVar = {  # the bytes that mean something in a state; others are noise or, in a frame, part of it
        _Receiving.IDLE: re.compile(ENQ),
        _Receiving.WAITING: re.compile(rb"[\x02\x04\x05]"),
        _Receiving.FRAME: re.compile(rb"[\n\x04]"),
    }
    _ACTS: ClassVar[dict[tuple[_Receiving, bytes], Callable[[Receiver, float], list[Event]]]] = {
        (_Receiving.IDLE, ENQ): _establish,
        (_Receiving.WAITING, STX): _begin,
        (_Receiving.WAITING, ENQ): _busy,
        (_Receiving.WAITING, EOT): _end,
        (_Receiving.FRAME, LF): _judge,
        (_Receiving.FRAME, EOT): _end,
    }


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has acknowledged the message's last frame."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The message was given up; sending it again is the owner's decision."""

    reason: str


SenderEvent = Send | Delivered | Undelivered


class _Sending(Enum):
    IDLE = auto()  # nothing to send
    CONTACT = auto()  # ENQ sent, its reply awaited
    TRANSFER = auto()  # a frame sent, its reply awaited
    PAUSE = auto()  # until the next ENQ


class Sender:
    """The side that has something to tell, one message at a time: an analyser's results, or a computer's orders.

    ``role`` is ``instrument`` or ``computer``: when both send ENQ at once, the instrument goes first (6.2.1).
    """

    def __init__(self, role: str = "instrument") -> None:
        self.deadline: float | None = None
        self._patience = AFTER_CONTENTION[role]
        self._state = _Sending.IDLE
        self._frames: list[bytes] = []
        self._refused = 0

    @property
    def busy(self) -> bool:
        """Whether a message is under way."""
        return self._state is not _Sending.IDLE

    def send(self, message_frames: list[bytes], now: float) -> list[SenderEvent]:
        """Begin to send one message, cut by `frames`. The one before must be `Delivered` or `Undelivered`."""
        if self.busy:
            raise RuntimeError("a message is under way")
        self._frames = list(message_frames)
        return self._contact(now)

    def feed(self, data: bytes, now: float) -> list[SenderEvent]:
        """Take in replies. What is no reply in this state is ignored: the deadline decides."""
        events: list[SenderEvent] = []
        for position in range(len(data)):
            act = self._ACTS.get((self._state, data[position : position + 1]))
            events += act(self, now) if act else []
        return events

    def tick(self, now: float) -> list[SenderEvent]:
        """Give up a reply that does not come, or try again after a pause."""
        if self.deadline is None or now < self.deadline:
            return []
        if self._state is _Sending.PAUSE:
            return self._contact(now)
        return self._give_up(f"no reply in {SENDER_WAITS:.0f} s")

    def _contact(self, now: float) -> list[SenderEvent]:
        self._state, self.deadline = _Sending.CONTACT, now + SENDER_WAITS
        return [Send(ENQ)]

    def _transfer(self, now: float) -> list[SenderEvent]:
        self._state, self.deadline, self._refused = _Sending.TRANSFER, now + SENDER_WAITS, 0
        return [Send(self._frames[0])]

    def _next(self, now: float) -> list[SenderEvent]:
        self._frames.pop(0)
        if self._frames:
            return self._transfer(now)
        self._rest()
        return [Send(EOT), Delivered()]

    def _again(self, now: float) -> list[SenderEvent]:
        self._refused += 1
        if self._refused == REFUSALS:
            return self._give_up(f"a frame was refused {REFUSALS} times")
        self.deadline = now + SENDER_WAITS
        return [Send(self._frames[0])]

    def _later(self, now: float) -> list[SenderEvent]:
        self._state, self.deadline = _Sending.PAUSE, now + AFTER_NAK
        return []

    def _give_way(self, now: float) -> list[SenderEvent]:
        self._state, self.deadline = _Sending.PAUSE, now + self._patience
        return []

    def _give_up(self, reason: str) -> list[SenderEvent]:
        self._rest()
        return [Send(EOT), Undelivered(reason)]

    def _rest(self) -> None:
        self._state, self.deadline, self._frames = _Sending.IDLE, None, []

    _ACTS: ClassVar[dict[tuple[_Sending, bytes], Callable[[Sender, float], list[SenderEvent]]]] = {
        (_Sending.CONTACT, ACK): _transfer,
        (_Sending.CONTACT, NAK): _later,
        (_Sending.CONTACT, ENQ): _give_way,
        (_Sending.TRANSFER, ACK): _next,
        (_Sending.TRANSFER, NAK): _again,
        (_Sending.TRANSFER, EOT): _next,  # the receiver asks to be let speak, and has accepted the frame (6.3.5)
    }
