"""ISBT 128: what a scan of a donation's, a product's or a therapy's code says (sans I/O).

A data structure is an identifier of two or three signs and its content. A *compound message* (023) joins several in one
symbol; it counts only whole: as many structures as it says, each as it must be. Nothing is guessed: what is none of the
structures below is no ISBT 128 code. What a facility, a product or a blood group is called stands in tables that ICCBBA
licenses. None is shipped: a site loads its own.

Source: numbers, identifiers and lengths of the structures as ICCBBA's specification publishes them (ST-001, v6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_FACILITY = r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2}"
_NUMBER = rf"{_FACILITY}[0-9]{{2}}[0-9]{{6}}"
_DAY = r"[0-9]{3}[0-9]{3}"
_NO_FLAGS = "00"
_CHECKED = range(60, 97)  # flags that hold 60 plus the value of the check character


class NotIsbt128(ValueError):  # noqa: N818 - an answer, not an error
    """What was scanned or typed is not the ISBT 128 code that it should be; the sentence says why."""


@dataclass(frozen=True)
class Kind:
    """A data structure's number, name, identifier and the pattern of its content."""

    number: str
    name: str
    identifier: str
    pattern: str


DONATION = Kind("001", "donation identification number", "=", rf"{_NUMBER}[0-9A-HJ-NPR-Y]{{2}}")
BLOOD_GROUP = Kind("002", "blood group", "=%", r"[A-Za-z0-9]{2}[A-Z0-9]0")
PRODUCT = Kind("003", "product code", "=<", r"[A-Z][A-Z0-9]{4}[A-Za-z0-9][A-Z0-9][a-z0-9]")
EXPIRY_DAY = Kind("004", "expiration date", "=>", _DAY)
EXPIRY = Kind("005", "expiration date and time", "&>", rf"{_DAY}[0-9]{{4}}")
COLLECTED_DAY = Kind("006", "collection date", "=*", _DAY)
COLLECTED = Kind("007", "collection date and time", "&*", rf"{_DAY}[0-9]{{4}}")
PRODUCED_DAY = Kind("008", "production date", "=}", _DAY)
PRODUCED = Kind("009", "production date and time", "&}", rf"{_DAY}[0-9]{{4}}")
DONOR = Kind("019", "donor identification number", "=;", rf"{_FACILITY}[A-Z0-9]{{16}}")
PATIENT = Kind("025", "patient identification number", "&#", r"[0-9]{4}[A-Za-z0-9]+")
DIVISION = Kind("032", "product division", "=,", r"[A-Z0-9]{6}")
PROCESSOR = Kind("033", "processing facility", "&+", rf"{_FACILITY}[A-Z0-9]{{6}}")
LABEL = Kind("036", "supplemental identification number", "&,2", r"[A-Z0-9]{18}")
EUROPEAN = Kind("038", "Single European Code", "&,4", r"[A-Za-z0-9]{40}")
REGISTERED_DONOR = Kind("039", "registered donor", "&:", r"[1-9][0-9]{3}[A-Z0-9]{13}[0-9]{2}")
IDENTITY = Kind("040", "chain of identity", "&/", rf"CH{_FACILITY}[0-9]{{2}}[A-Z0-9]{{6}}")
# The donation number has the shortest identifier: what begins with more is told apart first.
_KINDS = (
    *(BLOOD_GROUP, PRODUCT, EXPIRY_DAY, EXPIRY, COLLECTED_DAY, COLLECTED, PRODUCED_DAY, PRODUCED, DONOR, PATIENT),
    *(DIVISION, PROCESSOR, LABEL, EUROPEAN, REGISTERED_DONOR, IDENTITY, DONATION),
)
_DAYS = (EXPIRY_DAY, COLLECTED_DAY, PRODUCED_DAY)
_TIMES = (EXPIRY, COLLECTED, PRODUCED)
_COMPOUND = re.compile(r"=\+([0-9]{2})([0-9]{3})")


