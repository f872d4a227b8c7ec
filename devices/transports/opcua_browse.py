"""Draft an instrument's configuration from what its server shows: `python -m devices browse opc.tcp://…`.

Every variable that can be read becomes a line: under the name of the channel that it looks like, with the unit and the
range that the server says. What a person has to decide stands as a comment, and is not read: a unit that is not said,
one that is another than the channel's, a value that is no number. The draft is compared with the instrument line by
line before it is used.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from devices.config import OpcUaSettings
from devices.instruments.bioreactor import Bioreactor
from devices.transports.opcua_client import Connection, connected
from devices.transports.opcua_monitoring import own, some
from devices.transports.opcua_units import spelled, unit_of
from devices.transports.opcua_value import text

MOST = 20_000  # nodes: a server that shows more is browsed from a folder of its own

_OBJECTS, _SERVER = own(ObjectIds.ObjectsFolder), own(ObjectIds.Server)
_HIERARCHY = own(ObjectIds.HierarchicalReferences)
_READ, _HISTORY = 1, 4  # bits of AccessLevel
_NUMBERS = {*range(ObjectIds.SByte, ObjectIds.Double + 1), ObjectIds.Number, ObjectIds.Integer, ObjectIds.UInteger}
_ALIKE = {
    "temperature": ("temperature", "temp"),
    "pH": ("ph",),
    "dissolved_oxygen": ("dissolvedoxygen", "do", "po2", "do2"),
    "carbon_dioxide": ("carbondioxide", "co2", "pco2"),
    "agitation": ("agitation", "stirrer", "stirrerspeed", "stirrerrpm"),
    "viable_cell_density": ("viablecelldensity", "vcd"),
}
_CHANNELS = {name: channel for channel, names in _ALIKE.items() for name in names}


class BrowseError(Exception):
    """A server cannot be browsed; the sentence says why."""


@dataclass
class Variable:
    """One variable of a server, with what the server says of it."""

    path: tuple[str, ...]
    node: ua.NodeId
    properties: dict[str, ua.NodeId] = field(default_factory=dict)
    value: object = None
    single: bool = False
    number: bool = False
    access: int = 0
    unit: str = ""
    span: str = ""


def main(name: str, settings: OpcUaSettings, pki: Path) -> str:
    """Return the draft of an instrument's table. Raises `BrowseError`, or `devices.certificates.UntrustedError`."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    try:
        return asyncio.run(_browse(name, settings, pki))
    except (UaError, OSError, ValueError) as no:
        raise BrowseError(f"{settings.url} cannot be browsed: {str(no) or 'no answer'}") from no


async def _browse(name: str, settings: OpcUaSettings, pki: Path) -> str:
    async with connected(name, settings, pki) as connection:
        return await draft(connection, name, settings, Bioreactor.channels)


async def draft(connection: Connection, name: str, settings: OpcUaSettings, channels: Mapping[str, str]) -> str:
    """Return the table of an instrument for the gateway's configuration. Raises `BrowseError` or `UaError`."""
    await connection.begin()
    try:
        namespaces = await connection.get_namespace_array()
        found = await _variables(connection.session)
        await _describe(connection.session, found)
    finally:
        with suppress(UaError, OSError):
            await connection.session.close_session(delete_subscriptions=True)
    head = [f"[instruments.{name}]", 'kind = "bioreactor"', f"url = {_quoted(settings.url)}", *_whom(settings)]
    lines = _lines([each for each in found if each.access & _READ], namespaces, channels)
    return "\n".join([*head, "", f"[instruments.{name}.nodes]", *lines, ""])


def _whom(settings: OpcUaSettings) -> Iterator[str]:
    if settings.security is None:
        yield 'security = "None"\nallow_unsecured = true'
    else:
        yield f'security = "{settings.security}"'
    if settings.user:
        yield f'user = {_quoted(settings.user)}\npassword_file = "secrets/password"  # its path'
    elif settings.user_certificate:
        yield 'user_certificate = "secrets/user.der"  # its path\nuser_key = "secrets/user.pem"'
    else:
        yield "allow_anonymous = true"


async def _variables(session: UaSession) -> list[Variable]:
    """Walk down from the Objects folder, level by level; what the server says of itself is left out."""
    found: dict[str, Variable] = {}
    seen = {_OBJECTS.to_string(), _SERVER.to_string()}
    level: list[tuple[tuple[str, ...], ua.NodeId]] = [((), _OBJECTS)]
    while level:
        below = []
        for parents in some(level):
            answers = await _children(session, [node for _, node in parents])
            for (path, parent), references in zip(parents, answers, strict=True):
                for child, reference in references:
                    name, key = str(reference.BrowseName.Name), child.to_string()
                    if reference.ReferenceTypeId.Identifier == ObjectIds.HasProperty:
                        if parent.to_string() in found:
                            found[parent.to_string()].properties[name] = child
                    elif key not in seen:
                        seen.add(key)
                        below.append(((*path, name), child))
                        if reference.NodeClass == ua.NodeClass.Variable:
                            found[key] = Variable((*path, name), child)
        if len(seen) > MOST:
            raise BrowseError(f"the server shows more than {MOST} nodes")
        level = below
    return list(found.values())


