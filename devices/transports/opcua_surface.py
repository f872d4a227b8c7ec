"""Where a server has its results, and how it lays them out: found by the names of its vendor's namespace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds

from devices.config import Node
from devices.instrument import Surface
from devices.protocols.opcua_structure import Definition
from devices.transports.opcua_address_space import BASE_EVENT, NAMESPACES, OBJECTS, Browser, Thing, standard
from devices.transports.opcua_types import definition

_DEEPEST = 5  # levels below the root in which the object that holds everything is looked for


@dataclass(frozen=True, slots=True)
class Known:
    """Where everything is on this connection, and how it is laid out."""

    event: ua.NodeId
    field: ua.QualifiedName
    result: Definition
    folder: ua.NodeId
    method: ua.NodeId
    answer: Definition
    nodes: tuple[Node, ...]


async def learn(session: UaSession, surface: Surface) -> Known:
    """Find everything by its name in the instrument's own namespace. Raises `ValueError` for what is not there."""
    (namespaces,) = await Browser(session, ()).read([standard(NAMESPACES)], AttributeIds.Value)
    browser = Browser(session, namespaces)
    if surface.namespace not in browser.namespaces:
        raise ValueError(f"the server has no namespace {surface.namespace}; it has {', '.join(browser.namespaces)}")
    root = await _holder(browser, surface.method[0])
    folder = await _inside(browser, root, surface.method[:-1])
    method = await _inside(browser, folder, surface.method[-1:])
    event = await _subtype(browser, standard(BASE_EVENT), surface.event)
    field = await _inside(browser, event, (surface.result,))
    types = await browser.read([field], AttributeIds.DataType)
    outputs = await browser.read([await _inside(browser, method, ("OutputArguments",))], AttributeIds.Value)
    if not types[0] or not outputs[0]:
        raise ValueError(
            f"the server does not say of what type {surface.result} is, or what {surface.method[-1]} returns"
        )
    (held,) = await browser.children([root])
    there = {thing.name: browser.portable(thing.node) for thing in held}
    return Known(
        event=event,
        field=ua.QualifiedName(surface.result, browser.namespaces.index(surface.namespace)),
        result=await definition(browser, types[0]),
        folder=folder,
        method=method,
        answer=await definition(browser, outputs[0][0].DataType),
        nodes=tuple(Node(channel, there[name], "") for channel, name in surface.variables.items() if name in there),
    )


async def _holder(browser: Browser, name: str) -> ua.NodeId:
    """Return the object that holds one of a name, wherever it is."""
    level = [standard(OBJECTS)]
    for _ in range(_DEEPEST):
        held = await browser.children(level)
        for node, things in zip(level, held, strict=True):
            if any(thing.name == name for thing in things):
                return node
        level = [thing.node for things in held for thing in things if _is_foreign_object(thing)]
    raise ValueError(f"the server has no object that holds {name}")


def _is_foreign_object(thing: Thing) -> bool:
    return thing.node_class == ua.NodeClass.Object and thing.node.NamespaceIndex != 0


async def _inside(browser: Browser, node: ua.NodeId, way: Sequence[str]) -> ua.NodeId:
    for name in way:
        (things,) = await browser.children([node])
        found = [thing.node for thing in things if thing.name == name]
        if not found:
            raise ValueError(f"the server has no {name} where it is expected")
        node = found[0]
    return node


async def _subtype(browser: Browser, above: ua.NodeId, name: str) -> ua.NodeId:
    """Return the type of a name below another."""
    level = [above]
    while level:
        held = [thing for things in await browser.children(level) for thing in things]
        found = [thing.node for thing in held if thing.name == name]
        if found:
            return found[0]
        level = [thing.node for thing in held if thing.node_class == ua.NodeClass.ObjectType]
    raise ValueError(f"the server has no type {name}")
