"""A printed record and its files become one PDF/A-3.

It is written so that ``verify.py`` finds its way with a page of Python: one table of objects, each object by itself.
The second identifier of the file (ISO 32000-1, 14.4) is the digest of all its bytes, counted with zeros in its own
place; the first is the digest of the record attached to it.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from datetime import datetime

import pikepdf
from pikepdf import Array, AttachedFileSpec, Name

from mes.archive.files import record_digest

_KINDS = {
    "txt": ("text/plain", Name.Data),
    "yaml": ("application/yaml", Name.Source),
    "json": ("application/json", Name.Schema),
    "py": ("text/x-python", Name.Supplement),
}
_WORDS = {
    "README.txt": "How to check this record",
    "checkpoint.txt": "The signed root of the site's ledger",
    "keys.txt": "Public keys",
    "ledger.txt": "The lines of the record",
    "manifest.txt": "Digests of the attached files",
    "proofs.txt": "Proofs that the lines stand in the site's ledger",
    "readings.txt": "What the instruments sent",
    "recipe.yaml": "The recipe as approved",
    "schema.json": "What the lines mean",
    "verify.py": "A program that checks this record",
}
_IDENTIFIERS = re.compile(rb"/ID \[<\w+><\w+>\]")


def embed(printed: bytes, files: Mapping[str, bytes], at: datetime) -> bytes:
    """Attach files to a printed record, and return it as one PDF/A-3."""
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        associated = Array()
        for name, content in sorted(files.items()):
            mime, relationship = _KINDS[name.rpartition(".")[2]]
            spec = AttachedFileSpec(
                pdf,
                content,
                filename=name,
                description=_WORDS[name],
                mime_type=mime,
                creation_date=f"D:{at:%Y%m%d%H%M%S}Z",
                mod_date=f"D:{at:%Y%m%d%H%M%S}Z",
            )
            spec.obj.AFRelationship = relationship
            pdf.attachments[name] = spec
            associated.append(pdf.attachments[name].obj)
        pdf.Root.AF = associated
        written = io.BytesIO()
        pdf.save(written, object_stream_mode=pikepdf.ObjectStreamMode.disable, deterministic_id=True)
    return _identified(written.getvalue(), record_digest(files).encode())


def _identified(pdf: bytes, record: bytes) -> bytes:
    """Give a file the identifiers that follow from what is in it. They stand behind all that has an offset."""
    trailer = pdf.rindex(b"trailer")
    blank = _IDENTIFIERS.sub(b"/ID [<%s><%s>]" % (record, b"0" * 64), pdf[trailer:])
    digest = hashlib.sha256(pdf[:trailer] + blank).hexdigest().encode()
    return pdf[:trailer] + blank.replace(b"0" * 64, digest)
