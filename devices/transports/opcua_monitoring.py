"""Which nodes a subscription watches, and on what terms: each is found by its namespace's URI, never by its index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from devices.config import Node, OpcUaSettings

AT_ONCE = 100  # nodes in one request: no server is known whose limit is lower

Tell = Callable[[str], None]
_Some = TypeVar("_Some")

_NO_FILTER = {  # StatusCodes of a server that does not know the filter asked for
    StatusCodes.BadMonitoredItemFilterUnsupported,
    StatusCodes.BadMonitoredItemFilterInvalid,
    StatusCodes.BadFilterNotAllowed,
    StatusCodes.BadDeadbandFilterInvalid,
}


def some(all_of_them: Sequence[_Some]) -> Iterator[Sequence[_Some]]:
    """Return as many at a time as any server answers."""
    for first in range(0, len(all_of_them), AT_ONCE):
        yield all_of_them[first : first + AT_ONCE]


def own(number: int) -> ua.NodeId:
    """Return a node that every server has, by its number in OPC-UA's own namespace."""
    return ua.NodeId.from_string(f"i={number}")


def namespace(node: Node) -> str:
    """Return the URI that a node's name begins with."""
    return node.node.removeprefix("nsu=").partition(";")[0]


def places(nodes: Sequence[Node], namespaces: Sequence[str]) -> dict[str, ua.NodeId]:
    """Return channel → node id, for the namespaces that a server has now."""
    return {
        node.channel: ua.NodeId.from_string(f"ns={namespaces.index(namespace(node))};{node.node.partition(';')[2]}")
        for node in nodes
        if namespace(node) in namespaces
    }


class Monitoring:
    """What one instrument's subscription asks for; what cannot be had, or is had otherwise, is told."""

    def __init__(self, settings: OpcUaSettings, tell: Tell) -> None:
        self._settings, self._tell = settings, tell

    async def begin(self, session: UaSession, subscription: int, places: Mapping[str, ua.NodeId]) -> int:
        """Ask for every value of every node that has a place; return how many of a node's values the server holds."""
        held, looks = self._settings.queue, 0.0
        found = [handle for handle, node in enumerate(self._settings.nodes) if node.channel in places]
        for handles in some(found):
            items = [self._item(handle, places) for handle in handles]
            for made in await self._made(session, subscription, items):
                held, looks = min(held, made.RevisedQueueSize), max(looks, made.RevisedSamplingInterval / 1000)
        if held < self._settings.queue:
            self._tell(f"the server holds {held} values of a node in an outage, not {self._settings.queue}")
        asked = max((self._sampling(node) for node in self._settings.nodes), default=0)
        if looks > max(asked, 1.0):
            self._tell(f"the server looks at a node each {looks:g} s: a value that changes faster is not seen")
        return held

    async def _made(
        self, session: UaSession, subscription: int, items: list[ua.MonitoredItemCreateRequest]
    ) -> list[ua.MonitoredItemCreateResult]:
        made = []
        for item, result in zip(items, await self._create(session, subscription, items), strict=True):
            node = self._settings.nodes[item.RequestedParameters.ClientHandle]
            if result.StatusCode.value in _NO_FILTER:
                self._tell(
                    f"{node.channel}: the server tells changes of value alone, and knows no deadband:"
                    f" {result.StatusCode.name}"
                )
                item.RequestedParameters.Filter = None
                (result,) = await self._create(session, subscription, [item])  # noqa: PLW2901 - the answer to the same wish
            if result.StatusCode.is_good():
                made.append(result)
            else:
                self._tell(f"{node.channel}: {node.node} cannot be had: {result.StatusCode.name}")
        return made

    async def _create(
        self, session: UaSession, subscription: int, items: list[ua.MonitoredItemCreateRequest]
    ) -> list[ua.MonitoredItemCreateResult]:
        request = ua.CreateMonitoredItemsParameters(
            SubscriptionId=subscription, TimestampsToReturn=ua.TimestampsToReturn.Both, ItemsToCreate=items
        )
        return list(await session.create_monitored_items(request))

    def _item(self, handle: int, places: Mapping[str, ua.NodeId]) -> ua.MonitoredItemCreateRequest:
        node = self._settings.nodes[handle]
        # Each measurement is a reading, equal to the one before or not: "no news" must not look like "no change".
        every = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        if node.deadband:
            every.DeadbandType, every.DeadbandValue = ua.DeadbandType.Absolute, node.deadband
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=places[node.channel], AttributeId=AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=handle,
                SamplingInterval=self._sampling(node) * 1000,
                Filter=every,
                QueueSize=self._settings.queue,
                DiscardOldest=True,
            ),
        )

    def _sampling(self, node: Node) -> float:
        return self._settings.sampling if node.sampling is None else node.sampling
