"""The browser for machines whose packages have none."""

from __future__ import annotations

import hashlib
import io
import tarfile

import brotli
import pytest

from tests.services.fetch_chromium import unpack


def package(program: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as made:
        entry = tarfile.TarInfo("package/bin/chromium.br")
        entry.size = len(packed := brotli.compress(program))
        made.addfile(entry, io.BytesIO(packed))
    return archive.getvalue()


def test_the_program_comes_out_of_the_package() -> None:
    """What the package holds compressed is what will run."""
    archive = package(b"\x7fELF")
    assert unpack(archive, hashlib.sha256(archive).hexdigest()) == b"\x7fELF"


def test_another_package_under_the_same_name_is_refused() -> None:
    """A registry that hands out something else than what was reviewed is not believed."""
    with pytest.raises(ValueError, match="not what it was when we locked it"):
        unpack(package(b"something else"))
