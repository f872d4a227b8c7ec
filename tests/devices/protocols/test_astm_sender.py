"""The analyser's side of the ASTM link, alone and against our receiver."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import Message, Send, astm
from devices.protocols.astm import Delivered, SenderEvent, Undelivered

MESSAGE = b"H|\\^&|||counter\rP|1\rO|1|S-1\rR|1|^^^TOTAL|1230000|cells/mL\rL|1|N\r"
FRAMES = astm.frames(MESSAGE)


def at_transfer(sender: astm.Sender) -> astm.Sender:
    sender.send(FRAMES, 0.0)
    sender.feed(astm.ACK, 0.0)
    return sender


def talk(
    sender: astm.Sender, receiver: astm.Receiver, line: Callable[[bytes], bytes]
) -> tuple[list[bytes], SenderEvent]:
    """Let both talk over a line, letting time pass when both are silent; return the messages and how it ended."""
    now, got = 0.0, []
    events = sender.send(FRAMES, now)
    while True:
        ended = [event for event in events if not isinstance(event, Send)]
        heard = b"".join(line(event.data) for event in events if isinstance(event, Send))
        answers = receiver.feed(heard, now)
        got += [event.text for event in answers if isinstance(event, Message)]
        if ended:
            return got, ended[0]
        events = sender.feed(b"".join(line(event.data) for event in answers if isinstance(event, Send)), now)
        if not events:
            now += 16
            receiver.tick(now)
            events = sender.tick(now)


def test_a_message_is_delivered_when_its_last_frame_is_acknowledged() -> None:
    """ENQ, frames one at a time, EOT."""
    got, ended = talk(astm.Sender(), astm.Receiver(), lambda data: data)
    assert got == [MESSAGE]
    assert ended == Delivered()


@given(st.randoms(use_true_random=False))
def test_what_is_delivered_over_a_bad_line_was_taken_exactly_once(luck: Random) -> None:
    """A fifth of what is sent is spoiled in one bit or lost: delivered means taken once, and never twice."""

    def line(data: bytes) -> bytes:
        fate = luck.random()
        if fate < 0.1 or not data:
            return b""
        spoiled = bytearray(data)
        spoiled[int(fate * 1e6) % len(data)] ^= 1 << int(fate * 1e7) % 8 if fate < 0.2 else 0
        return bytes(spoiled)

    got, ended = talk(astm.Sender(), astm.Receiver(), line)
    assert all(text == MESSAGE for text in got)
    assert len(got) == 1 or isinstance(ended, Undelivered)


def test_a_refused_frame_is_sent_again_and_given_up_at_the_sixth_refusal() -> None:
    """Five repetitions, then EOT."""
    sender = at_transfer(astm.Sender())
    for _ in range(astm.REFUSALS - 1):
        assert sender.feed(astm.NAK, 0.0) == [Send(FRAMES[0])]
    assert sender.feed(astm.NAK, 0.0) == [Send(astm.EOT), Undelivered("a frame was refused 6 times")]


def test_no_reply_within_15_seconds_ends_the_transmission() -> None:
    """EOT, and the message is its owner's again."""
    sender = at_transfer(astm.Sender())
    assert sender.tick(14.9) == []
    assert sender.tick(15.0) == [Send(astm.EOT), Undelivered("no reply in 15 s")]
    assert not sender.busy


def test_a_busy_receiver_is_asked_again_after_ten_seconds() -> None:
    """NAK to ENQ is no refusal of the message."""
    sender = astm.Sender()
    sender.send(FRAMES, 0.0)
    assert sender.feed(astm.NAK, 0.0) == []
    assert sender.deadline == astm.AFTER_NAK
    assert sender.tick(astm.AFTER_NAK) == [Send(astm.ENQ)]


def test_when_both_ask_to_send_the_instrument_goes_first() -> None:
    """The instrument asks again after a second, the computer after twenty."""
    for role, pause in (("instrument", 1.0), ("computer", 20.0)):
        sender = astm.Sender(role)
        sender.send(FRAMES, 0.0)
        sender.feed(astm.ENQ, 0.0)
        assert sender.deadline == pause


def test_noise_is_no_reply() -> None:
    """Bytes that are no reply are waited out: a repetition could meet the acknowledgement of the frame before."""
    assert at_transfer(astm.Sender()).feed(b"\x00x\xff", 0.0) == []


def test_a_receiver_that_asks_to_be_let_speak_has_accepted_the_frame() -> None:
    """EOT in place of ACK: the transmission goes on."""
    assert at_transfer(astm.Sender()).feed(astm.EOT, 0.0) == [Send(FRAMES[1])]


def test_long_records_are_cut_and_numbered_modulo_eight() -> None:
    """A piece that goes on ends with ETB, the record's last with ETX."""
    cut = astm.frames(b"x" * 240 * 8 + b"y\r")
    assert [frame[1:2] for frame in cut] == [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"0", b"1"]
    assert astm.ETB in cut[0]
    assert astm.ETX in cut[-1]