@dataclass(frozen=True)
class Structure:
    """One data structure as it was read."""

    kind: Kind
    content: str

    @property
    def value(self) -> str:
        """What it identifies: a donation number without its flags, all of any other content."""
        return self.content[:13] if self.kind is DONATION else self.content

    @property
    def text(self) -> str:
        """The structure as a symbol holds it."""
        return self.kind.identifier + self.content


def checksum(number: str) -> int:
    """Return the check of a number of capital letters and digits, 0 to 36 (ISO/IEC 7064, mod 37-2)."""
    total = 0
    for sign in number:
        total = (total + _SIGNS.index(sign)) * 2 % 37
    return (38 - total) % 37


def check_character(number: str) -> str:
    """Return the check of a number as the sign that is printed in a box behind it."""
    return _SIGNS[checksum(number)]


def read(scanned: str) -> tuple[Structure, ...]:
    """Read a scan: one structure, or all of a compound message. Raise `NotIsbt128` for what is not wholly right."""
    head = _COMPOUND.match(scanned)
    if not head:
        found = tuple(_structures(scanned))
        if len(found) != 1:
            raise NotIsbt128("two codes were read at once: scan them one after the other")
        return found
    found = tuple(_structures(scanned[head.end() :]))
    if len(found) != int(head[1]):
        raise NotIsbt128(f"the code says that it holds {int(head[1])} parts, and {len(found)} were read: scan it again")
    if len({each.kind.number for each in found}) < len(found):
        raise NotIsbt128("the code holds the same kind of part twice: it cannot be told which one counts")
    return found


def _structures(text: str) -> Iterator[Structure]:
    if not text:
        raise NotIsbt128("the code is empty")
    while text:
        structure = _first(text)
        _must_be_possible(structure)
        yield structure
        text = text[len(structure.text) :]


def _first(text: str) -> Structure:
    for kind in _KINDS:
        if not text.startswith(kind.identifier):
            continue
        rest = text[len(kind.identifier) :]
        match = re.match(_patient(rest) if kind is PATIENT else kind.pattern, rest, re.ASCII)
        if match:
            return Structure(kind, match[0])
        if kind is not DONATION:
            raise NotIsbt128(f"this begins like a {kind.name}, and is none: it is cut off or damaged")
    raise NotIsbt128("this is no ISBT 128 code that is known here")


def _patient(rest: str) -> str:
    """Return the pattern of a patient's number, which says its own length."""
    length = int(rest[2:4]) if re.match(r"[0-9]{4}", rest, re.ASCII) else 0
    return rf"[0-9]{{4}}[A-Za-z0-9]{{{max(length, 1)}}}"


def _must_be_possible(structure: Structure) -> None:
    if structure.kind is DONATION:
        flags = structure.content[13:]
        checked = flags.isdigit() and int(flags) in _CHECKED
        if checked and int(flags) - _CHECKED.start != checksum(structure.value):
            raise NotIsbt128(f"the flags of donation number {spaced(structure.value)} do not belong to it")
    elif structure.kind in _DAYS or structure.kind in _TIMES:
        read_time(structure)
    elif structure.kind is REGISTERED_DONOR:
        _must_belong(structure.content)


def _must_belong(donor: str) -> None:
    if checksum(donor[:17]) != int(donor[17:]):
        raise NotIsbt128("the last two digits of the registered donor's number do not belong to it")


# --- donation numbers -------------------------------------------------------------------------------------------------


