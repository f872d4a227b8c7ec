"""The files that are attached to a batch record. Their format is described in README.txt, and never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from mes.archive.gather import Gathered
from mes.archive.schema import schema
from mes.archive.sealed import Seal

_HERE = Path(__file__).parent
MANIFEST = "manifest.txt"


def files_of(gathered: Gathered, seal: Seal) -> dict[str, bytes]:
    """Return the attachments of an archive by their names, the manifest among them."""
    lines = (f"{line.previous} {line.hash} {line.text}\n" for line in gathered.lines)
    texts = {
        "README.txt": (_HERE / "README.txt").read_text().replace("{batch}", gathered.batch),
        "checkpoint.txt": seal.checkpoint,
        "keys.txt": seal.keys,
        "ledger.txt": "".join(lines),
        "proofs.txt": seal.proofs,
        "readings.txt": "".join(f"{row}\n" for row in gathered.readings),
        "recipe.yaml": gathered.recipe,
        "schema.json": schema(),
        "verify.py": (_HERE / "verify.py").read_text(),
    }
    files = {name: text.encode() for name, text in texts.items()}
    return files | {MANIFEST: manifest(files)}


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return the digests of files, as ``sha256sum`` writes and checks them."""
    rows = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return "".join(rows).encode()


def record_digest(files: Mapping[str, bytes]) -> str:
    """Return the digest of all that is attached: it is printed on the pages."""
    return hashlib.sha256(files[MANIFEST]).hexdigest()
