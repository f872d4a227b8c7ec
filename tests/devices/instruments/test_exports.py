"""Files that counters and analysers exported: every value as its source states it, whole or cut, or a notice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import worker
from devices.allotrope import AllotropeExport, Column, Sample
from devices.discover import kinds
from devices.instrument import Conversion, DateOrder, Measurement
from devices.instruments.vicell_blu_export import ViCellBluExport
from devices.protocols import ProtocolError
from devices.reading import Quality

# allotropy imports a part of dateutil that dateutil has given up, and reads with pandas as it was.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The `dateutil.zoneinfo` module:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

BERLIN = ZoneInfo("Europe/Berlin")
DATA = Path(__file__).parents[2] / "data" / "instruments"
OURS = sorted(path.name for path in DATA.glob("*-export.*"))
MONTH = DateOrder.MONTH_FIRST
GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD

CAPTURES = {  # folder → kind, and file → how many measurements, the first sample, its time in UTC
    "beckman_vi_cell_blu": (
        "vicell-blu-export",
        {
            "Beckman_Vi-Cell-BLU_example01.csv": (30, "CLB001", "2022-03-21 15:56:00"),
            "Beckman_Vi-Cell-BLU_example01_utf16.csv": (30, "CLB001", "2022-03-21 15:56:00"),
            "Beckman_Vi-Cell-BLU_different_mu_character.csv": (3, "CLB001", "2022-03-21 15:56:00"),
        },
    ),
    "beckman_vi_cell_xr": (
        "vicell-xr-export",
        {
            "Beckman_Vi-Cell-XR_example03_instrumentOutput.xls": (102, "CLB001", "2022-10-18 07:08:24"),
            "Beckman_Vi-Cell-XR_example04_instrumentOutput.xlsx": (48, "CLB001", "2022-10-07 09:52:44"),
            "Beckman_Vi-Cell-XR_example07_instrumentOutput.txt": (3, "CLB001", "2023-09-29 03:21:32"),
        },
    ),
    "chemometec_nc_view": ("nc-view-export", {"chememotec_nc_view_example.csv": (96, "1", None)}),
    "chemometec_nucleoview": (
        "nucleoview-export",
        {
            "chemometec_nucleoview_example01.csv": (3, "cellsABCD", "2023-11-20 14:30:16"),
            "chemometec_nucleoview_example03.csv": (3, "cellsABCD", None),
            "chemometec_nucleoview_example08.csv": (3, "1111_viability count new 99x_pass 99", None),
        },
    ),
    "novabio_flex2": ("flex2-export", {"SampleResults2022-06-28_142558.csv": (6, "SMPL_1234", "2022-06-24 12:34:52")}),
    "revvity_matrix": ("cellaca-export", {"Cellaca_Example_1.csv": (9, "1", "2025-05-20 10:25:00")}),
    "roche_cedex_bioht": (
        "cedex-bioht-export",
        {
            "roche_cedex_bioht_example01.txt": (10, "SMPL1", "2023-09-15 14:55:51"),
            "roche_cedex_bioht_v5_example01.txt": (40, "SAMPLE_01", "2025-04-11 06:48:23"),
        },
    ),
    "roche_cedex_hires": (
        "cedex-hires-export",
        {
            "roche_cedex_hires_example_1.csv": (24, "0618_F01", "2019-06-18 05:46:47"),
            "roche_cedex_hires_example_3.csv": (27, "Sample2", "2021-02-18 13:13:29"),
        },
    ),
}
FILES = [(kind, folder, name) for folder, (kind, files) in CAPTURES.items() for name in files]
TEXTS = [each for each in FILES if not each[2].endswith(("xls", "xlsx"))]
DOUBTFUL = {"Cellaca_Example_1.csv", "chemometec_nucleoview_example08.csv"}  # viable above total; a day 99
POWERS = {"10^6 cells/mL": 6}


def export(kind: str) -> AllotropeExport:
    made = kinds()[kind]()
    assert isinstance(made, AllotropeExport)
    return made


def ours(name: str, dates: DateOrder | None = MONTH) -> Conversion:
    return export(name.partition(".")[0]).convert((DATA / name).read_bytes(), BERLIN, dates)


def told(found: Conversion) -> list[tuple[str | None, str, str, str, Quality]]:
    return [(each.sample, each.channel, each.value, each.unit, each.quality) for each in found.measurements]


@pytest.mark.parametrize(("kind", "folder", "name"), FILES)
def test_a_real_export_gives_its_samples(captures: Path, kind: str, folder: str, name: str) -> None:
    """So many values, the first sample's code and its time in the site's zone, and the bytes of the file."""
    content = (captures / "exports" / folder / name).read_bytes()
    found = export(kind).convert(content, BERLIN, MONTH)
    count, sample, time = CAPTURES[folder][1][name]
    first = found.measurements[0]
    assert (len(found.measurements), first.sample) == (count, sample)
    assert first.source_time == (datetime.fromisoformat(time).replace(tzinfo=UTC) if time else None)
    assert name.endswith(("xls", "xlsx", "bioht_example01.txt", "v5_example01.txt")) or first.raw in content
    assert any(each.quality is GOOD for each in found.measurements) != (name in DOUBTFUL)


def expected(node: Any) -> Iterator[tuple[str, Decimal]]:  # noqa: ANN401 - whatever JSON holds
    """Every value of a model, under its name, in the unit that recipes have."""
    for each in node if isinstance(node, list) else [node]:
        for name, part in each.items() if isinstance(each, dict) else ():
            if isinstance(part, dict) and isinstance(part.get("value"), int | float):
                scale = POWERS.get(part["unit"], 0)
                yield each.get("analyte name", name), Decimal(str(part["value"])).scaleb(scale)
            else:
                yield from expected(part)


@pytest.mark.parametrize(("kind", "folder", "name"), FILES)
def test_a_real_export_gives_the_values_that_its_publishers_state(
    captures: Path, kind: str, folder: str, name: str
) -> None:
    """Their model of the same file, published beside it, has every value that is read here, as often."""
    model = json.loads((captures / "exports" / folder / "asm_expected" / name).with_suffix(".json").read_text("utf-8"))
    stated: dict[str, list[Decimal]] = {}
    for value_name, value in expected(model):
        stated.setdefault(value_name, []).append(value)
    instrument = export(kind)
    for each in instrument.convert((captures / "exports" / folder / name).read_bytes(), BERLIN, MONTH).measurements:
        there = stated[instrument.columns[each.channel].model]
        value = Decimal(each.value) if each.quality is not BAD else Decimal(each.value) / 1000  # mg/L, for g/L
        near = min(there, key=lambda other, value=value: abs(other - value))
        assert abs(near - value) <= abs(value) * Decimal("1e-9")
        there.remove(near)


@pytest.mark.parametrize(
    ("folder", "name", "why"),
    [
        ("beckman_vi_cell_xr", "Beckman_Vi-Cell-XR_example02_instrumentOutput_error.xls", r"it has no Viability \(%\)"),
        ("novabio_flex2", "missing_date_time.csv", "it has no column Date & Time"),
    ],
)
def test_an_export_without_what_a_result_needs_is_refused(captures: Path, folder: str, name: str, why: str) -> None:
    """No viability, no time: the sentence names the column."""
    with pytest.raises(ProtocolError, match=why):
        export(CAPTURES[folder][0]).convert((captures / "exports" / folder / name).read_bytes(), BERLIN, MONTH)


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in FILES}))
def test_an_export_of_another_instrument_is_refused(captures: Path, kind: str) -> None:
    """Each instrument's file against all the others' captures."""
    for other, folder, name in FILES:
        if other != kind:
            with pytest.raises(ProtocolError):
                list(export(kind).samples((captures / "exports" / folder / name).read_bytes(), BERLIN, MONTH))


Whole = dict[tuple[str, ...], tuple[str, ...]]
"""What becomes of each sample of a file, and what there is to doubt in it."""


def read(instrument: AllotropeExport, content: bytes) -> Whole:
    """Return a file's samples, none where it is refused."""
    try:
        samples = list(instrument.samples(content, BERLIN, MONTH))
    except ProtocolError:
        samples = []
    return {
        (
            each.code,
            str(each.time),
            str([each.cells.get(name) for name in instrument.headed]),
            each.version,
            str(each.units),
        ): each.doubts
        for each in samples
    }


