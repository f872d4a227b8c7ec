"""An archive opened again: its lines folded and laid out by the present code, whatever wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batch_records.executed.batch import Batch
from batch_records.executed.fold import fold
from batch_records.master.load import load
from mes.archive import verify
from mes.archive.gather import KeptLine
from mes.batches.folds import stamped


@dataclass(frozen=True)
class Opened:
    """What an archive holds: the batch, its lines, and the names of the people in it."""

    batch: Batch
    lines: tuple[KeptLine, ...]
    names: Mapping[str, str]


def open_archive(file: Path) -> Opened:
    """Read an archive that was verified. Raise `ValueError` where it is none."""
    files, _ = verify.read(file)
    found = [
        KeptLine(each.book, each.page, row[130:], each.previous, each.hash)
        for each, row in zip(verify.read_lines(files["ledger.txt"], []), verify.rows(files["ledger.txt"]), strict=True)
    ]
    own = tuple(line for line in found if line.book.startswith("batch:"))
    accounts = (line.content["body"]["values"] for line in found if line.content["kind"] == "user account added")
    names = {values["id"]: values["name"] for values in accounts}
    batch = fold(load(files["recipe.yaml"].decode()), [stamped(line.content, line.hash, names) for line in own])
    return Opened(batch, own, names)
