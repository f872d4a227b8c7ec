"""An OPC-UA server that tells each result as an event, and gives it again when it is asked.

An event is told once, perhaps only to some, and nobody keeps it longer than the subscription lives. So it is only the
faster way: after each connection, and from time to time, every result of the last days is asked for. A result that is
known is known by its origin; one that the server has changed is another, and is stored beside the first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Stop
from typing import Any

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds

from devices.config import Node, OpcUaSettings
from devices.instrument import Measurement, ResultInstrument
from devices.intake import Intake
from devices.protocols import ProtocolError
from devices.protocols.opcua_structure import Structure, Value, decode
from devices.transports.opcua_address_space import SERVER, standard
from devices.transports.opcua_client import Connection
from devices.transports.opcua_surface import Known, learn
from devices.transports.opcua_survey import Survey, SurveyedSubscription

DAY = timedelta(days=1)
WHOLE = 14 * DAY  # asked for after each connection, and once an hour: a result that is analysed again is an old one
PAUSE = 60.0  # seconds between two questions for the last day
HOURLY = 60  # questions
LOOK = 600.0  # seconds between two looks at where everything is
AHEAD = timedelta(minutes=10)  # by which a result may be dated after our time before somebody is told

_EVENTS = 2**31  # the handle of the one item that is no variable


class ResultServer:
    """One server of results."""

    def __init__(
        self, instrument: ResultInstrument, settings: OpcUaSettings, pki: Path, intake: Intake, pause: float = PAUSE
    ) -> None:
        self._instrument, self._settings, self._pki, self._intake = instrument, settings, pki, intake
        self._pause = pause

    def run(self, stop: Stop) -> None:
        """Receive until told to stop."""
        survey = Survey(self._find, self._make, self._settings, self._pki, self._intake)
        survey.elsewhere = frozenset(self._instrument.channels)
        survey.run(stop)

    async def _find(self, session: UaSession) -> tuple[Node, ...]:
        return (await learn(session, self._instrument.surface)).nodes

    def _make(self, settings: OpcUaSettings) -> SurveyedSubscription:
        return _Results(self._instrument, self._find, settings, self._pki, self._intake, self._pause)


class _Results(SurveyedSubscription):
    """The variables beside the results, subscribed; and the results."""

    def __init__(self, instrument: ResultInstrument, *others: Any) -> None:  # noqa: ANN401 - the superclass's own, one added
        find, settings, pki, intake, self._every = others
        super().__init__(find, settings, pki, intake, LOOK)
        self._instrument = instrument
        self._known: Known | None = None
        self._said = ""  # what the server last said instead of results

    async def _session(self, connection: Connection) -> Any:  # noqa: ANN401 - the superclass's own
        self._before = self._intake.spool.session(self._intake.instrument)[0] or ""
        return await super()._session(connection)

    async def began(self, connection: Connection) -> None:
        """Learn where everything is, and ask a new session for its events."""
        self._known = await learn(connection.session, self._instrument.surface)
        saved = json.loads(self._intake.spool.session(self._intake.instrument)[0] or "{}")
        standing = saved.get("standing", saved)
        if standing.get("token", "") not in self._before or not self._before:
            await self._listen(connection.session, standing["subscription"])

    async def _listen(self, session: UaSession, subscription: int) -> None:
        request = ua.CreateMonitoredItemsParameters(
            SubscriptionId=subscription,
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            ItemsToCreate=[_events(self._here(), self._settings.queue)],
        )
        (made,) = await session.create_monitored_items(request)
        if not made.StatusCode.is_good():
            self._intake.remark(f"the server tells no results by itself, and is asked: {made.StatusCode.name}")

    def beside(self) -> Sequence[Any]:
        """Look at the server, and ask it."""
        return [*super().beside(), self._ask_for_ever(self.session)]

    async def _take(self, *arguments: Any) -> None:  # noqa: ANN401 - the superclass's own, the message last
        """Store a message's results, and then what else it says, with its number."""
        for data in arguments[-1].NotificationData:
            if isinstance(data, ua.EventNotificationList):
                self._intake.take([made for event in data.Events for made in self._told(event.EventFields)])
        await super()._take(*arguments)

    def _told(self, fields: list[ua.Variant]) -> list[Measurement]:
        body = _body(fields[0].Value if fields else None)
        try:
            return self._measured([decode(body, self._here().result)])
        except ProtocolError as error:
            self._intake.garbled(body, str(error))
            return []

    def _measured(self, results: Sequence[Structure]) -> list[Measurement]:
        """Read results; one that cannot be read is kept as it is, and the others go on."""
        made = []
        for result in results:
            try:
                made += list(self._instrument.measurements(result))
            except ProtocolError as error:
                self._intake.garbled(result.raw, str(error))
        return made

    async def _ask_for_ever(self, session: UaSession) -> None:
        """Ask for what was missed while nobody listened; then, again and again, for what no event told."""
        latest = self._intake.spool.latest(self._intake.instrument)
        since = [at - DAY for channel, (_, _, at) in latest.items() if at and channel in self._instrument.channels]
        await self._ask(session, min([self._intake.clock() - WHOLE, *sorted(since)[-1:]]))
        asked = 0
        while True:
            await asyncio.sleep(self._every)
            asked += 1
            await self._ask(session, self._intake.clock() - (DAY if asked % HOURLY else WHOLE))

    async def _ask(self, session: UaSession, since: datetime) -> None:
        """Ask day by day: a busy instrument answers a short question in time."""
        end = self._intake.clock() + DAY  # an instrument whose clock or zone is wrong must not hide its newest result
        while since < end:
            until = min(since + DAY, end)
            results = await self._answered(session, since, until)
            measurements = self._measured(results)
            if measurements and self._intake.take(measurements):
                self._judge_times(measurements)
            since = until

    async def _answered(self, session: UaSession, since: datetime, until: datetime) -> Sequence[Structure]:
        known = self._here()
        arguments = [_variant(*each) for each in self._instrument.question(since, until)]
        (result,) = await session.call([ua.CallMethodRequest(known.folder, known.method, arguments)])
        body = _body(result.OutputArguments[0].Value if result.OutputArguments else None)
        try:
            _check(result.StatusCode)
            found = self._instrument.answer(decode(body, known.answer))
        except ProtocolError as error:
            if self._said != str(error):  # said once, not each minute
                self._said = str(error)
                self._intake.garbled(body, self._said)
            return ()
        self._said = ""
        return found

    def _judge_times(self, measurements: Sequence[Measurement]) -> None:
        latest = max((made.source_time for made in measurements if made.source_time), default=None)
        if latest and latest > self._intake.clock() + AHEAD:
            self._intake.notice(
                f"a result is dated {latest}, ahead of this gateway: look at the instrument's clock and zone"
            )

    def _here(self) -> Known:
        if self._known is None:
            raise ValueError("nothing is known of this server yet")
        return self._known


