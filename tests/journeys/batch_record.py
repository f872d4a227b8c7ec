"""What a demonstration leaves behind: what it said, its database, and the printed record."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from batch_records.master.load import load, shipped
from batch_records.master.recipe import Recipe
from tests.journeys.terminal import PATIENCE, Terminal, mes, processes_of
from tests.mes.reports.pdf_text import Pdf, read


@dataclass
class Played:
    """A batch that a demonstration played to its end."""

    folder: Path
    said: str

    @property
    def records(self) -> Path:
        """The database."""
        return self.folder / "mes.sqlite"

    @property
    def file(self) -> Path:
        """The printed record, as the last line that was said names it."""
        return Path(self.said.split()[-1])

    @property
    def batch(self) -> str:
        """The batch's number."""
        return self.file.stem

    @cached_property
    def pdf(self) -> Pdf:
        """The printed record, page by page."""
        return read(self.file.read_bytes())

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """Every line of the batch's book, with its hash."""
        found = self.ask("select text, hash from line where book = ? order by page", f"batch:{self.batch}")
        return [json.loads(text) | {"hash": hash_.hex()} for text, hash_ in found]

    @property
    def head(self) -> str:
        """The hash of the last line."""
        return str(self.lines[-1]["hash"])

    @property
    def recipe(self) -> Recipe:
        """The recipe that the batch was issued by."""
        return load(shipped()[self.lines[0]["body"]["recipe"]])

    def copy_to(self, folder: Path) -> Path:
        """Copy the database into a folder, what still stands in its write-ahead log included."""
        with (
            closing(sqlite3.connect(f"file:{self.records}?mode=ro", uri=True)) as records,
            closing(sqlite3.connect(folder / self.records.name)) as copy,
        ):
            records.backup(copy)
        if (witness := self.folder / "witness.jsonl").exists():
            shutil.copy(witness, folder)
        return folder / self.records.name

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database, in its own language."""
        with closing(sqlite3.connect(f"file:{self.records}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def readings_used(self) -> list[dict[str, Any]]:
        """Return the body of each line that quotes a reading."""
        return [line["body"] for line in self.lines if line["kind"] == "reading taken"]


def play(folder: Path, *options: str, **environment: str) -> Played:
    """Have the demonstration play; it must come to its end, and leave no process behind."""
    with Terminal(f"exec {mes('demo', '--folder', folder, *options)}", environment) as terminal:
        code = terminal.end(4 * PATIENCE)
    assert code == 0, terminal.shown
    assert processes_of(folder) == {}
    return Played(folder, terminal.shown)


def assert_readings_are_printed(played: Played) -> None:
    """Every reading used stands in the record: instrument, number, channel, and the digest of the bytes stored."""
    assert played.readings_used()
    for used in played.readings_used():
        ((raw,),) = played.ask(
            "select raw from reading where instrument = ? and sequence = ?", used["instrument"], used["sequence"]
        )
        assert hashlib.sha256(raw).hexdigest() == used["raw_digest"]
        assert played.pdf.has(used["raw_digest"]), used
        channel = used["channel"].replace("_", " ")
        assert played.pdf.has(f"{used['instrument']} {used['sequence']} {channel}"), used
