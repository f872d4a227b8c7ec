"""Result printers, whose lines defend themselves by their shape alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import Garbled, Message, ProtocolError
from devices.protocols.delimited import DelimitedLines
from devices.protocols.fixed_width import FixedWidthLines
from devices.protocols.printed import STALL

FIELDS = ("sample", "viability", "total")
STREAM = b"S-1, 96.9,1230000\r\nS-2,97.0,1250000\r\n"


def printer() -> DelimitedLines:
    return DelimitedLines(b"\r\n", fields=FIELDS)


@given(st.integers(0, len(STREAM)), st.integers(0, len(STREAM)))
def test_lines_come_out_however_they_are_cut(one: int, other: int) -> None:
    """Each line is a message, without its end and with all its bytes."""
    first, second = sorted((one, other))
    line = printer()
    events = [
        event for piece in (STREAM[:first], STREAM[first:second], STREAM[second:]) for event in line.feed(piece, 0)
    ]
    assert [event.raw for event in events] == [b"S-1, 96.9,1230000\r\n", b"S-2,97.0,1250000\r\n"]


def test_a_line_is_read_by_its_fields() -> None:
    """Padding goes, digits stay."""
    (message, _) = printer().feed(STREAM, 0)
    assert isinstance(message, Message)
    assert printer().row(message.text) == {"sample": "S-1", "viability": "96.9", "total": "1230000"}


@pytest.mark.parametrize("text", [b"S-1,96.9", b"S-1,96.9,1,2", b"S-\xff,96.9,1", b"S-\x00,96.9,1"])
def test_a_line_of_another_shape_is_refused(text: bytes) -> None:
    """Too few fields, too many, or bytes that are no text."""
    with pytest.raises(ProtocolError):
        printer().row(text)


def test_a_line_that_stops_is_not_continued_by_the_next() -> None:
    """“12” and, after a pause, “45.6” are not 1245.6."""
    line = printer()
    line.feed(b"S-1,12", 0)
    assert line.deadline == STALL
    assert line.tick(STALL) == [Garbled(b"S-1,12", "the line stopped before its end")]
    assert [event.raw for event in line.feed(b"S-2,1,2\r\n", 5)] == [b"S-2,1,2\r\n"]


def test_a_line_without_end_is_given_up_up_to_the_next() -> None:
    """A megabyte of noise is garbled, and so is its tail; the line after it is read."""
    events = printer().feed(b"x" * 5000, 0)
    assert [type(event) for event in events] == [Garbled]
    line = printer()
    line.feed(b"x" * 5000, 0)
    tail, whole = line.feed(b"tail\r\nS-2,1,2\r\n", 0)
    assert isinstance(tail, Garbled)
    assert whole == Message(b"S-2,1,2", b"S-2,1,2\r\n")


WIDTHS = {"sample": 6, "mass": 9, "unit": 2}
LINE = b"S-1      100.00 g"


def test_a_line_of_fixed_widths_is_read_by_its_places() -> None:
    """Padding goes, digits stay, and a field may hold spaces."""
    line = FixedWidthLines(b"\r\n", widths=WIDTHS)
    assert line.row(LINE) == {"sample": "S-1", "mass": "100.00", "unit": "g"}
    assert line.row(b"S 1 A    100.00 g")["sample"] == "S 1 A"


def test_a_line_of_fixed_widths_with_a_piece_missing_is_none() -> None:
    """Whatever piece, and in whatever place."""
    line = FixedWidthLines(b"\r\n", widths=WIDTHS)
    for start in range(len(LINE)):
        for end in range(start + 1, len(LINE) + 1):
            with pytest.raises(ProtocolError, match="characters, not 17"):
                line.row(LINE[:start] + LINE[end:])
