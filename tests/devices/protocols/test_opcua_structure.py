"""A server's own structures: exactly by their definition, or refused."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from uuid import UUID

import pytest

from devices.protocols import ProtocolError
from devices.protocols.opcua_structure import Definition, Field, Structure, decode

NUMBER = UUID("7c9d6a3e-52c5-4c56-9a11-6a5f0f5f8a10")
PLACE = Definition("Place", (Field("Row", "String"), Field("Column", "UInt32")))
RESULT = Definition(
    "Result",
    (
        Field("Id", "Guid"),
        Field("Name", "String"),
        Field("Density", "Double"),
        Field("At", "DateTime"),
        Field("Well", "Boolean"),
        Field("Places", PLACE, array=True),
        Field("Status", "Int32"),
    ),
)
PLACES = struct.pack("<i", 2) + b"\x01\x00\x00\x00A" + struct.pack("<I", 7) + b"\xff\xff\xff\xff" + struct.pack("<I", 8)


def bytes_of(ticks: int = 134_082_801_000_000_000, density: float = 1.25e6) -> bytes:
    name = struct.pack("<i", 3) + b"S-1"
    return NUMBER.bytes_le + name + struct.pack("<dq?", density, ticks, True) + PLACES + struct.pack("<i", 6)


def test_every_field_is_read_as_its_type_says() -> None:
    """A number, a text, a time in UTC, structures inside with the bytes of their own."""
    found = decode(bytes_of(), RESULT)
    assert found.text("Id") == str(NUMBER)
    assert (found.text("Name"), found.number("Density"), found.integer("Status")) == ("S-1", 1.25e6, 6)
    assert found.time("At") == datetime(2025, 11, 22, 10, 15, tzinfo=UTC)
    assert found.raw == bytes_of()
    first, second = found.structures("Places")
    assert (first.text("Row"), first.integer("Column")) == ("A", 7)
    assert first.raw == b"\x01\x00\x00\x00A\x07\x00\x00\x00"
    assert second.text("Row") == ""


@pytest.mark.parametrize("ticks", [0, -1, 1, 36_000_000_000, 2**63 - 1])
def test_a_time_that_is_none_is_none(ticks: int) -> None:
    """Nothing, the smallest time there is, moved by an hour's zone, and the largest."""
    assert decode(bytes_of(ticks), RESULT).time("At") is None


@pytest.mark.parametrize("cut", range(len(bytes_of())))
def test_a_structure_that_breaks_off_is_refused(cut: int) -> None:
    """Wherever it does."""
    with pytest.raises(ProtocolError):
        decode(bytes_of()[:cut], RESULT)


def test_bytes_that_the_definition_does_not_know_are_refused() -> None:
    """One field more than there was: every number before it might be another's."""
    with pytest.raises(ProtocolError, match="4 bytes more than its definition"):
        decode(bytes_of() + b"\x00" * 4, RESULT)


def test_a_field_that_is_not_there_is_refused() -> None:
    """No number is made up for it; nor is one taken for a text."""
    found = decode(bytes_of(), RESULT)
    for ask in (found.number, found.integer, found.structures):
        with pytest.raises(ProtocolError, match="Result has no Viability"):
            ask("Viability")
    with pytest.raises(ProtocolError, match="no Density of the kind str"):
        found.text("Density")


def test_a_field_of_a_kind_that_is_not_read_is_named() -> None:
    """And what stands before it is not taken either."""
    with pytest.raises(ProtocolError, match="Variant"):
        decode(bytes(8), Definition("Odd", (Field("A", "Int32"), Field("B", "Variant"))))


def test_an_array_longer_than_its_bytes_is_refused() -> None:
    """Four thousand million places are not made."""
    with pytest.raises(ProtocolError, match="an array of 2000000000"):
        decode(struct.pack("<i", 2_000_000_000), Definition("Many", (Field("Places", PLACE, array=True),)))


def test_fields_that_may_be_missing() -> None:
    """A mask says which are there."""
    layout = Definition("Some", (Field("A", "Int32", optional=True), Field("B", "Int32", optional=True)))
    found: Structure = decode(struct.pack("<Ii", 0b10, 5), layout)
    assert found.values == {"B": 5}
