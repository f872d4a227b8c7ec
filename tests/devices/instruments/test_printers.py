"""Result printers: a line into measurements, as the site says what its fields are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devices.instrument import DateOrder, Measurement
from devices.instruments.delimited_printer import DelimitedPrinter
from devices.instruments.fixed_width_printer import FixedWidthPrinter
from devices.printer import Printout, ResultPrinter
from devices.protocols import Garbled, Message, ProtocolError
from devices.reading import Quality

ZONE = ZoneInfo("Europe/Berlin")
DATA = Path(__file__).parents[2] / "data" / "instruments"
LINE = b"S-1,22.11.2026 10:15,1230000,1192000,96.9"


def told(printer: ResultPrinter, line: bytes = LINE) -> list[Measurement]:
    return list(printer.measurements(line, line + b"\r\n", ZONE))


def weighing() -> DelimitedPrinter:
    printer = DelimitedPrinter()
    printer.printout = Printout(fields=("-", "mass", "=g", "-"))
    return printer


@pytest.mark.parametrize(
    ("printer", "name"),
    [(DelimitedPrinter(), "delimited-printer.txt"), (FixedWidthPrinter(), "fixed-width-printer.txt")],
)
def test_the_samples_of_our_own(printer: ResultPrinter, name: str) -> None:
    """Two lines, cut at every place: six values, digits as sent, the sample, the site's zone, the line's bytes."""
    stream = (DATA / name).read_bytes()
    for place in range(len(stream)):
        link = printer.link()
        events = link.feed(stream[:place], 0) + link.feed(stream[place:], 0)
        found = [
            each
            for event in events
            if isinstance(event, Message)
            for each in printer.measurements(event.text, event.raw, ZONE)
        ]
        assert [(each.sample, each.channel, each.value, each.quality) for each in found] == [
            (sample, *value, Quality.GOOD)
            for sample, counts in (("S-1", ("1230000", "1192000", "96.90")), ("007", ("840000", "772000", "91.9")))
            for value in zip(("total_cells", "viable_cells", "viability"), counts, strict=True)
        ]
        assert found[0].source_time == datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
        assert found[0].raw in stream


def test_a_line_is_what_the_site_says() -> None:
    """A field passed over may be anything; a unit must be the one that is meant."""
    (found,) = told(weighing(), b"#17, 100.00 ,g,stable")
    assert (found.channel, found.value, found.unit, found.sample) == ("mass", "100.00", "g", None)
    with pytest.raises(ProtocolError, match="“kg” stands where “g” should"):
        told(weighing(), b"#17,100.00,kg,stable")


@pytest.mark.parametrize("value", ["", "ERR", "NaN", "1,0", "++", "1e"])
def test_what_is_no_number_is_bad(value: str) -> None:
    """As printed, and marked; a comma would be a field too many."""
    try:
        (found,) = told(weighing(), f"#17,{value},g,stable".encode())
    except ProtocolError as refused:
        assert str(refused).startswith("5 fields")  # noqa: PT017 - one of two outcomes, both of them right
    else:
        assert (found.value, found.quality, found.status) == (value, Quality.BAD, "not a number")


def test_a_line_with_a_time_is_known_when_it_is_printed_again() -> None:
    """Without one, two equal lines are two results: the same bag may be weighed twice."""
    printer = DelimitedPrinter()
    printer.printout = Printout(dates=DateOrder.DAY_FIRST)
    first, again = told(printer)[0], told(printer)[0]
    assert first.origin == again.origin != ""
    assert told(weighing(), b"#17,100.00,g,stable")[0].origin == ""


def test_a_date_that_may_be_read_in_two_ways_is_no_result_until_the_site_says_how() -> None:
    """The line is kept as garbled, with the reason."""
    ambiguous = LINE.replace(b"22.11.", b"03.04.")
    with pytest.raises(ProtocolError, match="two ways"):
        told(DelimitedPrinter(), ambiguous)


@pytest.mark.parametrize("printer", [DelimitedPrinter(), FixedWidthPrinter()])
def test_a_line_that_stops_is_not_continued_by_the_next(printer: ResultPrinter) -> None:
    """After a second it is garbled, and the next one is whole."""
    link = printer.link()
    link.feed(b"S-1,12", 0)
    assert isinstance(link.tick(2.0)[0], Garbled)
    assert [type(event) for event in link.feed(b"S-2\r\n", 3)] == [Message]
