"""The layouts of structures as older OPC-UA servers tell them: a dictionary in XML (OPC 10000-5, annex D).

Servers before version 1.04 have no DataTypeDefinition; they show a document of OPC Binary Schema instead, a list of
structures whose fields name their types. An array's length is a field of its own there, which the array names.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from devices.protocols import ProtocolError
from devices.protocols.opcua_structure import Definition, Field

_SCHEMA = "{http://opcfoundation.org/BinarySchema/}"
_BUILT_IN = {"CharArray": "String"}


def namespace(document: bytes) -> str:
    """Return the namespace that a dictionary is of. Raises `ProtocolError` where it is none."""
    return _parsed(document).get("TargetNamespace", "")


def definition(document: bytes, name: str) -> Definition:
    """Return a structure's layout, with those of all that is in it. Raises `ProtocolError` where there is none."""
    types = {each.get("Name", ""): each for each in _parsed(document)}
    return _structure(types, name, ())


def _parsed(document: bytes) -> ET.Element:
    try:
        return ET.fromstring(document)  # noqa: S314 - of a server that is trusted; expat bounds what grows
    except ET.ParseError as error:
        raise ProtocolError(f"a dictionary of types that is no XML: {error}") from error


def _structure(types: Mapping[str, ET.Element], name: str, inside: tuple[str, ...]) -> Definition:
    found = types.get(name)
    if found is None or found.tag != f"{_SCHEMA}StructuredType" or name in inside:
        raise ProtocolError(f"the dictionary of types has no structure {name} that can be read")
    written = [each for each in found if each.tag == f"{_SCHEMA}Field"]
    lengths = {each.get("LengthField") for each in written}
    return Definition(
        name, tuple(_field(types, each, (*inside, name)) for each in written if each.get("Name") not in lengths)
    )


def _field(types: Mapping[str, ET.Element], written: ET.Element, inside: tuple[str, ...]) -> Field:
    kind: str | Definition = written.get("TypeName", "").rpartition(":")[2]
    known = types.get(str(kind))
    if known is not None and written.get("TypeName", "").partition(":")[0] not in ("opc", "ua"):
        enumerated = known.tag == f"{_SCHEMA}EnumeratedType"
        kind = "Int32" if enumerated else _structure(types, str(kind), inside)
    return Field(written.get("Name", ""), _BUILT_IN.get(str(kind), kind), "LengthField" in written.attrib)
