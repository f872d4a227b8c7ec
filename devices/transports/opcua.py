"""OPC-UA subscriptions, with nothing lost that the server still holds.

A server keeps every notification message until it is acknowledged, for as long as its session and subscription live.
So the rules here are few:

* A message is acknowledged in the Publish request after the one whose readings were committed, and never before.
  A commit that fails is tried again; meanwhile nothing is asked for, and the server's queues fill.
* Messages are numbered. A number that was skipped is fetched by Republish before anything newer is taken, in normal
  running and after a loss alike; of what the server has no longer, its history is asked (`opcua_taking`).
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
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Event as Stop

from asyncua import ua
from asyncua.client.ua_session import UaSession
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
from devices.clock import Clock, machine_clock
from devices.config import OpcUaSettings
from devices.intake import Intake
from devices.spool import SpoolError
from devices.transports.opcua_client import Connection, connected
from devices.transports.opcua_history import History
from devices.transports.opcua_monitoring import Monitoring
from devices.transports.opcua_taking import Taking, ended, values
from devices.transports.opcua_value import UNREADABLE, semantics_changed
from devices.transports.opcua_watch import Known, MovedError, Watch

GLANCE = 0.1  # seconds after which a stop is seen
MESSAGE = 10_000  # notifications in one message, at most
REPUBLISHED = 10_000  # messages that are asked for again after a loss, at most
MUTE = 3  # connections on which a session was taken up and brought nothing: it is given up

_ENDED = (BadNoSubscription, BadSubscriptionIdInvalid, BadSessionClosed, BadSessionIdInvalid, BadSessionNotActivated)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Standing:
    """A session on the server, with its subscription."""

    token: str
    nonce: str
    subscription: int
    silence: float  # seconds without any answer after which the server is gone
    held: int  # values of one node that the server holds
    plan: str  # a digest of what was subscribed
    doubt: dict[str, str] = field(default_factory=dict)  # channel → why values before its next one may be missing


class OpcUaSubscription:
    """One instrument's nodes, subscribed. ``wall`` is what the server's clock is compared with."""

    def __init__(self, settings: OpcUaSettings, pki: Path, intake: Intake, wall: Clock = machine_clock) -> None:
        self._settings, self._pki, self._intake, self._wall = settings, pki, intake, wall
        told = asdict(settings) | {"password": None}
        self._plan = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
        self._monitoring = Monitoring(settings, intake.notice)
        self._attempts: Counter[str] = Counter()
        self._mute = 0

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
        self._taking = Taking(self._settings.nodes, self._intake)
        self._standing, known = self._remembered()
        self._watch = Watch(self._settings, self._intake, known, self._wall)
        backoff = Backoff()
        while True:
            try:
                async with connected(self._intake.instrument, self._settings, self._pki) as connection:
                    standing = await self._session(connection)
                    backoff.reset()
                    async with self._watching(connection, standing.subscription):
                        await self._publish(connection, standing)
            except UntrustedError as refusal:
                self._intake.refused(str(refusal), refusal.notice)
            except (UaError, OSError, ValueError) as lost:
                self._intake.state("no connection", f"{self._settings.url}: {str(lost) or 'no answer'}")
            except SpoolError as full:
                _log.error("%s waits: %s", self._intake.instrument, full)
            await asyncio.sleep(backoff.wait())

    def _remembered(self) -> tuple[_Standing | None, Known]:
        """Return the session that the last gateway left standing, and what its server had said."""
        saved, self._cursor = self._intake.spool.session(self._intake.instrument)
        told = json.loads(saved) if saved else {}
        standing = told.get("standing")
        return standing and _Standing(**standing), Known(**told.get("known", {}))

    def _keep(self, standing: _Standing | None) -> None:
        """Remember a session with its number; None where there is none to go on with."""
        self._standing = standing
        told = {"standing": standing and asdict(standing), "known": asdict(self._watch.known)}
        cursor = self._cursor if standing else 0
        self._intake.spool.keep_session(self._intake.instrument, json.dumps(told), cursor=cursor)

    async def _session(self, connection: Connection) -> _Standing:
        """Go on with the session that stands, or begin a new one."""
        standing, started = self._standing, self._watch.known.started
        if standing and not await self._resumed(connection, standing):
            standing = None
        elif standing and standing.plan != self._plan:
            await self._end(connection)
            raise ConnectionError("the configuration has changed: a new session begins")
        if not standing:
            await connection.begin()
        moved = await self._watch.begin(connection.session, connection.security_policy.peer_certificate)
        if standing and moved:
            await self._end(connection)
            raise ConnectionError("its namespaces have moved: a new session begins")
        if not standing:
            restarted = started and started != self._watch.known.started
            self._taking.doubt_all("the server was restarted" if restarted else "the session on the server had ended")
            standing = await self._subscribe(connection)
        token, nonce = connection.key
        self._taking.doubt, self._taking.misread = dict(standing.doubt), self._watch.misread
        self._keep(replace(standing, token=token, nonce=nonce))
        self._history = History(connection.session, self._watch.places, self._attempts)
        return standing

    async def _resumed(self, connection: Connection, standing: _Standing) -> bool:
        try:
            await connection.resume(standing.token, standing.nonce)
        except UaError as gone:
            _log.info("%s: the session has ended: %s", self._intake.instrument, gone)
            connection.session.reset_authentication_token()
            return False
        return True

    async def _end(self, connection: Connection) -> None:
        """Close a session that can bring no more: a server has few, and keeps one that is left for as long as asked."""
        self._keep(None)
        with suppress(UaError, OSError):
            await connection.session.close_session(delete_subscriptions=True)
        connection.disconnect_socket()

    async def _subscribe(self, connection: Connection) -> _Standing:
        """Begin a subscription on a new session; every channel is in doubt until its first value."""
        self._cursor = 0
        interval = self._settings.publishing * 1000
        wanted = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=interval,
            RequestedLifetimeCount=max(10, round(self._settings.outage * 1000 / interval)),
            RequestedMaxKeepAliveCount=max(1, round(self._settings.keep_alive * 1000 / interval)),
            MaxNotificationsPerPublish=MESSAGE,
        )
        made = await connection.session.create_subscription(wanted, callback=lambda _result: None)
        if connection.session_timeout < self._settings.outage * 1000:
            self._intake.remark(
                f"the server keeps a session for {connection.session_timeout / 1000:g} s without us,"
                f" not {self._settings.outage:g}"
            )
        held = await self._monitoring.begin(connection.session, made.SubscriptionId, self._watch.places)
        keep_alive = made.RevisedPublishingInterval * made.RevisedMaxKeepAliveCount / 1000
        silence = 3 * max(keep_alive, 0.5)
        return _Standing(*connection.key, made.SubscriptionId, silence, held, self._plan, dict(self._taking.doubt))

    @asynccontextmanager
    async def _watching(self, connection: Connection, subscription: int) -> AsyncIterator[None]:
        looking = asyncio.create_task(self._look_for_ever(connection, subscription))
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait([looking])
            if not looking.cancelled():
                looking.result()  # a defect of ours is not to be passed over

    async def _look_for_ever(self, connection: Connection, subscription: int) -> None:
        """Look at the server beside its values. Whether it is there at all, the subscription judges."""
        while True:
            await asyncio.sleep(self._settings.watch)
            try:
                back = await self._watch.look(connection.session)
                self._taking.doubt_these(back, "its node was not on the server")
                self._keep_doubt()
                await self._monitoring.begin(connection.session, subscription, back)
            except MovedError as moved:
                _log.warning("%s: %s: a new session begins", self._intake.instrument, moved)
                await self._end(connection)
                return
            except (UaError, OSError, SpoolError) as lost:
                _log.info("%s: the server could not be looked at: %s", self._intake.instrument, lost)

    async def _publish(self, connection: Connection, standing: _Standing) -> None:
        """Ask for messages until the connection ends. A session that can bring no more is forgotten."""
        acknowledged: list[ua.SubscriptionAcknowledgement] = []
        session = connection.session
        try:
            while True:
                try:
                    async with asyncio.timeout(standing.silence):
                        response = await session.publish(acknowledged)
                except UaStructParsingError as poison:
                    self._intake.notice(f"a message cannot be decoded: {poison.__cause__}")
                    continue
                self._mute = 0
                acknowledged = await self._receive(session, response.Parameters)
        except _ENDED:
            await self._end(connection)
            raise
        except TimeoutError:
            self._mute += 1
            if self._mute >= MUTE:
                self._mute = 0
                await self._end(connection)
            raise

    async def _receive(self, session: UaSession, result: ua.PublishResult) -> list[ua.SubscriptionAcknowledgement]:
        """Take one answer, and what was skipped before it; return what may be acknowledged."""
        message = result.NotificationMessage
        # A keep-alive has no data, and the number that the next message will have.
        await self._catch_up(session, result.SubscriptionId, message.SequenceNumber)
        if message.NotificationData:
            await self._take(session, message)
        held = {*(result.AvailableSequenceNumbers or ()), message.SequenceNumber}
        return [
            ua.SubscriptionAcknowledgement(SubscriptionId=result.SubscriptionId, SequenceNumber=number)
            for number in sorted(held)
            if number <= self._cursor
        ]

    async def _catch_up(self, session: UaSession, subscription: int, number: int) -> None:
        first = max(self._cursor + 1, number - REPUBLISHED)
        if first > self._cursor + 1:
            self._lost(first - 1, f"messages {self._cursor + 1} to {first - 1} are too many to ask for again")
        for missing in range(first, number):
            message = await self._republished(session, subscription, missing)
            if message.SequenceNumber == missing:
                await self._take(session, message)
            else:
                self._lost(missing, f"the server holds message {missing} no longer, or it cannot be decoded")

    def _lost(self, number: int, cause: str) -> None:
        """Go on behind messages that cannot be had: what was in them is looked for in the server's history."""
        self._intake.remark(cause)
        self._cursor = number
        self._taking.doubt_all(cause)
        self._keep_doubt()

    async def _republished(self, session: UaSession, subscription: int, number: int) -> ua.NotificationMessage:
        """Return a message again; an empty one where it cannot be had."""
        try:
            return await session.republish(subscription, number)
        except _ENDED:
            raise
        except (UaError, *UNREADABLE):
            return ua.NotificationMessage()

    async def _take(self, session: UaSession, message: ua.NotificationMessage) -> None:
        if any(semantics_changed(each) for each in values(message)):
            await self._watch.units(session)
        held = self._standing.held if self._standing else 0
        await self._taking.take(message, self._history, held)
        self._cursor = message.SequenceNumber
        self._keep_doubt()
        if ended(message):
            raise BadNoSubscription

    def _keep_doubt(self) -> None:
        if self._standing and self._standing.doubt != self._taking.doubt:
            self._keep(replace(self._standing, doubt=dict(self._taking.doubt)))
