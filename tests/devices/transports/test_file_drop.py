"""A folder that files fall into: whole, half, twice, foreign, early."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from devices import worker
from devices.config import FileSettings
from devices.instrument import Conversion, DateOrder, Measurement
from devices.instruments.vicell_blu_export import ViCellBluExport
from devices.intake import Intake
from devices.protocols import ProtocolError
from devices.reading import Quality
from devices.transports.file_drop import AHEAD, LARGEST, FileDrop
from tests.devices.support import NOON, SetClock, readings

UTC_ZONE = ZoneInfo("UTC")
Drop = Callable[[], FileDrop]


def lines(_kind: str, content: bytes, _zone: ZoneInfo, _dates: DateOrder | None) -> Conversion:
    """A converter whose files say, a line each, a sample and when it was measured."""
    if b"foreign" in content:
        raise ProtocolError("another instrument's")
    found = Conversion(notices=["a line is empty"] if b"\n\n" in content else [])
    for line in filter(None, content.splitlines()):
        sample, _, time = line.decode().partition(" ")
        measured = datetime.fromisoformat(time) if time else None
        found.measurements.append(
            Measurement("viability", "96.9", "%", line, sample=sample, source_time=measured, origin=sample)
        )
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
def drop(folder: Path, intake: Intake) -> FileDrop:
    return FileDrop(ViCellBluExport(), FileSettings(folder, settle=2), UTC_ZONE, intake, lines)


def settle(drop: FileDrop) -> None:
    """Look twice, with long enough between that what is there has stopped growing."""
    drop.look(0)
    drop.look(2)


def samples(intake: Intake) -> list[str | None]:
    return [reading.sample for reading in readings(intake.spool)]


def notes(intake: Intake, kind: str) -> list[str]:
    found = intake.spool._connection.execute("select text from note where kind = ? order by number", (kind,))
    return [text for (text,) in found]


def test_a_file_is_taken_and_kept_byte_for_byte(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """Under the name of its digest; the folder is empty again."""
    (folder / "Export.CSV").write_bytes(b"S-1\nS-2\n")
    settle(drop)
    digest = sha256(b"S-1\nS-2\n").hexdigest()
    assert samples(intake) == ["S-1", "S-2"]
    assert (folder / "archive" / f"{digest}.csv").read_bytes() == b"S-1\nS-2\n"
    assert [path.name for path in folder.iterdir() if path.is_file()] == []


def test_a_growing_file_is_waited_for(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """It is read when its size has not changed for a while, and then as a whole."""
    file = folder / "export.csv"
    file.write_bytes(b"S-1\n")
    drop.look(0)
    file.write_bytes(b"S-1\nS-2\n")
    drop.look(2)
    assert samples(intake) == []
    drop.look(4)
    assert samples(intake) == ["S-1", "S-2"]


@pytest.mark.parametrize("name", ["export.csv.tmp", "export.part", ".hidden.csv", "export.csv~"])
def test_a_file_under_a_name_for_the_unfinished_waits(drop: FileDrop, folder: Path, intake: Intake, name: str) -> None:
    """Until it is renamed."""
    (folder / name).write_bytes(b"S-1\n")
    settle(drop)
    assert samples(intake) == []
    (folder / name).rename(folder / "export.csv")
    drop.look(3)
    drop.look(6)
    assert samples(intake) == ["S-1"]


def test_an_empty_file_waits(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """Its program has opened it and not written yet."""
    (folder / "export.csv").touch()
    settle(drop)
    assert (folder / "export.csv").exists()
    assert samples(intake) == []


def test_a_file_that_comes_again_is_known(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """Whatever it is called: same bytes, no new reading, and a notice."""
    (folder / "export.csv").write_bytes(b"S-1\n")
    settle(drop)
    (folder / "copy of export.csv").write_bytes(b"S-1\n")
    drop.look(4)
    drop.look(6)
    assert samples(intake) == ["S-1"]
    assert notes(intake, "notice")[0].startswith("copy of export.csv came again and is known: sha256:")


def test_a_row_that_comes_again_is_known(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """An export that grew holds what the one before held."""
    (folder / "monday.csv").write_bytes(b"S-1\n")
    settle(drop)
    (folder / "tuesday.csv").write_bytes(b"S-1\nS-2\n")
    drop.look(4)
    drop.look(6)
    assert samples(intake) == ["S-1", "S-2"]
    assert [reading.sequence for reading in readings(intake.spool)] == [1, 2]


def test_a_foreign_file_is_put_aside_with_its_reason(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """It stays byte for byte; the reason is beside it, in the log and in the spool."""
    (folder / "balance.csv").write_bytes(b"foreign")
    settle(drop)
    assert (folder / "rejected" / "balance.csv").read_bytes() == b"foreign"
    assert (folder / "rejected" / "balance.csv.reason.txt").read_text() == "another instrument's\n"
    assert notes(intake, "garbled")[0].endswith("another instrument's")
    assert samples(intake) == []


def test_two_foreign_files_of_one_name_are_both_kept(drop: FileDrop, folder: Path) -> None:
    """The second gets the name of its digest."""
    for number, content in enumerate((b"foreign 1", b"foreign 2")):
        (folder / "balance.csv").write_bytes(content)
        drop.look(number * 10)
        drop.look(number * 10 + 5)
    kept = [path.read_bytes() for path in (folder / "rejected").glob("*.csv")]
    assert sorted(kept) == [b"foreign 1", b"foreign 2"]


def test_a_file_that_cannot_be_moved_waits_and_the_others_do_not(
    drop: FileDrop, folder: Path, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its program has it open, as Windows has it: it is named, and taken when it is let go."""
    replace = Path.replace

    def held(path: Path, target: Path) -> Path:
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return replace(path, target)

    (folder / "a.csv").write_bytes(b"S-1\n")
    (folder / "b.csv").write_bytes(b"S-2\n")
    with monkeypatch.context() as windows:
        windows.setattr(Path, "replace", held)
        drop.look(0)
        assert drop.look(2) == ["a.csv waits: Permission denied"]
        assert samples(intake) == ["S-2"]
    assert drop.look(4) == []
    assert samples(intake) == ["S-2", "S-1"]


