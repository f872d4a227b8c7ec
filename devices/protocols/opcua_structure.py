"""OPC-UA's binary encoding of a server's own structures (OPC 10000-6, 5.2), read by the definitions it gives of them.

A server tells the layout of each of its structures in the attribute DataTypeDefinition (OPC 10000-3, 8.48 to 8.51).
Nothing here is registered anywhere: two servers may have different structures under the same number. What does not
fit its definition to the last byte is refused, for a layout that is off by one field is read as numbers, too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from devices.protocols import ProtocolError

_Kind = TypeVar("_Kind")

Value = bool | int | float | str | bytes | datetime | None

Argument = tuple[str, Value]
"""A method's argument: the name of its built-in type, and its value."""

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a structure: a built-in type by its name, or a structure."""

    name: str
    type: str | Definition
    array: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A structure's fields in the order of the wire."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure that was read, with the bytes it was read from."""

    name: str
    values: Mapping[str, Value | Structure | list[Value | Structure]]
    raw: bytes

    def text(self, key: str) -> str:
        """Return a text. Raises `ProtocolError` where there is none, as the others do for theirs."""
        return self._get(key, str)

    def number(self, key: str) -> float:
        """Return a floating-point number."""
        return self._get(key, float)

    def integer(self, key: str) -> int:
        """Return a whole number."""
        return self._get(key, int)

    def time(self, key: str) -> datetime | None:
        """Return a time, or None for one that is not given."""
        return self._get(key, datetime) if self.values.get(key) is not None else None

    def structures(self, key: str) -> list[Structure]:
        """Return the structures of an array."""
        return [each for each in self._get(key, list) if isinstance(each, Structure)]

    def _get(self, key: str, kind: type[_Kind]) -> _Kind:
        value = self.values.get(key, "" if kind is str else None)
        if kind is str and value is None:
            value = ""
        if not isinstance(value, kind):
            raise ProtocolError(f"{self.name} has no {key} of the kind {kind.__name__}")
        return value


def decode(body: bytes, definition: Definition) -> Structure:
    """Read a structure. Raises `ProtocolError` where the bytes are not exactly one."""
    reader = _Reader(body)
    try:
        found = reader.structure(definition)
    except struct.error as short:
        raise ProtocolError(f"{definition.name} breaks off after {len(body)} bytes") from short
    if reader.at != len(body):
        raise ProtocolError(f"{definition.name} has {len(body) - reader.at} bytes more than its definition")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def structure(self, definition: Definition) -> Structure:
        start = self.at
        mask = self._number("<I") if any(field.optional for field in definition.fields) else 0
        values: dict[str, Value | Structure | list[Value | Structure]] = {}
        for field in definition.fields:
            if field.optional:
                there, mask = mask & 1, mask >> 1
                if not there:
                    continue
            values[field.name] = self._array(field.type) if field.array else self._one(field.type)
        return Structure(definition.name, values, self._data[start : self.at])

    def _array(self, kind: str | Definition) -> list[Value | Structure]:
        count = self._number("<i")
        if count > len(self._data) - self.at:
            raise ProtocolError(f"an array of {count} in {len(self._data)} bytes")
        return [self._one(kind) for _ in range(count)]

    def _one(self, kind: str | Definition) -> Value | Structure:
        if isinstance(kind, Definition):
            return self.structure(kind)
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        if kind not in _OTHERS:
            raise ProtocolError(f"a field of the type {kind}, which is not read here")
        return _OTHERS[kind](self)

    def _number(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self._data, self.at)
        self.at += struct.calcsize(form)
        return value  # type: ignore[no-any-return]  # an int or, for f and d, a float, which passes for one

    def take(self, count: int) -> bytes:
        if count > len(self._data) - self.at:
            raise struct.error
        self.at += count
        return self._data[self.at - count : self.at]

    def byte_string(self) -> bytes | None:
        length = self._number("<i")
        return None if length < 0 else self.take(length)

    def string(self) -> str | None:
        text = self.byte_string()
        return None if text is None else text.decode("utf-8", "replace")

    def time(self) -> datetime | None:
        """Read 100 ns since 1601, UTC. A time before 1970 stands for none: .NET's smallest, moved by its zone."""
        ticks = self._number("<q")
        if not 0 < ticks < (_LAST - _EPOCH) // timedelta(microseconds=1) * 10:
            return None
        time = _EPOCH + timedelta(microseconds=ticks // 10)
        return time if time > _FIRST else None


_NUMBERS = {
    "Boolean": "<?",
    "SByte": "<b",
    "Byte": "<B",
    "Int16": "<h",
    "UInt16": "<H",
    "Int32": "<i",
    "UInt32": "<I",
    "Int64": "<q",
    "UInt64": "<Q",
    "Float": "<f",
    "Double": "<d",
    "StatusCode": "<I",
}
_OTHERS: dict[str, Callable[[_Reader], Value]] = {
    "String": _Reader.string,
    "ByteString": _Reader.byte_string,
    "DateTime": _Reader.time,
    "Guid": lambda reader: str(UUID(bytes_le=reader.take(16))),
}
BUILT_IN = frozenset((*_NUMBERS, *_OTHERS))