def _events(known: Known, queue: int) -> ua.MonitoredItemCreateRequest:
    """Ask the server's own object for the events of one type, and of each for its result."""
    wanted = ua.SimpleAttributeOperand(
        TypeDefinitionId=known.event, BrowsePath=[known.field], AttributeId=AttributeIds.Value
    )
    kind = ua.LiteralOperand(Value=ua.Variant(known.event, ua.VariantType.NodeId))
    where = ua.ContentFilterElement(FilterOperator=ua.FilterOperator.OfType, FilterOperands=[kind])
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=standard(SERVER), AttributeId=AttributeIds.EventNotifier),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=_EVENTS,
            Filter=ua.EventFilter(SelectClauses=[wanted], WhereClause=ua.ContentFilter(Elements=[where])),
            QueueSize=queue,
            DiscardOldest=True,
        ),
    )


def _check(status: ua.StatusCode) -> None:
    if not status.is_good():
        raise ProtocolError(f"the server does not give its results: {status.name}")


def _variant(kind: str, value: Value) -> ua.Variant:
    return ua.Variant(value, ua.VariantType[kind])


def _body(told: object) -> bytes:
    """Return a structure's bytes. asyncua leaves those of an unknown type as they came."""
    if isinstance(told, ua.ExtensionObject):
        return told.Body or b""
    return b""
