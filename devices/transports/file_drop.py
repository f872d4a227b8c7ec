"""A folder into which an instrument's program exports files.

    folder/export.csv                  comes and grows; it is read when it has stopped growing
    folder/archive/<sha256>.csv        byte for byte, named by its digest, moved here before it is read
    folder/rejected/<name>             what could not be read, and beside it <name>.reason.txt

A file that cannot be moved yet, because its program has it open or it is not ours to move, is named and waits; the
others are taken. One that is larger than any export is put aside unread.

A file is taken once, whatever it is called and however often it comes; a row of it is taken once, in whatever file it
comes. What is in the archive but not yet noted as read is read: that is how a gateway that was killed goes on.

A row dated after the gateway's time is not taken as if it had been measured: it is held, with a notice, and taken when
its time has come. Either the instrument's clock is wrong, and somebody will hear of it, or this is a demonstration
that plays an export of the past from its beginning.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event as Stop
from zoneinfo import ZoneInfo

from devices import worker
from devices.backoff import Backoff
from devices.config import FileSettings
from devices.instrument import Conversion, DateOrder, FileInstrument
from devices.intake import Intake
from devices.protocols import ProtocolError
from devices.spool import SpoolError

AHEAD = timedelta(minutes=2)  # by which an instrument's clock may differ before its rows are held
LARGEST = 64 * 2**20  # bytes of an export; the longest seen had 64 thousand
NOTED = 65_536  # bytes of a rejected file in the spool; all of them are in its folder
UNFINISHED = (".tmp", ".part", ".crdownload", "~")

_log = logging.getLogger(__name__)

Converter = Callable[[str, bytes, ZoneInfo, DateOrder | None], Conversion]


class FileDrop:
    """One instrument's folder."""

    def __init__(
        self,
        instrument: FileInstrument,
        settings: FileSettings,
        zone: ZoneInfo,
        intake: Intake,
        convert: Converter = worker.convert,
    ) -> None:
        self._instrument, self._settings, self._zone, self._intake = instrument, settings, zone, intake
        self._convert = convert
        self._archive, self._rejected = settings.folder / "archive", settings.folder / "rejected"
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}  # file → its size and time, and since when
        self._names: dict[str, str] = {}  # digest → the name it came with
        self._held: dict[str, Conversion] = {}  # digest → what was read, while some of it is not due

    def run(self, stop: Stop) -> None:
        """Watch until told to stop."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                waiting = self.look(time.monotonic())
                self._intake.state("watching", "; ".join(waiting))
                backoff.reset()
                stop.wait(self._settings.poll)
            except OSError as lost:
                self._intake.state("no folder", f"{self._settings.folder}: {lost}")
                stop.wait(backoff.wait())
            except SpoolError as full:
                _log.error("%s: files wait: %s", self._intake.instrument, full)
                stop.wait(backoff.wait())

    def look(self, now: float) -> list[str]:
        """Take what has come and stopped growing, and what is due; ``now`` is monotonic seconds.

        Return a sentence for each file that cannot be moved yet.
        """
        for folder in (self._archive, self._rejected):
            folder.mkdir(exist_ok=True)
        waiting = []
        for path in self._settled(now):
            try:
                self._move_to_archive(path)
            except OSError as busy:
                waiting.append(f"{path.name} waits: {busy.strerror}")
        read = self._intake.spool.files(self._intake.instrument)
        for path in sorted(self._archive.iterdir()):
            due = read.get(path.stem)
            if path.stem not in read or (due and due <= self._intake.clock()):
                self._take(path)
        return waiting

    def _settled(self, now: float) -> list[Path]:
        """Return the files whose size and time have not changed for a while."""
        found = {}
        for path in self._settings.folder.iterdir():
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(UNFINISHED):
                status = path.stat()
                looks = (status.st_size, status.st_mtime_ns)
                before, since = self._seen.get(path, (None, now))
                found[path] = (looks, since if before == looks else now)
        self._seen = found
        return sorted(
            path for path, ((size, _), since) in found.items() if size and now - since >= self._settings.settle
        )

    def _move_to_archive(self, path: Path) -> None:
        """Move, never edit; an equal file that is there already is replaced by its equal."""
        if path.stat().st_size > LARGEST:
            self._reject(path, f"larger than any export: more than {LARGEST} bytes")
            return
        digest = sha256(path.read_bytes()).hexdigest()
        if digest in self._intake.spool.files(self._intake.instrument):
            self._intake.remark(f"{path.name} came again and is known: sha256:{digest}")
        self._names[digest] = path.name
        kept = self._archive / f"{digest}{path.suffix.lower()}"
        path.replace(kept)
        with kept.open("rb") as file:
            os.fsync(file.fileno())

    def _take(self, path: Path) -> None:
        content = path.read_bytes()
        if sha256(content).hexdigest() != path.stem:
            # Its program had it open and wrote on after it was moved: it comes anew, under its new digest.
            path.replace(self._settings.folder / f"grown-{path.name}")
            return
        try:
            conversion = self._held.get(path.stem) or self._converted(content)
        except ProtocolError as refused:
            self._reject(path, str(refused))
        else:
            self._store(path, conversion)

    def _converted(self, content: bytes) -> Conversion:
        return self._convert(self._instrument.kind, content, self._zone, self._settings.dates)

    def _store(self, path: Path, conversion: Conversion) -> None:
        latest = self._intake.clock() + AHEAD
        due = [row for row in conversion.measurements if not (row.source_time and row.source_time > latest)]
        ahead = [row.source_time for row in conversion.measurements if row.source_time and row.source_time > latest]
        name = self._names.get(path.stem, path.name)
        self._intake.take(due)
        if path.stem not in self._intake.spool.files(self._intake.instrument):
            for notice in conversion.notices:
                self._intake.notice(f"{name}: {notice}")
            if ahead:
                self._intake.notice(f"{name}: {len(ahead)} values are dated ahead of this gateway's clock, and held")
        next_due = min(ahead, default=None)
        self._held = {digest: held for digest, held in self._held.items() if digest != path.stem}
        if next_due:
            self._held[path.stem] = conversion
        self._intake.spool.file_read(self._intake.instrument, path.stem, name, next_due and next_due - AHEAD)

    def _reject(self, path: Path, reason: str) -> None:
        kept = self._rejected / self._names.get(path.stem, path.name)
        if kept.exists():
            kept = self._rejected / path.name
        path.replace(kept)
        kept.with_name(f"{kept.name}.reason.txt").write_text(f"{reason}\n", "utf-8")
        with kept.open("rb") as file:
            self._intake.garbled(file.read(NOTED), f"{kept}: {reason}")
