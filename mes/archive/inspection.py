"""An archive looked at before it is imported: verified with a key that was got elsewhere, and what it is of."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from batch_records.executed.commands import Person
from mes.archive import verify
from mes.archive.commands import ImportArchive
from mes.archive.opened import open_archive
from mes.context import installation
from mes.execute import HANDLERS


def kept_at(digest: str) -> Path:
    """Return where the file of an imported archive is kept."""
    return installation().settings.folder / "archives" / f"{digest}.pdf"


def inspect(content: bytes, published: str, by: Person) -> ImportArchive:
    """Keep a file and return the command that imports it; it says what is wrong, if anything is.

    ``published`` are the keys of the site that made it, a row each, as that site gave them to us. For somebody who may
    not import, nothing is kept or read: the command will be refused.
    """
    digest = hashlib.sha256(content).hexdigest()
    file = kept_at(digest)
    if not by.roles & HANDLERS[ImportArchive].roles:
        return ImportArchive(digest)
    if not published.strip():
        return ImportArchive(digest, problem="enter the key that the other site published: its own file proves nothing")
    _keep(file, content)
    try:
        files, pdf = verify.read(file)
        flaws, _ = verify.check(files, pdf, f"{published.strip()}\n".encode())
        if flaws:
            return ImportArchive(digest, problem=f"this archive is not whole: {flaws[0]}")
        opened = open_archive(file)
    except (KeyError, ValueError, zlib.error) as error:
        return ImportArchive(digest, problem=f"this is no archive of a batch that can be read here: {error}")
    batch, key = opened.batch, verify.rows(files["keys.txt"])[0]
    return ImportArchive(
        digest,
        batch.id,
        batch.coi,
        batch.issue.product,
        key.partition("+")[0],
        key,
        hashlib.sha256(files["manifest.txt"]).hexdigest(),
        batch.last.page,
        batch.last.at.isoformat(),
    )


def _keep(file: Path, content: bytes) -> None:
    """Keep the bytes under their digest."""
    file.parent.mkdir(exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(file)
