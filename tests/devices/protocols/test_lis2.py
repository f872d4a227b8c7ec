"""What analysers say: records, results, and what is none."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import ProtocolError, lis2

MESSAGE = (
    b"H|\\^&|||counter\rP|1\rO|1|S-1^2||^^^COUNT\r"
    b"R|1|^^^TOTAL^1|  1.23 |cells/mL||N||F||||20261122101500\rC|1|I|a note\r"
    b"O|2|S-2\rR|1|^^^TOTAL|4|cells/mL\rL|1|N\r"
)


def test_a_result_belongs_to_the_order_above_it() -> None:
    """Two samples in one message keep their results."""
    found = list(lis2.results(MESSAGE))
    assert [(each.order and each.order.component(3, 1), each.test, each.value) for each in found] == [
        ("S-1", "TOTAL", "1.23"),
        ("S-2", "TOTAL", "4"),
    ]


def test_a_result_has_unit_flags_status_and_time() -> None:
    """All as sent; the time is the analyser's own, without a zone."""
    first = next(lis2.results(MESSAGE))
    assert (first.unit, first.flags, first.status) == ("cells/mL", "N", "F")
    assert first.measured == datetime(2026, 11, 22, 10, 15)  # noqa: DTZ001 - as the analyser sends it


def test_the_header_names_the_delimiters() -> None:
    """Other delimiters than the usual are read as they are declared."""
    (result,) = lis2.results(b"H!@#\\\rR!1!###GLU!5.5\rL!1\r")
    assert (result.test, result.value) == ("GLU", "5.5")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), min_size=1, max_size=30))
def test_what_is_escaped_is_read_back(text: str) -> None:
    """A sample's code may hold any delimiter."""
    line = f"H|\\^&\rO|1|{lis2.escape(text)}\r"
    assert lis2.records(line.encode("latin-1"))[1].component(3, 1) == text.strip()


@pytest.mark.parametrize("text", [b"", b"\r\r", b"R|1|^^^WBC|5", b"H", b"H||||", b"Habcd|x", b"\x02"])
def test_a_message_without_a_header_is_refused(text: bytes) -> None:
    """Without delimiters nothing in it can be read."""
    with pytest.raises(ProtocolError):
        lis2.records(text)


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_read_never_more(text: bytes) -> None:
    """Nothing but a protocol error comes out of garbage."""
    try:
        found = list(lis2.results(b"H|\\^&" + text))
    except ProtocolError:
        found = []
    assert all(isinstance(each.value + each.unit + each.test, str) for each in found)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20261122", datetime(2026, 11, 22)),  # noqa: DTZ001 - as the analyser sends it
        ("202611221015", datetime(2026, 11, 22, 10, 15)),  # noqa: DTZ001 - the same
        ("20261322101500", None),
        ("2026", None),
        ("", None),
        ("２０２６１１２２", None),  # noqa: RUF001 - full-width digits are digits to Python
    ],
)
def test_a_time_is_read_whole_or_not_at_all(text: str, time: datetime | None) -> None:
    """What is no time is no time, and never a guess."""
    assert lis2.time(text) == time