def test_a_file_larger_than_any_export_is_put_aside_unread(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """With its reason, and without its bytes in the spool."""
    with (folder / "movie.csv").open("wb") as file:
        file.truncate(LARGEST + 1)
    settle(drop)
    assert (folder / "rejected" / "movie.csv").stat().st_size == LARGEST + 1
    assert "larger than any export" in notes(intake, "garbled")[0]


def test_a_row_dated_ahead_is_held_until_its_time(
    drop: FileDrop, folder: Path, intake: Intake, clock: SetClock
) -> None:
    """It is said once, and the row is taken when its time has come, without the file coming again."""
    later = NOON + timedelta(days=3)
    (folder / "export.csv").write_text(f"S-1 {NOON.isoformat()}\nS-2 {later.isoformat()}\n")
    settle(drop)
    assert samples(intake) == ["S-1"]
    assert notes(intake, "notice") == ["export.csv: 1 values are dated ahead of this gateway's clock, and held"]
    clock.now = later - AHEAD
    drop.look(10)
    assert samples(intake) == ["S-1", "S-2"]
    assert notes(intake, "notice") == ["export.csv: 1 values are dated ahead of this gateway's clock, and held"]


def test_what_was_moved_but_not_read_is_read_by_the_next_gateway(folder: Path, intake: Intake) -> None:
    """Killed between the two: the archive is the list of what there is to read."""

    def killed(*_: object) -> Conversion:
        raise KeyboardInterrupt

    (folder / "export.csv").write_bytes(b"S-1\n")
    with pytest.raises(KeyboardInterrupt):
        settle(FileDrop(ViCellBluExport(), FileSettings(folder), UTC_ZONE, intake, killed))
    FileDrop(ViCellBluExport(), FileSettings(folder), UTC_ZONE, intake, lines).look(0)
    assert samples(intake) == ["S-1"]


def test_a_file_that_grew_after_it_was_moved_comes_anew(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """A program that held it open wrote on; what is kept under a digest has that digest."""
    (folder / "archive").mkdir()
    (folder / "archive" / f"{sha256(b'S-1').hexdigest()}.csv").write_bytes(b"S-1\nS-2\n")
    settle(drop)
    drop.look(4)
    assert samples(intake) == ["S-1", "S-2"]
    assert [path.stem for path in (folder / "archive").iterdir()] == [sha256(b"S-1\nS-2\n").hexdigest()]


def test_notices_of_a_file_are_told_once(drop: FileDrop, folder: Path, intake: Intake) -> None:
    """With the name that the file came under."""
    (folder / "export.csv").write_bytes(b"S-1\n\nS-2\n")
    settle(drop)
    assert notes(intake, "notice") == ["export.csv: a line is empty"]


def test_the_worker_gives_what_the_instruments_file_gives(captures: Path) -> None:
    """The real export through a process of its own: every value, to the byte."""
    content = (captures / "exports/beckman_vi_cell_blu/Beckman_Vi-Cell-BLU_example01.csv").read_bytes()
    found = worker.convert("vicell-blu-export", content, UTC_ZONE)
    first = found.measurements[0]
    assert (len(found.measurements), first.channel, first.value, first.sample) == (
        30,
        "total_cells",
        "780000",
        "CLB001",
    )
    assert (first.quality, first.raw) == (Quality.GOOD, content.splitlines(keepends=True)[1])
    assert first.source_time == datetime(2022, 3, 21, 16, 56, tzinfo=UTC)


def test_the_worker_refuses_with_the_files_reason() -> None:
    """Its last line on standard error is the sentence."""
    with pytest.raises(ProtocolError, match=r"^no export of a Vi-CELL BLU: it has no column"):
        worker.convert("vicell-blu-export", b"Well,Count\r\n", UTC_ZONE)


def test_what_a_library_prints_is_no_part_of_a_conversion(captures: Path) -> None:
    """The reader of old spreadsheets warns on standard output of one that lacks its last bytes, and reads it."""
    content = (captures / "exports/beckman_vi_cell_xr/Beckman_Vi-Cell-XR_example03_instrumentOutput.xls").read_bytes()
    assert len(worker.convert("vicell-xr-export", content[:-100], UTC_ZONE).measurements) == 102


class Program(Protocol):
    """Makes a program stand in for the worker."""

    def __call__(self, text: str) -> None:
        """Write it, in the shell's language."""


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    def write(text: str) -> None:
        program = tmp_path / "worker"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return write


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("kill -SEGV $$", "its converter crashed"),
        ("echo 'MemoryError' >&2; exit 1", "MemoryError"),
        ("echo 'no conversion'", "gave no conversion"),
        ("exec sleep 60", "took longer than"),
    ],
)
def test_a_file_that_breaks_the_worker_is_named_and_the_rest_go_on(
    folder: Path, intake: Intake, instead: Program, monkeypatch: pytest.MonkeyPatch, program: str, reason: str
) -> None:
    """It crashes, runs out of memory, prints nonsense or hangs: it is put aside, and the file after it is read."""
    monkeypatch.setattr(worker, "PATIENCE", 1.0)
    instead(program)

    def convert(kind: str, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Conversion:
        return (worker.convert if b"bad" in content else lines)(kind, content, zone, dates)

    drop = FileDrop(ViCellBluExport(), FileSettings(folder), UTC_ZONE, intake, convert)
    (folder / "bad.csv").write_bytes(b"bad")
    (folder / "good.csv").write_bytes(b"S-1\n")
    settle(drop)
    assert samples(intake) == ["S-1"]
    assert (folder / "rejected" / "bad.csv").read_bytes() == b"bad"
    assert reason in (folder / "rejected" / "bad.csv.reason.txt").read_text()


def test_a_file_that_was_refused_may_come_again(folder: Path, intake: Intake) -> None:
    """Once the site has said how its dates are written, the same file is read."""

    def convert(kind: str, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Conversion:
        if not dates:
            raise ProtocolError("3/4/2022 may be read in two ways")
        return lines(kind, content, zone, dates)

    for number, dates in enumerate((None, DateOrder.DAY_FIRST)):
        (folder / "export.csv").write_bytes(b"S-1\n")
        drop = FileDrop(ViCellBluExport(), FileSettings(folder, dates=dates), UTC_ZONE, intake, convert)
        drop.look(number * 10)
        drop.look(number * 10 + 5)
        assert len(samples(intake)) == number
    assert "two ways" in notes(intake, "garbled")[0]
