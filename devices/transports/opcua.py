"""OPC-UA subscriptions, with nothing lost that the server still holds.

A server keeps every notification message until it is acknowledged, for as long as its session and subscription live.
So the rules here are few:

* A message is acknowledged in the Publish request after the one whose readings were committed, and never before.
  A commit that fails is tried again; meanwhile nothing is asked for, and the server's queues fill.
* Messages are numbered. A number that was skipped is fetched by Republish before anything newer is taken, in normal
  running and after a loss alike; what the server has no longer is recorded as a gap.
* A lost connection does not end the session. The next one activates it again on a new channel, and the subscription
  goes on with its next number. What that needs (token, nonce, subscription, number) is in the spool, so a gateway
  that was killed goes on like one that lost its line, and one that stops leaves its session for the next start.
* A server that answers no Publish request within three keep-alive intervals is gone, whatever its socket says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Event as Stop

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import (
    BadNoSubscription,
    BadSessionClosed,
    BadSessionIdInvalid,
    BadSessionNotActivated,
    BadSubscriptionIdInvalid,
    UaError,
)
from asyncua.ua.uaerrors._base import UaStructParsingError

from devices.backoff import Backoff
from devices.certificates import UntrustedError
from devices.config import OpcUaSettings
from devices.instrument import Measurement
from devices.intake import Intake
from devices.spool import SpoolError
from devices.transports.opcua_client import Connection, connected
from devices.transports.opcua_value import measurement, overflowed

GLANCE = 0.1  # seconds after which a stop is seen
MESSAGE = 10_000  # notifications in one message, at most
REPUBLISHED = 10_000  # messages that are asked for again after a loss, at most

_ENDED = (BadNoSubscription, BadSubscriptionIdInvalid, BadSessionClosed, BadSessionIdInvalid, BadSessionNotActivated)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Standing:
    """A session on the server, with its subscription."""

    token: str
    nonce: str
    subscription: int
    silence: float  # seconds without any answer after which the server is gone
    plan: str  # a digest of what was subscribed


class OpcUaSubscription:
    """One instrument's nodes, subscribed."""

    def __init__(self, settings: OpcUaSettings, pki: Path, intake: Intake) -> None:
        self._settings, self._pki, self._intake = settings, pki, intake
        told = asdict(settings) | {"password": None}
        self._plan = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        self._cursor = 0  # the number of the last message whose readings are on disk
        self._last: dict[str, tuple[str, str, datetime | None]] = {}

    def run(self, stop: Stop) -> None:
        """Receive until told to stop. Every failure of the connection ends in another attempt."""
        asyncio.run(self._until(stop))

    async def _until(self, stop: Stop) -> None:
        receiving = asyncio.create_task(self._receive_for_ever())
        while not receiving.done():
            if stop.is_set():
                receiving.cancel()  # again and again: a wait inside a library may swallow one that comes as it ends
            await asyncio.wait([receiving], timeout=GLANCE)
        with suppress(asyncio.CancelledError):
            await receiving

    async def _receive_for_ever(self) -> None:
        self._last = self._intake.spool.latest(self._intake.instrument)
        backoff = Backoff()
        while True:
            try:
                async with connected(self._intake.instrument, self._settings, self._pki) as connection:
                    standing = await self._session(connection)
                    self._intake.state("connected")
                    backoff.reset()
                    await self._publish(connection.session, standing)
            except UntrustedError as refusal:
                self._intake.state("refused", str(refusal))
            except (UaError, OSError, ValueError) as lost:
                self._intake.state("no connection", f"{self._settings.url}: {str(lost) or 'no answer'}")
            except SpoolError as full:
                _log.error("%s waits: %s", self._intake.instrument, full)
            await asyncio.sleep(backoff.wait())

    async def _session(self, connection: Connection) -> _Standing:
        """Go on with the session that stands, or begin a new one."""
        saved, self._cursor = self._intake.spool.session(self._intake.instrument)
        standing = _Standing(**json.loads(saved)) if saved else None
        if not (standing and standing.plan == self._plan and await self._resumed(connection, standing)):
            standing = await self._begin(connection)
        token, nonce = connection.key
        standing = _Standing(token, nonce, standing.subscription, standing.silence, self._plan)
        self._intake.spool.keep_session(self._intake.instrument, json.dumps(asdict(standing)), cursor=self._cursor)
        return standing

    async def _resumed(self, connection: Connection, standing: _Standing) -> bool:
        try:
            await connection.resume(standing.token, standing.nonce)
        except UaError as gone:
            _log.info("%s: the session has ended: %s", self._intake.instrument, gone)
            connection.session.reset_authentication_token()
            return False
        return True

    async def _begin(self, connection: Connection) -> _Standing:
        await connection.begin()
        self._cursor = 0
        interval = self._settings.publishing * 1000
        wanted = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=interval,
            RequestedLifetimeCount=max(10, round(self._settings.outage * 1000 / interval)),
            RequestedMaxKeepAliveCount=max(1, round(self._settings.keep_alive * 1000 / interval)),
            MaxNotificationsPerPublish=MESSAGE,
        )
        made = await connection.session.create_subscription(wanted, callback=lambda _result: None)
        await self._monitor(connection, made.SubscriptionId)
        keep_alive = made.RevisedPublishingInterval * made.RevisedMaxKeepAliveCount / 1000
        return _Standing(*connection.key, made.SubscriptionId, 3 * max(keep_alive, 0.5), self._plan)

    async def _monitor(self, connection: Connection, subscription: int) -> None:
        """Ask for every value of every node; each that cannot be had is named."""
        namespaces = await connection.get_namespace_array()
        items = []
        for handle, node in enumerate(self._settings.nodes):
            uri, _, identifier = node.node.removeprefix("nsu=").partition(";")
            if uri in namespaces:
                items.append(self._item(handle, f"ns={namespaces.index(uri)};{identifier}"))
            else:
                self._intake.notice(
                    f"{node.channel}: the server has no namespace {uri}; it has {', '.join(namespaces)}"
                )
        request = ua.CreateMonitoredItemsParameters(
            SubscriptionId=subscription, TimestampsToReturn=ua.TimestampsToReturn.Both, ItemsToCreate=items
        )
        results = await connection.session.create_monitored_items(request)
        for item, made in zip(items, results, strict=True):
            if not made.StatusCode.is_good():
                node = self._settings.nodes[item.RequestedParameters.ClientHandle]
                self._intake.notice(f"{node.channel}: {node.node} cannot be had: {made.StatusCode.name}")
        self._tell_what_was_revised([made for made in results if made.StatusCode.is_good()])

    def _tell_what_was_revised(self, made: list[ua.MonitoredItemCreateResult]) -> None:
        held = min((item.RevisedQueueSize for item in made), default=self._settings.queue)
        if held < self._settings.queue:
            self._intake.notice(f"the server holds {held} values of a node in an outage, not {self._settings.queue}")
        looks = max((item.RevisedSamplingInterval for item in made), default=0) / 1000
        if looks > max(self._settings.sampling, 1.0):
            self._intake.notice(f"the server looks at a node each {looks:g} s: a value that changes faster is not seen")

    def _item(self, handle: int, node: str) -> ua.MonitoredItemCreateRequest:
        # Each measurement is a reading, equal to the one before or not: "no news" must not look like "no change".
        every = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=ua.NodeId.from_string(node), AttributeId=AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=handle,
                SamplingInterval=self._settings.sampling * 1000,
                Filter=every,
                QueueSize=self._settings.queue,
                DiscardOldest=True,
            ),
        )

    async def _publish(self, session: UaSession, standing: _Standing) -> None:
        """Ask for messages until the connection ends. A session that can bring no more is forgotten."""
        acknowledged: list[ua.SubscriptionAcknowledgement] = []
        heard = False
        try:
            while True:
                try:
                    async with asyncio.timeout(standing.silence):
                        response = await session.publish(acknowledged)
                except UaStructParsingError as poison:
                    self._intake.gap(f"a message that cannot be decoded: {poison.__cause__}")
                    continue
                heard = True
                acknowledged = await self._receive(session, response.Parameters)
        except _ENDED:
            self._forget()
            raise
        except TimeoutError:
            if not heard:
                self._forget()
            raise

    def _forget(self) -> None:
        self._intake.spool.keep_session(self._intake.instrument, None, cursor=0)

    async def _receive(self, session: UaSession, result: ua.PublishResult) -> list[ua.SubscriptionAcknowledgement]:
        """Take one answer, and what was skipped before it; return what may be acknowledged."""
        message = result.NotificationMessage
        # A keep-alive has no data, and the number that the next message will have.
        await self._catch_up(session, result.SubscriptionId, message.SequenceNumber)
        if message.NotificationData:
            await self._take(message)
        held = {*(result.AvailableSequenceNumbers or ()), message.SequenceNumber}
        return [
            ua.SubscriptionAcknowledgement(SubscriptionId=result.SubscriptionId, SequenceNumber=number)
            for number in sorted(held)
            if number <= self._cursor
        ]

    async def _catch_up(self, session: UaSession, subscription: int, number: int) -> None:
        first = max(self._cursor + 1, number - REPUBLISHED)
        if first > self._cursor + 1:
            self._intake.gap(f"messages {self._cursor + 1} to {first - 1}: too many to ask for again")
        for missing in range(first, number):
            message = await self._republished(session, subscription, missing)
            if message.SequenceNumber == missing:
                await self._take(message)
            else:
                self._intake.gap(f"message {missing}: the server holds it no longer, or it cannot be decoded")
                self._cursor = missing

    async def _republished(self, session: UaSession, subscription: int, number: int) -> ua.NotificationMessage:
        """Return a message again; an empty one where it cannot be had."""
        try:
            return await session.republish(subscription, number)
        except _ENDED:
            raise
        except UaError:
            return ua.NotificationMessage()

    async def _take(self, message: ua.NotificationMessage) -> None:
        measurements, last = [], dict(self._last)
        for handle, data in _values(message):
            if handle >= len(self._settings.nodes):
                self._intake.gap(f"the server sent a value for node {handle}, which was not asked for")
                continue
            node = self._settings.nodes[handle]
            if overflowed(data):
                self._intake.gap(f"{node.channel}: the server's queue was full before {data.SourceTimestamp}")
            made = measurement(node, data)
            # The same measurement told again: NaN, which never equals itself, or the first value of a new session.
            told = (made.value, made.status, made.source_time)
            if made.source_time is None or last.get(node.channel) != told:
                measurements.append(made)
            last[node.channel] = told
        await self._commit(measurements, message.SequenceNumber)
        self._last = last
        if any(isinstance(data, ua.StatusChangeNotification) for data in message.NotificationData):
            raise BadNoSubscription  # the server has ended the subscription, and says so

    async def _commit(self, measurements: Sequence[Measurement], number: int) -> None:
        """Store a message's measurements, however long it takes until the spool can be written."""
        backoff = Backoff()
        while True:
            try:
                self._intake.take(measurements, cursor=number)
            except SpoolError as full:
                _log.error("%s is not acknowledged: %s", self._intake.instrument, full)
                await asyncio.sleep(backoff.wait())
            else:
                self._cursor = number
                return


def _values(message: ua.NotificationMessage) -> Iterator[tuple[int, ua.DataValue]]:
    for data in message.NotificationData:
        if isinstance(data, ua.DataChangeNotification):
            yield from ((item.ClientHandle, item.Value or ua.DataValue()) for item in data.MonitoredItems)