def read_donation(text: str) -> str:
    """Return the thirteen signs of a donation number, scanned or typed.

    A scan begins with ``=`` and may come in a compound message. What is typed ends in its check character, and is
    refused without: nothing else would notice two digits that changed places.
    """
    if text.startswith(("=", "&")):
        return _only(read(text), DONATION)
    typed = text.replace(" ", "").replace("-", "").upper()
    if re.fullmatch(_NUMBER, typed, re.ASCII):
        raise NotIsbt128(f"type the check character, too: the boxed sign after {spaced(typed)}")
    if not re.fullmatch(rf"{_NUMBER}[0-9A-Z*]", typed, re.ASCII):
        raise NotIsbt128("a donation number has 13 signs and its check character, as “G1234 89 654321 Y”")
    if check_character(typed[:13]) != typed[13]:
        raise NotIsbt128(f"{spaced(typed[:13])} does not have the check character {typed[13]}: read it again")
    return typed[:13]


def read_product(text: str) -> str:
    """Return the eight signs of a product code, scanned or typed."""
    if text.startswith(("=", "&")):
        return _only(read(text), PRODUCT)
    if not re.fullmatch(PRODUCT.pattern, text, re.ASCII):
        raise NotIsbt128("a product code has 8 signs, as “S1234500”")
    return text


def _only(found: tuple[Structure, ...], kind: Kind) -> str:
    for each in found:
        if each.kind is kind:
            return each.value
    raise NotIsbt128(f"this is a {found[0].kind.name}, and a {kind.name} is asked for")


def facility_of(number: str) -> str:
    """Return the facility that gave a donation number or a chain-of-identity code."""
    return number.removeprefix("CH")[:5]


def spaced(number: str) -> str:
    """Return a donation number as it is printed for people: facility, year, serial."""
    return f"{number[:5]} {number[5:7]} {number[7:]}"


def printed(number: str) -> str:
    """Return a donation number as it is printed for people to type: with its check character."""
    return f"{spaced(number)} {check_character(number)}"


# --- chain of identity ------------------------------------------------------------------------------------------------


def is_identity(code: str) -> bool:
    """Say whether a code is a chain-of-identity identifier of ISBT 128 (data structure 040)."""
    return re.fullmatch(IDENTITY.pattern, code, re.ASCII) is not None


def is_facility(code: str) -> bool:
    """Say whether a text has the form of a facility identification number. Whether ICCBBA gave it, a table says."""
    return re.fullmatch(_FACILITY, code, re.ASCII) is not None


def issue_identity(facility: str, year: int, serial: int) -> str:
    """Return the chain-of-identity identifier with a serial number of a year."""
    code = f"CH{facility}{year % 100:02}{serial:06}"
    if not is_identity(code):
        raise NotIsbt128(f"“{facility}” is no facility identification number")
    return code


# --- times ------------------------------------------------------------------------------------------------------------


def read_time(structure: Structure) -> datetime:
    """Return the time that a structure says, on the clock of the place; a day alone lasts to its last minute."""
    content = structure.content
    hundreds, day, clock = int(content[0]), int(content[3:6]), content[6:] or "2359"
    year = (1 if hundreds == 9 else 2) * 1000 + hundreds * 100 + int(content[1:3])
    try:
        time = datetime(year, 1, 1, int(clock[:2]), int(clock[2:]), tzinfo=UTC) + timedelta(days=day - 1)
    except ValueError:
        raise NotIsbt128(f"{clock} is no time of a day") from None
    if not day or time.year != year:
        raise NotIsbt128(f"{year} has no day {day}")
    return time.replace(tzinfo=None)


def expiry(at: datetime) -> Structure:
    """Return an expiration date and time, to the minute, on the clock that the time is given by."""
    if not 2000 <= at.year < 2900:
        raise NotIsbt128(f"the year {at.year} cannot be written")
    return Structure(EXPIRY, f"{at.year // 100 - 20}{at:%y%j%H%M}")


def donation(number: str) -> Structure:
    """Return a donation number as a symbol holds it, without flags."""
    return Structure(DONATION, number + _NO_FLAGS)


def write(structures: tuple[Structure, ...]) -> str:
    """Return what a symbol holds: one structure, or a compound message of several in no defined order."""
    text = "".join(each.text for each in structures)
    if len(structures) == 1:
        return text
    return f"=+{len(structures):02}000{text}"
