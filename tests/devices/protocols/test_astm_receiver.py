"""The computer's side of the ASTM link, fed every way that a line can cut, spoil or repeat."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import Event, Frame, Garbled, Message, Send, astm

MESSAGE = b"H|\\^&|||counter\rP|1\rO|1|S-1||^^^COUNT\rR|1|^^^TOTAL|1230000|cells/mL||N||F\rL|1|N\r"
FRAMES = astm.frames(MESSAGE)
TRANSMISSION = astm.ENQ + b"".join(FRAMES) + astm.EOT
ACK, NAK = Send(astm.ACK), Send(astm.NAK)


def fed(receiver: astm.Receiver, *pieces: bytes) -> list[Event]:
    return [event for piece in pieces for event in receiver.feed(piece, 0.0)]


def messages(events: list[Event]) -> list[bytes]:
    return [event.text for event in events if isinstance(event, Message)]


def replies(events: list[Event]) -> list[bytes]:
    return [event.data for event in events if isinstance(event, Send)]


def begun(receiver: astm.Receiver, frames: int) -> astm.Receiver:
    fed(receiver, astm.ENQ, *FRAMES[:frames])
    return receiver


def test_a_transmission_is_one_message() -> None:
    """ENQ and every frame are acknowledged, and the text comes out without its framing."""
    events = fed(astm.Receiver(), TRANSMISSION)
    assert messages(events) == [MESSAGE]
    assert replies(events) == [astm.ACK] * (1 + len(FRAMES))


@given(st.lists(st.integers(0, len(TRANSMISSION)), max_size=20))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    """Any cutting of the line gives the same events."""
    places = [0, *sorted(cuts), len(TRANSMISSION)]
    pieces = [TRANSMISSION[left:right] for left, right in pairwise(places)]
    assert fed(astm.Receiver(), *pieces) == fed(astm.Receiver(), TRANSMISSION)


def test_byte_by_byte() -> None:
    """A line that brings one byte at a time gives the same events."""
    pieces = [TRANSMISSION[place : place + 1] for place in range(len(TRANSMISSION))]
    assert fed(astm.Receiver(), *pieces) == fed(astm.Receiver(), TRANSMISSION)


@given(st.binary(max_size=40).filter(lambda noise: astm.ENQ not in noise))
def test_noise_around_a_transmission_changes_nothing(noise: bytes) -> None:
    """What comes while nobody has asked to send is ignored."""
    assert messages(fed(astm.Receiver(), noise, TRANSMISSION, noise)) == [MESSAGE]


@given(st.lists(st.binary(max_size=60), max_size=8), st.floats(0, 100))
def test_garbage_never_raises(pieces: list[bytes], later: float) -> None:
    """Whatever the bytes are, and however long they take, the receiver goes on."""
    receiver = astm.Receiver()
    fed(receiver, *pieces)
    receiver.tick(later)
    receiver.tick(later + astm.RECEIVER_WAITS)
    assert messages(fed(receiver, astm.EOT, TRANSMISSION)) == [MESSAGE]


@given(st.integers(0, len(FRAMES[3]) - 1), st.integers(0, 7))
def test_a_flipped_bit_is_never_accepted(place: int, bit: int) -> None:
    """No frame with one wrong bit is taken or acknowledged, except where the bit is in what ends it."""
    spoiled = bytearray(FRAMES[3])
    spoiled[place] ^= 1 << bit
    receiver = begun(astm.Receiver(), 3)
    events = fed(receiver, bytes(spoiled)) + receiver.tick(astm.PAUSE)
    accepted = [event for event in events if isinstance(event, Frame)]
    assert not accepted or place == len(spoiled) - 1
    assert (ACK in events) == bool(accepted)


def test_a_bad_checksum_is_refused_and_its_bytes_are_told() -> None:
    """NAK, and an event with the frame as it came."""
    spoiled = FRAMES[0].replace(b"counter", b"counted")
    events = fed(begun(astm.Receiver(), 0), spoiled)
    assert events[-1] == NAK
    assert isinstance(events[0], Garbled)
    assert events[0].raw == spoiled
    assert "checksum" in events[0].reason


def test_a_refused_frame_may_come_again() -> None:
    """After NAK the same frame is sent again and the message is whole."""
    spoiled = FRAMES[1].replace(b"P", b"Q")
    events = fed(begun(astm.Receiver(), 1), spoiled, *FRAMES[1:], astm.EOT)
    assert messages(events) == [MESSAGE]


def test_a_repeated_frame_is_acknowledged_and_not_taken_twice() -> None:
    """A frame that was accepted already answers an ACK that was lost."""
    events = fed(begun(astm.Receiver(), 2), FRAMES[1])
    assert events == [ACK]
    assert messages(fed(begun(astm.Receiver(), 2), FRAMES[1], *FRAMES[2:])) == [MESSAGE]


def test_a_repetition_whose_line_end_differs_is_one() -> None:
    """The LF was lost this time or the last: what is said is the same."""
    assert fed(begun(astm.Receiver(), 2), FRAMES[1].replace(b"\r\n", b"\n")) == [ACK]


def test_a_record_that_closes_a_message_may_be_cut_into_frames() -> None:
    """Each piece alone does not look like the end; a piece that begins with L is not one."""
    text = b"H|\\^&|||L\rC|1|I|" + b"L|" * 200 + b"\rL|1|" + b"N" * 300 + b"\r"
    events = fed(astm.Receiver(), astm.ENQ, *astm.frames(text))
    assert messages(events) == [text]
    assert isinstance(events[-2], Message)


def test_a_repeated_last_frame_is_not_a_second_message() -> None:
    """The message was told when its last frame was accepted, and only then."""
    assert messages(fed(astm.Receiver(), astm.ENQ, *FRAMES, FRAMES[-1], astm.EOT)) == [MESSAGE]


def test_another_frame_with_the_last_number_is_no_repetition() -> None:
    """Same number, other bytes: refused."""
    other = b"2P|2\r" + astm.ETX
    events = fed(begun(astm.Receiver(), 2), astm.STX + other + astm.checksum(other) + b"\r\n")
    assert events[-1] == NAK


def test_a_frame_out_of_turn_is_refused() -> None:
    """A number that was not expected is refused, and says which was."""
    events = fed(begun(astm.Receiver(), 1), FRAMES[2])
    assert isinstance(events[0], Garbled)
    assert "expected 2" in events[0].reason
    assert events[-1] == NAK


def test_everything_to_be_kept_stands_before_its_acknowledgement() -> None:
    """A frame stands before its ACK, and the message before the ACK of its last frame."""
    last = fed(begun(astm.Receiver(), len(FRAMES) - 1), FRAMES[-1])
    assert [type(event) for event in last] == [Frame, Message, Send]


def test_a_message_may_span_frames_and_a_frame_records() -> None:
    """Records are cut at 240 characters by some analysers and sent all in one frame by others."""
    long = b"H|\\^&|||" + b"x" * 600 + b"\rL|1|N\r"
    one = b"1" + long + astm.ETX
    assert messages(fed(astm.Receiver(), astm.ENQ, *astm.frames(long))) == [long]
    assert messages(fed(astm.Receiver(), astm.ENQ, astm.STX + one + astm.checksum(one) + b"\r\n")) == [long]


def test_a_frame_that_ends_with_cr_alone_is_judged_after_a_pause() -> None:
    """Some analysers send no LF; silence after a complete frame stands for it."""
    receiver = begun(astm.Receiver(), 0)
    assert receiver.feed(FRAMES[0].removesuffix(b"\n"), 10.0) == []
    assert receiver.deadline == 10.0 + astm.PAUSE
    assert receiver.tick(10.0 + astm.PAUSE) == [Frame(FRAMES[0].removesuffix(b"\n")), ACK]


def test_a_frame_that_ends_with_lf_alone_is_taken() -> None:
    """Others send no CR."""
    assert fed(begun(astm.Receiver(), 0), FRAMES[0].replace(b"\r\n", b"\n"))[-1] == ACK


def test_an_incomplete_message_is_discarded_after_30_seconds() -> None:
    """The frames are told as garbled, and the line is free again."""
    receiver = begun(astm.Receiver(), 2)
    assert receiver.tick(29.9) == []
    (event,) = receiver.tick(30.0)
    assert isinstance(event, Garbled)
    assert event.raw == FRAMES[0] + FRAMES[1]
    assert messages(fed(receiver, TRANSMISSION)) == [MESSAGE]


@pytest.mark.parametrize("begun_with", [b"", b"\x022P|1"])
def test_eot_inside_a_message_discards_it(begun_with: bytes) -> None:
    """A sender that gives up, between two frames or within one, leaves no half message."""
    receiver = begun(astm.Receiver(), 1)
    (event,) = fed(receiver, begun_with, astm.EOT)
    assert isinstance(event, Garbled)
    assert messages(fed(receiver, TRANSMISSION)) == [MESSAGE]


def test_enq_inside_a_transmission_is_never_acknowledged() -> None:
    """An ACK could be taken for the reply to a frame that was lost."""
    assert fed(begun(astm.Receiver(), 2), astm.ENQ) == [NAK]


def test_a_frame_without_end_is_given_up() -> None:
    """A stream without LF is refused when it is longer than any frame."""
    events = fed(begun(astm.Receiver(), 0), astm.STX + b"1" + b"x" * (astm.LONGEST + 1))
    assert events[-1] == NAK


def test_two_messages_in_one_transmission_are_two() -> None:
    """Frame numbers go on from message to message."""
    double = astm.frames(MESSAGE * 2)
    assert messages(fed(astm.Receiver(), astm.ENQ, *double, astm.EOT)) == [MESSAGE, MESSAGE]
