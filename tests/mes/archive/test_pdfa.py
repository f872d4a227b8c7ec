"""The archive is a PDF/A-3 (ISO 19005-3): the clauses that decide whether it can be read in thirty years.

There is no validator among our tools, so each clause that the writer could break is looked at by itself.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pikepdf
import pytest
from pikepdf import Name

from mes.archive import verify
from tests.mes.archive.archiving import Archive
from tests.mes.reports.pdf_text import read


@pytest.fixture
def pdf(archive: Archive) -> Iterator[pikepdf.Pdf]:
    """The archive as another PDF library reads it."""
    with pikepdf.open(archive.file) as opened:
        yield opened


@pytest.mark.requirement("RQ-003")
def test_it_says_what_it_is(pdf: pikepdf.Pdf) -> None:
    """6.6.4: part and conformance stand in its metadata, which is plain and agrees with the information dictionary."""
    metadata = pdf.Root.Metadata
    text = metadata.read_raw_bytes().decode()
    assert "/Filter" not in metadata
    assert re.search(r"<pdfaid:part>3<|pdfaid:part=\"3\"", text)
    assert re.search(r"<pdfaid:conformance>U<|pdfaid:conformance=\"U\"", text)
    with pdf.open_metadata() as said:
        assert said["dc:title"] == str(pdf.docinfo["/Title"])


def test_colours_are_those_of_a_profile_inside(pdf: pikepdf.Pdf) -> None:
    """6.2.3: one output intent, with its profile in the file."""
    (intent,) = pdf.Root.OutputIntents
    assert Name("/GTS_PDFA1") == intent.S
    assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"


def test_every_font_is_inside(pdf: pikepdf.Pdf) -> None:
    """6.2.11: each font is embedded, and says which letters its glyphs are."""
    fonts = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"]
    composed = [each for each in fonts if each.Subtype == "/Type0"]
    assert composed
    assert all("/ToUnicode" in each for each in composed)
    inside = ("/FontFile", "/FontFile2", "/FontFile3")
    described = [each.FontDescriptor for each in fonts if "/FontDescriptor" in each]
    assert all(any(name in each for name in inside) for each in described)
    assert len(described) == len(composed)


@pytest.mark.requirement("RQ-003")
def test_every_attachment_says_what_it_is_to_the_pages(archive: Archive, pdf: pikepdf.Pdf) -> None:
    """6.8: name, kind, date and relationship of each file, which the document as a whole is associated with."""
    names = {str(each.UF) for each in pdf.Root.AF}
    assert names == {*verify.NAMES, "manifest.txt"} == set(pdf.attachments)
    for each in pdf.Root.AF:
        stream = each.EF.F
        assert each.F == each.UF
        assert each.AFRelationship in ("/Data", "/Source", "/Schema", "/Supplement")
        assert stream.Type == "/EmbeddedFile"
        assert "/" in str(stream.Subtype)[1:]
        assert str(stream.Params.ModDate).startswith("D:2026")
        assert stream.read_bytes() == archive.files[str(each.UF)]


def test_nothing_in_it_runs_or_leads_out(archive: Archive, pdf: pikepdf.Pdf) -> None:
    """6.5, 6.6: no script, no action, no encryption, no stream from elsewhere, nothing behind its end."""
    banned = ("/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/Encrypt", "/FFilter", "/LZWDecode", "/XFA")
    for each in pdf.objects:
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            assert not [name for name in banned if name in each]
    content = archive.file.read_bytes()
    assert content.count(b"%%EOF") == 1
    assert content.endswith(b"%%EOF\n")
    assert len(pdf.trailer.ID) == 2


@pytest.mark.requirement("RQ-061")
@pytest.mark.requirement("RQ-118")
def test_the_pages_say_what_the_lines_say(archive: Archive) -> None:
    """Every value, name and hash of the batch's lines is printed; each page says which it is; no glyph lacks."""
    printed = read(archive.file.read_bytes())
    assert printed.missing == 0
    lines = [each for each in verify.read_lines(archive.files["ledger.txt"], []) if each.book.startswith("batch:")]
    for line in lines:
        assert printed.has(line.hash), line
        assert not line.signed or printed.has(f"{line.signed['meaning']}{line.signed['name']}"), line
        assert printed.has(str(line.body.get("value", "")).partition(" ")[0].partition("T")[0]), line
    for number, page in enumerate(printed.pages, 1):
        assert f"page{number}of{len(printed.pages)}" in "".join(page.split()).lower()
    assert printed.has("The record itself is attached to this file")  # which form counts is said on both
    assert b"What is attached is what counts" in archive.files["README.txt"]


def test_it_is_read_by_another_library(archive: Archive) -> None:
    """A second reader finds no fault in its structure."""
    with pikepdf.open(io.BytesIO(archive.file.read_bytes())) as pdf:
        assert pdf.check_pdf_syntax() == []
