"""Looking around in an OPC-UA server's address space, many nodes at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import BadTooManyOperations

DEEPEST = 50  # types above a type: a server whose types go round in a ring must not keep us
AT_ONCE = 100  # nodes in one request, and half as many each time that a server says it is too much

# Numbers in OPC-UA's own namespace (OPC 10000-6, annex A).
OBJECTS, SERVER, NAMESPACES, BASE_EVENT, DICTIONARIES = 85, 2253, 2255, 2041, 93
_HIERARCHICAL, _HAS_SUBTYPE = 33, 45
_ALL_FIELDS, _ALL_CLASSES = 0x3F, 0

_Answer = TypeVar("_Answer")


def standard(number: int) -> ua.NodeId:
    """Return a node of OPC-UA's own namespace."""
    return ua.NodeId.from_string(f"i={number}")


@dataclass(frozen=True, slots=True)
class Thing:
    """A node as its parent shows it. ``name`` is its browse name, without the namespace that it is from."""

    node: ua.NodeId
    name: str
    node_class: ua.NodeClass
    type: ua.NodeId


class Browser:
    """One session's view of the address space. ``namespaces`` are the server's, in the order of its indices."""

    def __init__(self, session: UaSession, namespaces: Sequence[str]) -> None:
        self._session, self.namespaces, self._at_once = session, namespaces, AT_ONCE
        self._types: dict[ua.NodeId, tuple[str, ua.NodeId | None]] = {}  # type → its name, and what it is made from

    def portable(self, node: ua.NodeId) -> str:
        """Name a node by the URI of its namespace: an index may be another's when the server has started again."""
        identifier = node.to_string().rpartition(f"ns={node.NamespaceIndex};")[2]
        return f"nsu={self.namespaces[node.NamespaceIndex]};{identifier}"

    async def children(self, nodes: Sequence[ua.NodeId]) -> list[list[Thing]]:
        """Return what each of some nodes holds, whatever the kind of reference."""
        found = await self._browse(nodes, _HIERARCHICAL, ua.BrowseDirection.Forward)
        return [
            [_thing(each) for each in references if not getattr(each.NodeId, "ServerIndex", 0)] for references in found
        ]

    async def lineage(self, type_: ua.NodeId) -> tuple[str, ...]:
        """Return a type and all that it is made from, each as ``URI;name``."""
        names: list[str] = []
        at = type_ if not type_.is_null() else None
        while at is not None and len(names) < DEEPEST:
            if at not in self._types:
                await self.learn([at])
            name, at = self._types[at]
            names.append(name)
        return tuple(names)

    async def learn(self, types: Iterable[ua.NodeId]) -> None:
        """Ask for types and all that they are made from, a generation at a time, so that `lineage` need not."""
        asked = sorted({each for each in types if not each.is_null()} - self._types.keys())
        while asked:
            names = await self.read(asked, AttributeIds.BrowseName)
            above = await self._browse(asked, _HAS_SUBTYPE, ua.BrowseDirection.Inverse)
            for each, name, references in zip(asked, names, above, strict=True):
                parent = _plain(references[0].NodeId) if references else None
                self._types[each] = (self._qualified(name), parent if parent != each else None)
            asked = sorted({parent for _, parent in self._types.values() if parent is not None} - self._types.keys())

    async def read(self, nodes: Sequence[ua.NodeId], attribute: AttributeIds) -> list[Any]:
        """Return an attribute of each of some nodes, None where it cannot be had."""

        async def ask(some: list[ua.NodeId]) -> list[ua.DataValue]:
            return list(await self._session.read_attributes(some, attribute))

        values = await self._each(nodes, ask)
        return [each.Value.Value if each.Value and _is_good(each.StatusCode) else None for each in values]

    async def _each(
        self, nodes: Sequence[ua.NodeId], ask: Callable[[list[ua.NodeId]], Awaitable[list[_Answer]]]
    ) -> list[_Answer]:
        """Ask for as many nodes at once as the server takes."""
        answers: list[_Answer] = []
        while len(answers) < len(nodes):
            try:
                answers += await ask(list(nodes[len(answers) : len(answers) + self._at_once]))
            except BadTooManyOperations:
                if self._at_once == 1:
                    raise
                self._at_once //= 2
        return answers

    def _qualified(self, name: ua.QualifiedName | None) -> str:
        if name is None or name.NamespaceIndex >= len(self.namespaces):
            return ""
        return f"{self.namespaces[name.NamespaceIndex]};{name.Name}"

    async def _browse(
        self, nodes: Sequence[ua.NodeId], reference: int, direction: ua.BrowseDirection
    ) -> list[list[ua.ReferenceDescription]]:
        async def ask(some: list[ua.NodeId]) -> list[list[ua.ReferenceDescription]]:
            wanted = [_wish(node, direction, reference) for node in some]
            results = await self._session.browse(ua.BrowseParameters(NodesToBrowse=wanted))
            return [await self._whole(result) for result in results]

        return await self._each(nodes, ask)

    async def _whole(self, result: ua.BrowseResult) -> list[ua.ReferenceDescription]:
        """Return what a node refers to, however many answers the server cuts it into."""
        references = list(result.References or ())
        while result.ContinuationPoint:
            more = ua.BrowseNextParameters(
                ReleaseContinuationPoints=False, ContinuationPoints=[result.ContinuationPoint]
            )
            (result,) = await self._session.browse_next(more)
            references += result.References or ()
        return references


def _wish(node: ua.NodeId, direction: ua.BrowseDirection, reference: int) -> ua.BrowseDescription:
    return ua.BrowseDescription(node, direction, standard(reference), True, _ALL_CLASSES, _ALL_FIELDS)


def _thing(reference: ua.ReferenceDescription) -> Thing:
    return Thing(
        _plain(reference.NodeId), reference.BrowseName.Name, reference.NodeClass, _plain(reference.TypeDefinition)
    )


def _plain(node: ua.NodeId) -> ua.NodeId:
    return ua.NodeId(node.Identifier, node.NamespaceIndex)


def _is_good(status: ua.StatusCode | None) -> bool:
    return status is None or status.is_good()
