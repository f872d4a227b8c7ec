"""Balances that are asked: answers in their shape, confirmed, cut anywhere, spoiled anywhere, or missing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import Event, Garbled, Lost, Message, ProtocolError, Send, mt_sics, sbi
from devices.protocols.polled import INTERVAL, PATIENCE, Polled

STABLE = b"S S     100.00 g\r\n"
OTHER = b"S S     100.01 g\r\n"
MOVING = b"S D     100.03 g\r\n"
SARTORIUS = b"N     +   100.00 g  \r\n"
BALANCES = [(mt_sics.link, STABLE), (mt_sics.link, MOVING), (sbi.link, SARTORIUS), (sbi.link, SARTORIUS[6:])]
Make = Callable[[], Polled]


def asked(make: Make = mt_sics.link) -> Polled:
    """A line on which the first question has been put."""
    line = make()
    line.tick(0.1)
    return line


def told(events: list[Event]) -> list[bytes]:
    return [event.text for event in events if isinstance(event, Message)]


def test_the_serial_number_is_asked_before_the_weight() -> None:
    """At once, and once."""
    line = mt_sics.link()
    assert line.tick(0.1) == [Send(b"I4\r\n")]
    assert told(line.feed(b'I4 A "B123456789"\r\n', 0.2)) == [b'I4 A "B123456789"']
    assert line.tick(0.2 + INTERVAL) == [Send(b"SI\r\n")]


def test_a_balance_that_does_not_know_its_serial_number_is_asked_for_its_weight() -> None:
    """Its error is told as garbled."""
    line = asked()
    assert line.feed(b"ES\r\n", 1) == [Garbled(b"ES\r\n", "no answer that this instrument gives")]
    assert line.tick(1 + INTERVAL) == [Send(b"SI\r\n")]


def test_a_stable_weight_is_asked_for_again_at_once_and_confirmed() -> None:
    """Two equal answers are one message, with the bytes of both."""
    line = asked()
    assert line.feed(STABLE, 1) == [Send(b"SI\r\n")]
    assert line.feed(STABLE, 1.1) == [Message(STABLE + STABLE.removesuffix(b"\r\n"), STABLE * 2)]
    assert line.deadline == 1.1 + INTERVAL


@pytest.mark.parametrize("next_line", [OTHER, MOVING, b"S I\r\n", b"S S     1\r\n"])
def test_a_stable_weight_that_the_next_answer_does_not_confirm_is_told_alone(next_line: bytes) -> None:
    """It is not dropped, and it is not the pair that a confirmed one is."""
    line = asked()
    line.feed(STABLE, 1)
    assert told(line.feed(next_line, 1.1))[0] == STABLE.removesuffix(b"\r\n")


def test_a_weight_that_moves_is_told_as_it_is() -> None:
    """Nobody relies on it, so it is not asked for twice."""
    assert asked().feed(MOVING, 1) == [Message(b"S D     100.03 g", MOVING)]


def test_a_balance_that_does_not_answer_is_lost() -> None:
    """After the time for an answer, with what had begun told as garbled."""
    line = asked()
    assert line.feed(STABLE[:9], 1) == []
    garbled, lost = line.tick(0.1 + PATIENCE)
    assert garbled == Garbled(STABLE[:9], "the line stopped before its end")
    assert lost == Lost("no answer in 3 s")
    assert line.deadline is None


@pytest.mark.parametrize(("make", "answer"), BALANCES)
def test_answers_may_come_cut_anywhere(make: Make, answer: bytes) -> None:
    """At every place, and byte by byte."""
    stream = answer * 3
    whole = asked(make).feed(stream, 1)
    for place in range(len(stream)):
        line = asked(make)
        assert line.feed(stream[:place], 1) + line.feed(stream[place:], 1) == whole
    line = asked(make)
    assert [
        event for left, right in pairwise(range(len(stream) + 1)) for event in line.feed(stream[left:right], 1)
    ] == whole


@pytest.mark.parametrize(("make", "answer"), BALANCES)
def test_an_answer_with_a_piece_missing_is_none(make: Make, answer: bytes) -> None:
    """Whatever piece is gone, in whatever place: garbled, and never a weight."""
    for start in range(len(answer) - 2):
        for end in range(start + 1, len(answer) - 1):
            assert told(asked(make).feed(answer[:start] + answer[end:], 1)) == []


@pytest.mark.parametrize(("make", "answer"), [(mt_sics.link, STABLE), (sbi.link, SARTORIUS)])
@given(st.data())
def test_a_spoiled_answer_is_never_confirmed(make: Make, answer: bytes, data: st.DataObject) -> None:
    """One bit wrong in one of two answers: no two equal lines, so no value to rely on."""
    place, bit = data.draw(st.integers(0, len(answer) - 3)), data.draw(st.integers(0, 7))
    spoiled = bytearray(answer)
    spoiled[place] ^= 1 << bit
    line = asked(make)
    events = line.feed(bytes(spoiled), 1) + line.feed(answer, 1.1)
    assert not [text for text in told(events) if b"\r\n" in text]


@given(st.lists(st.binary(max_size=40).filter(lambda line: not line.startswith((b"S", b"I4"))), max_size=8))
def test_garbage_never_raises_and_is_never_a_weight(pieces: list[bytes]) -> None:
    """Whatever its bytes and its lines are."""
    for make in (mt_sics.link, sbi.link):
        line, noise = asked(make), b"\r\n".join(pieces)
        assert told(line.feed(noise + b"\r\n", 1)) == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b"S S     100.00 g", ("S", "100.00", "g")),
        (b"SI S     100.00 g", ("S", "100.00", "g")),
        (b"S S     -0.050 kg", ("S", "-0.050", "kg")),
        (b"S D     100.03 g", ("D", "100.03", "g")),
        (b"S +", ("+", "", "")),
    ],
)
def test_mt_sics_answers(text: bytes, read: tuple[str, str, str]) -> None:
    """Digits as sent, zeros included."""
    found = mt_sics.weight(text)
    assert (found.state, found.value, found.unit) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b"N     +   100.00 g  ", ("N", "100.00", "g", "")),
        (b"+   100.00 g  ", ("", "100.00", "g", "")),
        (b"-     0.05 g  ", ("", "-0.05", "g", "")),
        (b"+   100.00    ", ("", "100.00", "", "")),
        (b"+ 100.0[0] g  ", ("", "100.0[0]", "g", "")),
        (b"Stat      High      ", ("", "", "", "High")),
    ],
)
def test_sbi_answers(text: bytes, read: tuple[str, str, str, str]) -> None:
    """The mark before, the digits as sent, the unit, or a word."""
    found = sbi.weight(text)
    assert (found.mark, found.value, found.unit, found.state) == read


@pytest.mark.parametrize("text", [b"", b"S S 100.00 g", b"S S     100.00", b"S S     1OO.00 g", STABLE + OTHER, b"ES"])
def test_what_is_no_mt_sics_weight(text: bytes) -> None:
    """Another width, no unit, a letter in the number, two different lines, an error."""
    with pytest.raises(ProtocolError):
        mt_sics.weight(text)


@pytest.mark.parametrize("text", [b"", b"+   100.0 g  ", b"+          g  ", b"S S     100.00 g", SARTORIUS * 2])
def test_what_is_no_sbi_weight(text: bytes) -> None:
    """Another width, no digit, another maker's, a line end too many."""
    with pytest.raises(ProtocolError):
        sbi.weight(text)
