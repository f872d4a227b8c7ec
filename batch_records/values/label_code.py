"""What the symbol on a label of ours says: for which therapy, of which batch, and which label of it.

Where the chain-of-identity code is one of ISBT 128, the symbol is a compound message that others can read; else it is
``COI-26-0001-A/B26-0001/00012/7KQ2``. Either way each label has a number of its own within its batch, so that none is
counted twice, and a check over all of it, so that a code that was cut off or read wrongly is none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from batch_records.values import isbt128
from batch_records.values.isbt128 import NotIsbt128, Structure

_PLAIN = re.compile(r"([A-Z0-9-]+)/([A-Z0-9-]+)/([0-9]{5})/([0-9A-Z]{4})", re.ASCII)
_BATCH = re.compile(r"B[0-9]{2}-[0-9]{4,}", re.ASCII)
_IDENTIFIERS = (isbt128.IDENTITY, isbt128.DONATION, isbt128.DONOR, isbt128.PATIENT, isbt128.REGISTERED_DONOR)
_WIDTH = 18  # of data structure 036: batch, five digits of the label's number, four signs of the check
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class LabelCode:
    """A label's code, read. ``batch`` is its letters and digits alone: that is all that ISBT 128 has room for."""

    coi: str
    batch: str
    number: int

    def is_of(self, batch: str) -> bool:
        """Say whether it is a label of a batch."""
        return self.batch == compact(batch)


def compact(text: str) -> str:
    """Return the letters and digits of a code."""
    return re.sub("[^A-Z0-9]", "", text)


def write_label(coi: str, batch: str, number: int, more: Sequence[Structure] = ()) -> str:
    """Return what the symbol of one label holds. ``more`` goes onto labels of ISBT 128 only."""
    if not isbt128.is_identity(coi):
        code = f"{coi}/{batch}/{number:05}"
        return f"{code}/{_check(code)}"
    said = (Structure(isbt128.IDENTITY, coi), *more)
    own = f"{compact(batch)}{number:05}"
    own = f"{own}{_check(_contents(said) + own)}".rjust(_WIDTH, "0")
    return isbt128.write((*said, Structure(isbt128.LABEL, own)))


def read_label(scanned: str) -> LabelCode | None:
    """Return what a scanned label of ours says, or nothing where it is none, or not wholly right."""
    if plain := _PLAIN.fullmatch(scanned):
        label = LabelCode(plain[1], compact(plain[2]), int(plain[3]))
        return label if write_label(label.coi, plain[2], label.number) == scanned else None
    found = _structures(scanned)
    if len(found) < 2 or found[0].kind is not isbt128.IDENTITY or found[-1].kind is not isbt128.LABEL:
        return None
    own, check = found[-1].content[:-4].lstrip("0"), found[-1].content[-4:]
    is_whole = len(own) > 5 and own[-5:].isdigit() and isbt128.write(found) == scanned
    if not is_whole or _check(_contents(found[:-1]) + own) != check:
        return None
    return LabelCode(found[0].value, own[:-5], int(own[-5:]))


def says(scanned: str, expected: str, what: str) -> bool:
    """Say whether a scan is of what is expected. ``what`` is the name of the value that it is compared with.

    A code may say more than is asked for; it counts only when all of it could be read.
    """
    if not expected:
        return False
    if scanned == expected:
        return True
    label = read_label(scanned)
    if label and _BATCH.fullmatch(expected):
        return label.is_of(expected)
    if label and what == "coi":
        return label.coi == expected
    structures = _structures(scanned)
    ours = any(each.kind is isbt128.LABEL for each in structures) and label is None
    return not ours and any(each.kind in _IDENTIFIERS and each.value == expected for each in structures)


def _structures(scanned: str) -> tuple[Structure, ...]:
    try:
        return isbt128.read(scanned)
    except NotIsbt128:
        return ()


def _contents(said: Sequence[Structure]) -> str:
    return "".join(each.content for each in said)


def _check(text: str) -> str:
    """Return four signs that depend on every other: one wrong code in a million and a half passes for right."""
    left = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return "".join(_SIGNS[left // 36**place % 36] for place in range(4))
