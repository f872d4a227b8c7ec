"""What is sent in as a file is small, plain and of its kind, or is refused (ASVS 5.2, 5.3, 5.4)."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from devices import worker
from devices.protocols import ProtocolError
from devices.workbook import must_be_modest
from tests.architecture.source import ROOT
from tests.mes.furnishing import SHORT
from tests.security.door import Door

ZEROES = b"\0" * 2**20
XML = b'<?xml version="1.0"?>'
LAUGHS = XML + b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><v>&b;</v></worksheet>'


def zipped(**parts: bytes) -> bytes:
    """Return a zip of parts, as a workbook is."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def bomb() -> bytes:
    """Return a workbook of some hundred kilobytes that unpacks to a hundred megabytes."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED, compresslevel=9) as file, file.open("xl/worksheets/sheet1.xml", "w") as sheet:
        for _ in range(100):
            sheet.write(ZEROES)
    return made.getvalue()


def wide(cell: str) -> bytes:
    """Return a workbook of two cells with everything between them."""
    book, made = openpyxl.Workbook(), BytesIO()
    book.active["A1"], book.active[cell] = "Sample ID", "x"
    book.save(made)
    return made.getvalue()


def lying() -> bytes:
    """Return a zip whose directory says that a part is small, though it is not."""
    content = zipped(**{"xl/worksheets/sheet1.xml": ZEROES})
    return content.replace(struct.pack("<I", 2**20), struct.pack("<I", 10))


BOMBS = {
    "a thousand to one": bomb,
    "a zip in a zip": lambda: zipped(**{"xl/worksheets/sheet1.xml": zipped(a=bomb())}),
    "ten thousand parts": lambda: zipped(**{f"xl/{number}.xml": b"" for number in range(10_000)}),
    "abbreviations": lambda: zipped(**{"xl/worksheets/sheet1.xml": LAUGHS}),
    "abbreviations in UTF-16": lambda: zipped(**{"xl/worksheets/sheet1.xml": LAUGHS.decode().encode("utf-16")}),
    "two cells far apart": lambda: wide("XFD1048576"),
    "a directory that lies": lying,
    "no zip": lambda: b"PK\x03\x04" + b"\xff" * 100,
}


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize("kind", BOMBS)
def test_a_workbook_that_is_larger_inside_is_refused(kind: str) -> None:
    """ASVS 5.2.3, 1.5.1: by the gateway's converter, with a sentence; the gateway goes on."""
    with pytest.raises(ProtocolError, match=r"table|Vi-CELL|file format"):
        worker.convert("vicell-xr-export", BOMBS[kind](), ZoneInfo("UTC"))


_MEASURE = """
import resource, sys
from devices.workbook import must_be_modest
from devices.protocols import ProtocolError
content = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    must_be_modest(content)
except ProtocolError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("kind", ["a thousand to one", "ten thousand parts", "abbreviations", "two cells far apart"])
def test_it_is_refused_before_it_is_unpacked(kind: str) -> None:
    """The memory that the refusal takes is a few megabytes, however much the file claims."""
    command = [sys.executable, "-c", _MEASURE]
    done = subprocess.run(command, input=BOMBS[kind](), capture_output=True, check=True, cwd=ROOT)
    assert int(done.stdout) < 50_000  # kilobytes


def test_an_ordinary_workbook_is_none_of_these() -> None:
    """A table of a thousand lines passes."""
    assert must_be_modest(wide("Z1000")) is None


# --- recipes: the one kind of file that a page takes -------------------------------------------------------------


def upload(door: Door, content: bytes, name: str = "short.yaml", **more: str) -> int:
    """Send a recipe as a reviewer, and return the status."""
    form = {"csrf_token": door.tokens["quality reviewer"], **more}
    return door.send("quality reviewer", "POST", "/recipes/", data=form, files={"file": (name, content)}).status_code


def png(width: int, height: int) -> bytes:
    """Return a picture that says that it is very large."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


RECIPES = {
    "aliases": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(20)),
    "depth": b"[" * 100_000,
    "depth of maps": b"{a: " * 20_000,
    "a tag": b"!!python/object/apply:os.system ['true']",
    "an include": SHORT.replace("A short one", "!include /etc/passwd").encode(),
    "a merge": b"<<: *nothing\n",
    "a picture": png(50_000, 50_000),
    "a zip": zipped(a=ZEROES),
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a document": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>",
    "another alphabet": SHORT.encode("utf-16"),
    "a NUL": b"recipe: a\0b\n",
    "nothing": b"",
    "a number without end": b"recipe: " + b"9" * 100_000,
    "one long line": b"a" * 3_000_000,
}


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize("kind", RECIPES)
def test_what_is_no_recipe_is_refused(door: Door, kind: str) -> None:
    """ASVS 5.2.2, 1.5.2: whatever it is instead, it is refused with a sentence, and no draft is kept."""
    before = door.lab.count("recipe_edition")
    assert upload(door, RECIPES[kind]) in (400, 409, 413)
    assert door.lab.count("recipe_edition") == before


NAMES = (
    "../../etc/short.yaml",
    "..\\..\\short.yaml",
    "/etc/passwd",
    "a\0b.yaml",
    "CON.yaml",
    ".yaml",
    "x" * 5_000,
    "%2e",
)


def codes(door: Door) -> set[str]:
    """Return the codes of all recipes."""
    with door.lab.reading() as connection:
        return set(connection.exec_driver_sql("SELECT DISTINCT code FROM recipe_edition").scalars())


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_leads_nowhere(door: Door, name: str) -> None:
    """ASVS 5.3.2: the name of a file is no path: the last part of it is a recipe's code, or it is refused."""
    before = codes(door)
    assert upload(door, SHORT.encode(), name) in (302, 400, 409, 413)
    assert codes(door) == before
    assert not (door.lab.folder / "etc").exists()


def test_what_is_too_much_is_not_read(door: Door) -> None:
    """ASVS 5.2.1: nine megabytes, a form of many parts, a field of a megabyte, a header without end: refused."""
    assert upload(door, b"x" * 9_000_000) == 413
    assert upload(door, SHORT.encode(), **{f"field{number}": "x" for number in range(2_000)}) == 413
    form = {"csrf_token": door.tokens["operator"], "text": "x" * 1_000_000}
    assert door.send("operator", "POST", "/batches/B26-0001/comments", data=form).status_code == 413


def test_nothing_that_was_sent_in_is_served_as_a_file(door: Door) -> None:
    """ASVS 5.4.1: of files, the application gives back its own style, and records that it printed itself."""
    giving = {route.endpoint for route in door.routes if "path:" in route.rule or route.rule.endswith(".pdf")}
    assert giving == {"static", "reports.download", "archive.download", "supply.document"}
    for name in (
        "../settings.py",
        "..%2f..%2fsettings.py",
        "/etc/passwd",
        "....//settings.py",
        "%00",
        "vendor/../../x",
    ):
        assert door.send("operator", "GET", f"/static/{name}").status_code in (302, 308, 400, 404)
