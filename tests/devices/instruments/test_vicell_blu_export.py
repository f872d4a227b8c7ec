"""Files that a Vi-CELL BLU exported, and files that only look so."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devices.instrument import Conversion, DateOrder
from devices.instruments.vicell_blu_export import ViCellBluExport
from devices.protocols import ProtocolError
from devices.reading import Quality

# allotropy imports a part of dateutil that dateutil has given up.
pytestmark = pytest.mark.filterwarnings("ignore:The `dateutil.zoneinfo` module:DeprecationWarning")

BERLIN = ZoneInfo("Europe/Berlin")
HEADER = (
    "Sample ID,Cell count,Viable cells,Total (x10^6) cells/mL,Viable (x10^6) cells/mL,Viability (%),Analysis date/time"
)
ROW = "S-1,2191,2123,0.78,0.75,96.9,3/21/2022 16:56"


def converted(*rows: str) -> Conversion:
    return ViCellBluExport().convert("\r\n".join([HEADER, *rows, ""]).encode(), BERLIN, DateOrder.MONTH_FIRST)


def real(captures: Path, name: str) -> bytes:
    return (captures / "exports" / "beckman_vi_cell_blu" / f"Beckman_Vi-Cell-BLU_{name}.csv").read_bytes()


def test_the_real_export_gives_its_ten_samples(captures: Path) -> None:
    """Digits exactly, units as recipes have them, the site's zone, the line's bytes and the file's digest."""
    content = real(captures, "example01")
    found = ViCellBluExport().convert(content, BERLIN)
    assert (len(found.measurements), found.notices) == (30, [])
    assert [(each.channel, each.value, each.unit) for each in found.measurements[:3]] == [
        ("total_cells", "780000", "cells/mL"),
        ("viable_cells", "750000", "cells/mL"),
        ("viability", "96.9", "%"),
    ]
    first = found.measurements[0]
    assert (first.sample, first.source_time) == ("CLB001", datetime(2022, 3, 21, 15, 56, tzinfo=UTC))
    assert first.raw == content.splitlines(keepends=True)[1]
    assert first.status == f"sha256:{sha256(content).hexdigest()}"


@pytest.mark.parametrize("name", ["example01_utf16", "different_mu_character"])
def test_the_same_samples_in_other_writings(captures: Path, name: str) -> None:
    """UTF-16 with its mark, and another letter for micro: the same first sample."""
    first = ViCellBluExport().convert(real(captures, name), BERLIN).measurements[0]
    assert (first.sample, first.value) == ("CLB001", "780000")
    assert first.raw in real(captures, name)


@pytest.mark.parametrize(
    ("row", "channel"), [(ROW.replace("96.9", "ERROR"), "viability"), (ROW.replace("0.78", ""), "total_cells")]
)
def test_a_cell_that_is_no_number_is_no_reading(row: str, channel: str) -> None:
    """The other channels are taken, and the notice names what is missing."""
    found = converted(row)
    assert channel not in {each.channel for each in found.measurements}
    assert len(found.measurements) == 2
    assert found.notices[0].startswith(f"sample S-1: no {channel}, the file says “")


def test_a_missing_time_is_no_time() -> None:
    """Not 1970, not now, not midnight."""
    assert {each.source_time for each in converted(ROW.replace("3/21/2022 16:56", "")).measurements} == {None}


def test_a_time_that_is_none_is_told_and_makes_the_row_doubtful() -> None:
    """Nobody knows what else in that row is not as it was."""
    (first, *_) = converted(ROW.replace("3/21/2022", "99/99/2022")).measurements
    assert (first.source_time, first.quality) == (None, Quality.UNCERTAIN)
    assert first.status.endswith("; its time is none: 99/99/2022 16:56")


def test_a_date_is_read_in_the_order_of_the_site() -> None:
    """The fourth of March here, the third of April there."""
    content = "\r\n".join([HEADER, ROW.replace("3/21", "3/4"), ""]).encode()
    days = [
        (each.source_time.month, each.source_time.day)
        for dates in (DateOrder.MONTH_FIRST, DateOrder.DAY_FIRST)
        for each in ViCellBluExport().convert(content, BERLIN, dates).measurements[:1]
        if each.source_time
    ]
    assert days == [(3, 4), (4, 3)]


def test_a_sample_that_was_analysed_again_stands_beside_its_first_result() -> None:
    """With the same values even: the later analysis is another one, and says so."""
    header, rows = f"Reanalysis date/time,{HEADER}", (f",{ROW}", f"3/22/2022 9:00,{ROW}")
    first, again = (
        ViCellBluExport().convert(f"{header}\r\n{row}\r\n".encode(), BERLIN, DateOrder.MONTH_FIRST).measurements[0]
        for row in rows
    )
    assert first.origin != again.origin
    assert again.status.endswith("; analysed again 3/22/2022 9:00")


def test_more_viable_cells_than_cells_is_doubtful() -> None:
    """Recorded as it is, and marked so that nobody takes it."""
    found = converted(ROW.replace("0.75", "0.95"))
    assert {each.quality for each in found.measurements} == {Quality.UNCERTAIN}
    assert found.measurements[0].status.endswith("; viable above total")


def test_a_row_is_known_by_sample_time_and_values() -> None:
    """The same row in another file has the same origin; analysed again with another result, it has another."""
    first, again = converted(ROW), converted("S-0,1,1,0.1,0.1,99,3/20/2022 9:00", ROW)
    assert [each.origin for each in first.measurements] == [each.origin for each in again.measurements[3:]]
    assert converted(ROW.replace("96.9", "96.8")).measurements[0].origin != first.measurements[0].origin


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "has no column"),
        (b"Well,Count\r\nA1,7\r\n", "has no column Analysis date/time"),
        (b"\xff\xd8\xff\xe0JFIF", "is no text"),
        (f"{HEADER}\r\nS-1,2191,21".encode(), "is cut off"),
        (f"{HEADER}\r\n{ROW[:-1]}".encode(), "has no end"),
        (f"{HEADER}\r\n{ROW.replace('3/21/2022', '3/4/2022')}\r\n".encode(), "sample S-1: .* two ways"),
    ],
)
def test_a_foreign_or_broken_file_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    """Empty, another instrument's, an image, half a row, half a time, a date that may be read in two ways."""
    with pytest.raises(ProtocolError, match=reason):
        ViCellBluExport().convert(content, BERLIN)
