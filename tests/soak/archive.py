"""Archives with one thing altered: a byte turned, written over, left out, put in or changed for its neighbour.

Half of the trials alter what is attached, as somebody does who can write files and makes the list of their digests fit
again: the verifier must find it, and name the line or the file. The others alter a byte of the PDF as it is. What
happens in a trial depends on the seed and its number alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from mes.archive import verify
from tests.mes.archive.archiving import Archive, forged

# Those that a signature vouches for; of the others only the digest that is printed on the pages does.
SEALED = ("checkpoint.txt", "keys.txt", "ledger.txt", "proofs.txt", "readings.txt", "recipe.yaml")
_NAMES = {
    "checkpoint.txt": ("checkpoint.txt", "proof", "the seal"),
    "keys.txt": ("keys.txt", "checkpoint.txt", "the seal"),
    "proofs.txt": ("proof", "the seal"),
    "readings.txt": ("reading",),
    "recipe.yaml": ("recipe.yaml",),
}


@dataclass
class Report:
    """What was tried, and what was not found or not named."""

    seed: int
    tried: Counter[str] = field(default_factory=Counter)
    flaws: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [f"  {count:>6} times altered: {name}" for name, count in sorted(self.tried.items())]
        found = [f"  WRONG     {flaw}" for flaw in self.flaws] or ["  each was found, and named"]
        return "\n".join([f"seed {self.seed}: {self.tried.total()} trials", *rows, *found])


def soak(archive: Archive, trials: int, seed: int, folder: Path) -> Report:
    """Alter an archive so many times, and return what the verifier did not see."""
    report = Report(seed)
    for number in range(trials):
        random = Random(f"{seed} {number}")  # noqa: S311 - a trial that can be played again
        if number % 2:
            name = random.choice([each for each in SEALED if archive.files[each]])
            report.tried[name] += 1
            problem = _attached(archive.files, name, random)
        else:
            report.tried["the PDF"] += 1
            problem = _whole(archive.file.read_bytes(), folder / "altered.pdf", random)
        if problem:
            report.flaws.append(f"trial {number}: {problem}")
    return report


def altered(content: bytes, random: Random) -> tuple[bytes, int]:
    """Return other bytes, and where they differ."""
    while True:
        at = random.randrange(len(content))
        before, byte, after = content[:at], content[at : at + 1], content[at + 1 :]
        other = random.choice(
            [
                before + bytes([byte[0] ^ 1 << random.randrange(8)]) + after,
                before + bytes([random.randrange(256)]) + after,
                before + after,
                before + bytes([random.randrange(256)]) + byte + after,
                before + after[:1] + byte + after[1:],
            ]
        )
        if other != content:
            return other, at


def _attached(files: Mapping[str, bytes], name: str, random: Random) -> str:
    content, at = altered(files[name], random)
    flaws, _ = verify.check(forged({**files, name: content}))
    names = _NAMES.get(name) or _lines_at(files[name], at)
    if any(each in flaw for flaw in flaws for each in names):
        return ""
    return f"byte {at} of {name} was altered, which was {'not named' if flaws else 'not found'}: {flaws[:3]}"


def _lines_at(ledger: bytes, at: int) -> list[str]:
    """Return how the line at an offset is named, and the one after it, with which it may have become one."""
    row = ledger[:at].count(b"\n")
    lines = verify.read_lines(ledger, [])[row : row + 2]
    return [
        *(f"{line.book}, page {line.page}" for line in lines),
        *(f"row {row + each}{end}" for each in (1, 2) for end in (":", " of")),
    ]


def _whole(pdf: bytes, file: Path, random: Random) -> str:
    content, at = altered(pdf, random)
    file.write_bytes(content)
    try:
        flaws, _ = verify.check(*verify.read(file))
    except (IndexError, ValueError, zlib.error):  # which `verify.py` says in a sentence
        return ""
    return "" if flaws else f"byte {at} of the PDF was altered, which was not found"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("archive", type=Path, help="a batch record as it was made")
    parser.add_argument("--trials", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)


def main(options: argparse.Namespace) -> int:
    """Run the trials."""
    archive = Archive(options.archive, "", verify.read(options.archive)[0], options.archive)
    with tempfile.TemporaryDirectory() as folder:
        report = soak(archive, options.trials, options.seed, Path(folder))
    sys.stdout.write(f"{report}\n")
    return 1 if report.flaws else 0
