"""How a server lays out its own structures, as it tells it itself."""

from __future__ import annotations

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from devices.protocols import ProtocolError, opcua_dictionary, opcua_structure
from devices.protocols.opcua_structure import BUILT_IN, Definition
from devices.transports.opcua_address_space import DICTIONARIES, Browser, standard

_UA = "http://opcfoundation.org/UA/;"
_ENUMERATION, _STRUCTURE = f"{_UA}Enumeration", f"{_UA}Structure"
_PLAIN = (ua.StructureType.Structure, ua.StructureType.StructureWithOptionalFields)


async def definition(browser: Browser, data_type: ua.NodeId) -> Definition:
    """Return a structure's layout, with those of all that is in it. Raises `ValueError` where the server tells none."""
    (told,) = await browser.read([data_type], AttributeIds.DataTypeDefinition)
    uri, _, name = (await browser.lineage(data_type))[0].rpartition(";")
    if not isinstance(told, ua.StructureDefinition):
        return await _from_dictionary(browser, uri, name)
    if told.StructureType not in _PLAIN:
        raise ValueError(f"the structure {name} is laid out in a way that is not read here")
    await browser.learn(field.DataType for field in told.Fields)
    return Definition(name, tuple([await _field(browser, field) for field in told.Fields]))


async def _field(browser: Browser, field: ua.StructureField) -> opcua_structure.Field:
    kind: str | Definition = ""
    for above in await browser.lineage(field.DataType):
        if above == _STRUCTURE:
            kind = await definition(browser, field.DataType)
        elif above == _ENUMERATION:
            kind = "Int32"  # on the wire, whatever its values are
        elif above.startswith(_UA) and above.removeprefix(_UA) in BUILT_IN:
            kind = above.removeprefix(_UA)
        if kind:
            break
    return opcua_structure.Field(field.Name, kind or f"{field.DataType}", field.ValueRank >= 1, field.IsOptional)


async def _from_dictionary(browser: Browser, uri: str, name: str) -> Definition:
    """Return a layout from the dictionary that an older server shows."""
    (shown,) = await browser.children([standard(DICTIONARIES)])
    for document in await browser.read([thing.node for thing in shown], AttributeIds.Value):
        try:
            if isinstance(document, bytes) and opcua_dictionary.namespace(document) == uri:
                return opcua_dictionary.definition(document, name)
        except ProtocolError as error:
            raise ValueError(str(error)) from error
    raise ValueError(f"the server does not tell how its structure {name} is laid out")
