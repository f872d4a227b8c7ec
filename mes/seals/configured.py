"""Which witnesses an installation has: ``seals.toml`` in its folder names them; without it, a file beside the records.

[witnesses.share]
kind = "file"
path = "/mnt/witness/cell-lab.jsonl"

[witnesses.archive-server]
kind = "machine"                # ./lab witness, or any other that speaks C2SP tlog-witness
url = "http://10.0.0.7:8090"
key = "archive-server+…"        # what ./lab witness prints

[witnesses.time-stamps]
kind = "time stamp"             # an authority after RFC 3161
url = "http://tsa.example/"
certificate = "tsa.pem"         # whose signatures count: the authority's root, in this folder
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mes.seals.file_witness import FileWitness
from mes.seals.witness import Witness

BESIDE = "witness.jsonl"


class WrongSettings(ValueError):  # noqa: N818 - an answer to who wrote them
    """What ``seals.toml`` says is no witness; the sentence says where and why."""


def witnesses_of(folder: Path) -> tuple[Witness, ...]:
    """Return the witnesses of an installation; at least one. Raise `WrongSettings`."""
    file = folder / "seals.toml"
    if not file.exists():
        return (FileWitness("file", folder / BESIDE),)
    try:
        said = tomllib.loads(file.read_text("utf-8")).get("witnesses", {})
        made = tuple(_witness(folder, name, values) for name, values in said.items())
    except (OSError, ValueError, AttributeError) as error:
        raise WrongSettings(f"{file}: {error}") from None
    if not made:
        raise WrongSettings(f"{file} names no witness: at least one is needed")
    return made


def _witness(folder: Path, name: str, values: Mapping[str, Any]) -> Witness:
    make = _KINDS.get(values.get("kind", ""))
    if make is None:
        raise WrongSettings(f"the witness {name} is none of {', '.join(_KINDS)}")
    try:
        return make(folder, name, values)
    except KeyError as missing:
        raise WrongSettings(f"the witness {name} lacks {missing}") from None


_KINDS: dict[str, Callable[[Path, str, Mapping[str, Any]], Witness]] = {
    "file": lambda folder, name, values: FileWitness(name, folder / values["path"]),
}