async def _children(
    session: UaSession, parents: Sequence[ua.NodeId]
) -> list[list[tuple[ua.NodeId, ua.ReferenceDescription]]]:
    """Return what stands below each of some nodes: objects and variables."""
    wanted = ua.BrowseParameters(
        NodesToBrowse=[
            ua.BrowseDescription(
                NodeId=parent,
                BrowseDirection=ua.BrowseDirection.Forward,
                ReferenceTypeId=_HIERARCHY,
                IncludeSubtypes=True,
                NodeClassMask=ua.NodeClass.Object | ua.NodeClass.Variable,
                ResultMask=ua.BrowseResultMask.All,
            )
            for parent in parents
        ]
    )
    results = await session.browse(wanted)
    return [await _all_of(session, result) for result in results]


async def _all_of(session: UaSession, result: ua.BrowseResult) -> list[tuple[ua.NodeId, ua.ReferenceDescription]]:
    references = list(result.References or ())
    while result.ContinuationPoint:
        more = ua.BrowseNextParameters(ReleaseContinuationPoints=False, ContinuationPoints=[result.ContinuationPoint])
        (result,) = await session.browse_next(more)
        references += result.References or ()
    return [(_here(each.NodeId), each) for each in references if not getattr(each.NodeId, "ServerIndex", 0)]


def _here(node: ua.NodeId) -> ua.NodeId:
    return ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)


async def _describe(session: UaSession, found: Sequence[Variable]) -> None:
    """Read value, access, unit and range of each variable."""
    for part in some(found):
        nodes = [each.node for each in part]
        values = await session.read_attributes(nodes, AttributeIds.Value)
        access = await session.read_attributes(nodes, AttributeIds.AccessLevel)
        types = await session.read_attributes(nodes, AttributeIds.DataType)
        for each, value, level, type_ in zip(part, values, access, types, strict=True):
            each.value = value.Value.Value if value.Value else None
            each.single = bool(value.Value and value.Value.VariantType is ua.VariantType.Float)
            each.number = _is_number(type_.Value.Value if type_.Value else None, each.value)
            each.access = level.Value.Value if level.Value else _READ
    asked = [(each, name) for each in found for name in ("EngineeringUnits", "EURange") if name in each.properties]
    for part_of in some(asked):
        values = await session.read_attributes([each.properties[name] for each, name in part_of], AttributeIds.Value)
        for (each, name), value in zip(part_of, values, strict=True):
            said = value.Value.Value if value.Value else None
            if name == "EngineeringUnits":
                each.unit = unit_of(said)
            elif isinstance(said, ua.Range):
                each.span = f"{said.Low:g} to {said.High:g}"


def _is_number(data_type: object, value: object) -> bool:
    """Whether a variable holds a number: by its type, for it may have no value yet; else by its value."""
    if isinstance(data_type, ua.NodeId) and data_type.NamespaceIndex == 0 and data_type.Identifier in _NUMBERS:
        return not isinstance(value, list)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _lines(found: Sequence[Variable], namespaces: Sequence[str], channels: Mapping[str, str]) -> Iterator[str]:
    taken: set[str] = set()
    for each in found:
        channel = _channel(each, channels, taken)
        taken.add(channel)
        yield f"# {_remark(each)}"
        identifier = re.sub(r"^ns=[0-9]+;", "", each.node.to_string())
        node = _quoted(f"nsu={namespaces[each.node.NamespaceIndex]};{identifier}")
        yield _line(channel, node, each, channels.get(channel, ""))


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)


def _remark(each: Variable) -> str:
    shown = text(each.value, single=each.single)[:40]
    now = "no value now" if each.value is None else f"{shown} now" if each.number else f"now {shown!r}"
    history = "with history" if each.access & _HISTORY else "no history"
    told = (now, each.span and f"range {each.span} {each.unit}".strip(), history)
    return f"{'/'.join(each.path)}: {', '.join(filter(None, told))}"


def _channel(each: Variable, channels: Mapping[str, str], taken: set[str]) -> str:
    """Return the known channel that a variable is called like, else its own name; each once."""
    known = _CHANNELS.get(re.sub(r"[^a-z0-9]", "", each.path[-1].casefold()), "")
    if known in channels and known not in taken:
        return known
    words = [re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower() or "node" for name in each.path]
    names = ["_".join(words[-length:]) for length in range(1, len(words) + 1)]
    used = {name.casefold() for name in (*taken, *channels)}
    free = (name for name in names if name not in used)
    return next(free, f"{names[-1]}_{len(taken)}")


def _line(channel: str, node: str, each: Variable, unit: str) -> str:
    """Return a line; commented out, with the question, where a person has to decide."""
    said = spelled(each.unit) or each.unit
    line = f'{channel} = {{ node = {node}, unit = "{unit or said}" }}'
    if not each.number:
        return f"# {line}  # it is no number"
    if not said:
        return f"# {line}  # which unit? the server does not say"
    if unit and said != unit:
        confirm = "" if spelled(each.unit) else f"; if that is {unit}: server_unit = {_quoted(each.unit)}"
        return f"# {line}  # the server says {said}{confirm}"
    return line