def assert_cuts_are_whole(instrument: AllotropeExport, content: bytes, places: Iterable[int]) -> None:
    """A file that is cut off is refused, or gives some of its samples, whole and as doubtful as they are."""
    whole = read(instrument, content)
    assert whole
    for place in places:
        for sample, doubts in read(instrument, content[:place]).items():
            assert sample in whole, place
            assert bool(doubts) >= bool(whole[sample]), place


def places(content: bytes) -> list[int]:
    """Every place; of a very long file every place of its beginning and its end, and some between."""
    if len(content) < 6_000:
        return list(range(len(content)))
    return [*range(800), *range(800, len(content) - 400, 53), *range(len(content) - 400, len(content))]


@pytest.mark.parametrize("name", OURS)
def test_a_file_of_ours_that_is_cut_off_gives_nothing_wrong(name: str) -> None:
    """At every place: a half-written file is refused, or what it gives is whole."""
    content = (DATA / name).read_bytes()
    assert_cuts_are_whole(export(name.partition(".")[0]), content, range(len(content)))


@pytest.mark.parametrize(("kind", "folder", "name"), TEXTS)
def test_a_real_export_that_is_cut_off_gives_nothing_wrong(captures: Path, kind: str, folder: str, name: str) -> None:
    """The same, of what real instruments exported."""
    content = (captures / "exports" / folder / name).read_bytes()
    assert_cuts_are_whole(export(kind), content, places(content))


