"""What is done with tables of codes: loaded, as the site got them, by a signature of quality."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from batch_records.values.isbt128 import is_facility
from mes.codes.models import CodeTable
from mes.context import installation
from mes.execute import Doing, handles

_MOST = 200_000
KINDS: Mapping[str, Callable[[str], object]] = {
    "facilities": is_facility,
    "products": lambda code: re.fullmatch(r"[A-Z][A-Z0-9]{4}", code, re.ASCII),
}


@dataclass(frozen=True)
class LoadCodes:
    """Load an edition of a table: ``text`` is CSV with a code and what it is called in each line."""

    kind: str
    edition: str
    text: str


@handles(
    LoadCodes,
    "loaded a table of codes",
    roles=(Role.REVIEWER.value,),
    books=lambda _: ("laboratory",),
    signature="approved",
)
def load_codes(doing: Doing, command: LoadCodes) -> None:
    """Keep the file under its digest, and say in the ledger which edition it is."""
    if command.kind not in KINDS:
        raise Malformed("kind", "a table is of facilities or of products")
    if not re.fullmatch(r"[\w.: -]{1,60}", command.edition):
        raise Malformed("edition", "write which edition it is, in up to 60 letters and digits")
    name = f"{command.kind} {command.edition}"
    if doing.session.get(CodeTable, name):
        raise Refused(f"edition {command.edition} of the table of {command.kind} was loaded before")
    codes, digest = read(command.kind, command.text), _keep(command.text)
    row = CodeTable(id=name, kind=command.kind, edition=command.edition, digest=digest, codes=len(codes))
    row.loaded = doing.act.at
    doing.session.add(row)
    body = {"kind": command.kind, "edition": command.edition, "digest": digest}
    doing.act.write(row.book, "codes loaded", body, signed=doing.signed)


def read(kind: str, text: str) -> dict[str, str]:
    """Read a table; a first line of heads is passed over. Raise `Malformed` for a line that is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(csv.reader(io.StringIO(text)), 1):
        code, words = [*line, "", ""][:2]
        if not line or (number == 1 and not KINDS[kind](code)):
            continue
        if not KINDS[kind](code) or not words.strip() or code in found:
            raise Malformed("file", f"line {number} of the file is no new code with its name")
        found[code] = words.strip()
    if not 0 < len(found) <= _MOST:
        raise Malformed("file", f"a table has 1 to {_MOST:,} codes")
    return found


def folder() -> Path:
    """Return where the files of tables lie; a back-up takes them along."""
    return installation().settings.folder / "codes"


def _keep(text: str) -> str:
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()
    folder().mkdir(exist_ok=True)
    draft = folder() / f".{digest}.{os.getpid()}"
    draft.write_bytes(content)
    draft.replace(folder() / f"{digest}.csv")
    return digest
