"""What a workbook (xlsx) says of its size, looked at before anything of it is unpacked.

A workbook is a zip of XML. A few kilobytes of it can unpack to gigabytes, and a few letters of XML can stand for as
many; a sheet of two cells can claim to have millions between them. No export is like that.
"""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from devices.protocols import ProtocolError

LARGEST = 32 * 2**20  # bytes, unpacked; the longest export seen had one million
PARTS = 200
CELLS = 1_000_000  # from the first to the last of a sheet
_ENTITY = re.compile(rb"<\x00?!\x00?(D\x00?O\x00?C\x00?T|E\x00?N\x00?T)", re.IGNORECASE)  # in UTF-8 or UTF-16
_PLACE = re.compile(rb'\br="([A-Z]{1,9})([0-9]{1,9})"')


def must_be_modest(content: bytes) -> None:
    """Raise `ProtocolError` for a workbook that is larger inside than any export."""
    try:
        with ZipFile(BytesIO(content)) as parts:
            listed = parts.infolist()
            if len(listed) > PARTS or sum(part.file_size for part in listed) > LARGEST:
                raise ProtocolError(f"the table unpacks to more than any export: {LARGEST} bytes in {PARTS} parts")
            for part in listed:
                _must_be_plain(parts.read(part), is_sheet="/sheet" in part.filename)
    except (BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ProtocolError(f"the table cannot be read: {error}") from error


def _must_be_plain(text: bytes, *, is_sheet: bool) -> None:
    if _ENTITY.search(text):
        raise ProtocolError("the table defines abbreviations of its own, as no export does")
    if is_sheet:
        places = [(_column(letters), int(digits)) for letters, digits in _PLACE.findall(text)]
        across, down = (max((place[axis] for place in places), default=0) for axis in (0, 1))
        if across * down > CELLS:
            raise ProtocolError(f"the table claims {across} columns and {down} lines, more than any export")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
