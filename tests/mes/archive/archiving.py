"""Archives to check: of a batch in which all went well, of one in which it did not; and ways to tamper with them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from mes.archive import verify
from mes.archive.files import MANIFEST, manifest
from mes.ledger.seal_keys import announced
from tests.cast import ALICE
from tests.mes.fixtures import Copying
from tests.mes.laboratory import COI, Laboratory, opened
from tests.mes.played import Played
from tests.mes.reports.making import printed


@dataclass(frozen=True)
class Archive:
    """An archive on disk, the files in it, and the key that its site published."""

    file: Path
    batch: str
    files: Mapping[str, bytes]
    key: Path

    def flaws(self, name: str, content: bytes) -> list[str]:
        """Return what is wrong where a file was changed by somebody who made the manifest fit again."""
        return flaws_of(forged({**self.files, name: content}))


def forged(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files with a manifest of their own."""
    listed = {name: content for name, content in files.items() if name != MANIFEST}
    return {**listed, MANIFEST: manifest(listed)}


def flaws_of(files: Mapping[str, bytes]) -> list[str]:
    """Return what is wrong with attached files."""
    return verify.check(dict(files))[0]


def without_exceptions(lab: Laboratory) -> Played:
    """Play a batch in which nothing has to be explained."""
    batch = Played(lab).start(COI)
    batch.finish().review()
    batch.release()
    return batch


def corrected(lab: Laboratory) -> Played:
    """Play a batch with a deviation, a correction, a refused attempt, a remark and a conditional release."""
    batch = Played(lab).start(COI)
    batch.finish("1.5").do(c.RaiseDeviation(batch.number, "the lamp flickered", "1.5"), ALICE)
    batch.step("1.5").correct("1.5", "volume", "60.0 mL", "typing mistake")
    batch.complete("1.5")
    batch.verify("1.5")
    batch.do(c.AddComment(batch.number, "王医生 asked: 10⁶, ±, “é”, ≥ 70 %", "1.5"), ALICE)
    batch.settle().finish("3.1")
    with pytest.raises(Refused):
        batch.complete("1.1")
    batch.review(Stage.CONDITIONAL)
    batch.release(Stage.CONDITIONAL)
    return batch


def archived(batch: Played, folder: Path) -> Archive:
    """Have a batch's archive made, and its site's key published."""
    file, key = folder / f"{batch.number}.pdf", folder / "published.txt"
    file.write_bytes(printed(batch).content)
    with batch.lab.reading() as connection:
        key.write_text("".join(f"{each.key}\n" for each in announced(connection)))
    return Archive(file, batch.number, verify.read(file)[0], key)


def make(copied: Copying, folder: Path) -> dict[str, Archive]:
    """Make both archives, each in a laboratory of its own."""
    found = {}
    for name, play in (("whole", without_exceptions), ("corrected", corrected)):
        (folder / name).mkdir()
        with ExitStack() as stack:
            url = stack.enter_context(copied("sqlite", folder / name))
            found[name] = archived(play(stack.enter_context(opened(url, folder / name))), folder / name)
    return found