@pytest.mark.parametrize("name", ["example03_instrumentOutput.xls", "example04_instrumentOutput.xlsx"])
def test_a_table_that_is_cut_off_is_refused(captures: Path, name: str) -> None:
    """Whoever reads spreadsheets stumbles over it in a process of its own, and the reason is told."""
    content = (captures / "exports" / "beckman_vi_cell_xr" / f"Beckman_Vi-Cell-XR_{name}").read_bytes()
    with pytest.raises(ProtocolError, match=r"cannot be read|Error: "):
        worker.convert("vicell-xr-export", content[: len(content) // 2], BERLIN)


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=60)
@given(st.data())
def test_a_garbled_file_is_refused_or_read_never_more(name: str, data: st.DataObject) -> None:
    """Bytes changed, lost and doubled: nothing but a protocol error comes out."""
    content = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        found = list(export(name.partition(".")[0]).samples(bytes(content), BERLIN, MONTH))
    except ProtocolError as refused:
        found = [] if str(refused) else [None]
    assert None not in found


@pytest.mark.parametrize("name", ["vicell-blu-export.csv", "cedex-hires-export.csv", "nc-view-export.csv"])
def test_a_table_of_ours(name: str) -> None:
    """Codes with their zeros, digits as they are, units as recipes have them; a failed count is doubtful."""
    ones = told(ours(name))
    half = Decimal("0.5") if name.startswith("cedex") else 0
    assert [each[:2] for each in ones] == [
        (code, channel) for code in ("S-2026-1", "007") for channel in ("total_cells", "viable_cells", "viability")
    ]
    assert [Decimal(each[2]) for each in ones[:3]] == [1_200_000 + half, 1_158_000 + half, Decimal("96.5")]
    assert {each[4] for each in ones[:3]} == {GOOD}
    assert {each[4] for each in ones[3:]} == {UNCERTAIN if name.startswith("nc-view") else GOOD}


@pytest.mark.parametrize("name", ["vicell-xr-export.txt", "nucleoview-export.csv"])
def test_a_list_of_ours(name: str) -> None:
    """One sample, its code whole, with its time."""
    found = ours(name)
    assert told(found) == [
        ("S-2026-1", "total_cells", "1200000", "cells/mL", GOOD),
        ("S-2026-1", "viable_cells", "1158000", "cells/mL", GOOD),
        ("S-2026-1", "viability", "96.5", "%", GOOD),
    ]
    assert {each.source_time for each in found.measurements} == {datetime(2026, 11, 22, 9, 15, tzinfo=UTC)}


def test_a_plate_of_ours() -> None:
    """The time of the plate, the wells' names, and an error that makes a well doubtful."""
    found = ours("cellaca-export.csv")
    assert [(each[0], each[4]) for each in told(found)] == [("A1", GOOD)] * 3 + [("A2", UNCERTAIN)] * 3
    assert found.measurements[0].source_time == datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    assert "; error Out of focus; " in found.measurements[3].status


def test_a_culture_analysis_of_ours() -> None:
    """Chemistry and cells of one sample, each in its channel's unit with the digits of the file."""
    values = {channel: (value, unit, quality) for _, channel, value, unit, quality in told(ours("flex2-export.csv"))}
    assert values["glucose"] == ("2.650", "g/L", GOOD)
    assert values["pH"] == ("7.400", "pH", GOOD)
    assert values["viable_cells"] == ("1158000", "cells/mL", GOOD)
    assert len(values) == 9


def test_a_culture_analysis_in_other_units_is_bad() -> None:
    """The file's line of units says so; the value keeps the unit that it has."""
    header, row = (DATA / "flex2-export.csv").read_text("utf-8").splitlines()
    units = "-,-,-,mmol/L,mmol/L,mg/dL,g/L,mmol/L,-,10^6 cells/mL,10^6 cells/mL,%,-,"
    found = export("flex2-export").convert(f"{header}\n{units}\n{row}\n".encode(), BERLIN, MONTH)
    values = {each.channel: each for each in found.measurements}
    assert (values["glucose"].value, values["glucose"].unit, values["glucose"].quality) == ("2.650", "mg/dL", BAD)
    assert (values["lactate"].unit, values["lactate"].quality) == ("g/L", GOOD)


def test_chemistry_of_ours() -> None:
    """Scaled by tens where its unit says so, bad in one of another kind, told where it is no number or no channel."""
    found = ours("cedex-bioht-export.txt")
    assert told(found) == [
        ("S-2026-1", "glucose", "2.650", "g/L", GOOD),
        ("S-2026-1", "lactate", "0.1800", "g/L", GOOD),
        ("S-2026-1", "glutamine", "2.43", "mmol/L", UNCERTAIN),
        ("S-2026-1", "ammonia", "8.6", "mg/L", BAD),
    ]
    assert found.notices == [
        "sample S-2026-1: no glutamate, the file says “< 0.20”",
        "tests that are no channels: LDH2B",
    ]


@pytest.mark.parametrize("kind", sorted(kind for kind in kinds() if getattr(kinds()[kind], "numeric_dates", False)))
def test_a_numeric_date_waits_for_the_sites_word(kind: str) -> None:
    """Without it a file of the fourth of March is refused, and with it it is read."""
    (path,) = DATA.glob(f"{kind}.*")
    content = path.read_bytes().replace(b"11/22/", b"3/4/").replace(b"11-22-", b"3-4-")
    with pytest.raises(ProtocolError, match="two ways"):
        export(kind).convert(content, BERLIN)
    days = [export(kind).convert(content, BERLIN, dates).measurements[0].source_time for dates in DateOrder]
    assert [(day.month, day.day) for day in days if day] == [(4, 3), (3, 4)]


@pytest.mark.parametrize(
    ("name", "old", "new", "doubt"),
    [
        ("nucleoview-export.csv", "1.158E6", "-0.0", "below zero"),
        ("nucleoview-export.csv", "96.5", "100.5", "above 100 %"),
        ("nucleoview-export.csv", "1.158E6", "1.3E6", "viable above total"),
        ("nucleoview-export.csv", "20261122 1", "20269922 1", "its time is none: 20269922 101500"),
        ("vicell-xr-export.txt", "1.158", "1.258", "viable above total"),
    ],
)
def test_what_cannot_be_is_doubtful(name: str, old: str, new: str, doubt: str) -> None:
    """Recorded as the file has it, and marked so that nobody takes it."""
    content = (DATA / name).read_text("utf-8").replace(old, new)
    found = export(name.partition(".")[0]).convert(content.encode(), BERLIN, MONTH)
    assert any(doubt in each.status and each.quality is UNCERTAIN for each in found.measurements)


def test_no_cells_are_no_cells_and_not_minus_none() -> None:
    """Allotropy's -0.0 for a count of nought is the file's nought."""
    content = (DATA / "nucleoview-export.csv").read_text("utf-8").replace("1.158E6", "0").replace("96.5", "0.0")
    found = export("nucleoview-export").convert(content.encode(), BERLIN)
    assert told(found)[1] == ("S-2026-1", "viable_cells", "0", "cells/mL", GOOD)


class Mixed(ViCellBluExport):
    """A converter that reads two columns into each other, as one of allotropy's releases might."""

    columns: ClassVar = {
        "total_cells": Column("Total (x10^6) cells/mL", "viable cell density (cell counter)", 6),
        "viability": Column("Viability (%)", "total cell density (cell counter)"),
    }
    channels: ClassVar = {"total_cells": "cells/mL", "viability": "%"}


def test_a_value_that_allotropy_reads_otherwise_is_doubtful() -> None:
    """Another number, or another unit: the file's digits stand, and are not good."""
    header, row = "Sample ID,Total (x10^6) cells/mL,Viable (x10^6) cells/mL,Viability (%),Analysis date/time,Tag", ""
    row = "S-1,1.20,1.1,96.5,11/22/2026 10:15,"

    class Both(Mixed):
        def numbers(self, sample: Sample) -> dict[str, str]:
            return super().numbers(sample) | {"Viable (x10^6) cells/mL": sample.cells["Viable (x10^6) cells/mL"]}

    total, viability = Both().convert(f"{header}\n{row}\n".encode(), BERLIN, MONTH).measurements
    assert (total.value, total.quality) == ("1200000", UNCERTAIN)
    assert total.status.endswith("; allotropy reads 1100000")
    assert viability.status.endswith("; allotropy reads it in 10^6 cells/mL")


def test_what_allotropy_refuses_is_doubtful_and_stops_nothing() -> None:
    """Its values are the file's own, and say that nobody confirmed them."""

    class Refused(ViCellBluExport):
        def alone(self, sample: Sample) -> bytes:
            return b"" if sample.code == "007" else super().alone(sample)

    found: list[Measurement] = (
        Refused().convert((DATA / "vicell-blu-export.csv").read_bytes(), BERLIN, MONTH).measurements
    )
    assert [each.quality for each in found] == [GOOD] * 3 + [UNCERTAIN] * 3
    assert found[3].status.endswith("; allotropy does not read it")


@pytest.mark.parametrize("name", OURS)
def test_a_result_is_known_again(name: str) -> None:
    """The same file again has the same origins, all different; a changed result is another one."""
    first = [each.origin for each in ours(name).measurements]
    assert first == [each.origin for each in ours(name).measurements]
    assert len(set(first)) == len(first)
    changed = (DATA / name).read_bytes().replace(b"96.5", b"96.4").replace(b"2.43", b"2.44").replace(b"2.650", b"2.651")
    again = export(name.partition(".")[0]).convert(changed, BERLIN, MONTH).measurements
    assert {each.origin for each in again} - set(first)


def test_a_file_without_samples_says_so() -> None:
    """A header alone."""
    header = (DATA / "vicell-blu-export.csv").read_bytes().splitlines(keepends=True)[0]
    assert export("vicell-blu-export").convert(header, BERLIN, MONTH) == Conversion([], ["it holds no sample"])
