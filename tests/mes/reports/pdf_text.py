"""The text of a PDF, page by page, as a reader copies it: glyphs through the fonts' own tables."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pikepdf

_PAIRS = re.compile(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")
_RANGES = re.compile(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")


@dataclass
class Pdf:
    """A PDF's pages as text, and what it could not say."""

    pages: list[str]
    missing: int  # glyphs that stand for nothing: boxes in place of letters
    attachments: list[str]

    @property
    def text(self) -> str:
        """All pages, without any blank: lines are broken where the page wants it."""
        return "".join("".join(page.split()) for page in self.pages)

    def has(self, words: str) -> bool:
        """Say whether words stand somewhere, however they were broken into lines."""
        return "".join(words.split()) in self.text


def read(content: bytes) -> Pdf:
    """Read a PDF."""
    with pikepdf.open(io.BytesIO(content)) as document:
        missing = [0]
        pages = ["".join(_shown(page, missing)) for page in document.pages]
        return Pdf(pages, missing[0], sorted(document.attachments))


def _shown(page: pikepdf.Page, missing: list[int]) -> Iterator[str]:
    fonts = {name: _table(font) for name, font in page.resources.get("/Font", {}).items()}
    letters: Mapping[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            letters = fonts[str(operands[0])]
        elif str(operator) in ("Td", "Tm", "T*", "ET"):
            yield " "
        elif str(operator) in ("Tj", "TJ"):
            parts = operands[0] if str(operator) == "TJ" else [operands[0]]
            for part in parts:
                if isinstance(part, pikepdf.String):
                    yield from _decoded(bytes(part), letters, missing)


def _decoded(glyphs: bytes, letters: Mapping[int, str], missing: list[int]) -> Iterator[str]:
    for start in range(0, len(glyphs), 2):
        glyph = int.from_bytes(glyphs[start : start + 2])
        missing[0] += glyph == 0
        yield letters.get(glyph, "")


def _table(font: pikepdf.Object) -> dict[int, str]:
    """Return which glyph stands for which letters."""
    if "/ToUnicode" not in font:
        return {}
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", font.ToUnicode.read_bytes(), re.DOTALL):
        found |= {int(glyph, 16): _letters(text) for glyph, text in _PAIRS.findall(block)}
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", font.ToUnicode.read_bytes(), re.DOTALL):
        for first, last, text in _RANGES.findall(block):
            for glyph in range(int(first, 16), int(last, 16) + 1):
                found[glyph] = chr(int(text, 16) + glyph - int(first, 16))
    return found


def _letters(text: bytes) -> str:
    return bytes.fromhex(text.decode()).decode("utf-16-be")
