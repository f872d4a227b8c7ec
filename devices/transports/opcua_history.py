"""What a server's own history still holds of a hole: raw values, read page by page (OPC 10000-11, 6.5.3).

A page that is not the last has a continuation point. It is given back and not used: there are servers that cut a page
and give none, and one that goes on behind the next value. Each page is asked for from the time of the last value of the
page before, and whoever reads them sees by the value that both have that nothing is missing between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.uaerrors import UaError

from devices.transports.opcua_client import LOST
from devices.transports.opcua_value import source_time

PAGE = 2_000  # values in one answer
AFTER = timedelta(seconds=1)  # asked for beyond the end, to see that the history reaches it
ATTEMPTS = 3  # at one hole, whose reading ended the connection


class NoHistoryError(Exception):
    """A server has no history of a node, or does not give it; the sentence says what it answered."""


class History:
    """The histories of one server's nodes, for as long as its session lasts."""

    def __init__(self, session: UaSession, places: Mapping[str, ua.NodeId], attempts: Counter[str]) -> None:
        self._session, self._places, self._attempts = session, places, attempts

    async def pages(self, channel: str, since: datetime, until: datetime) -> AsyncIterator[list[ua.DataValue]]:
        """Return what is recorded from one time to just after another, oldest first. Raises `NoHistoryError`."""
        attempt = f"{channel} {since}"
        self._attempts[attempt] += 1  # a server may fall over its own history, and be back, and fall again
        if self._attempts[attempt] > ATTEMPTS:
            raise NoHistoryError(f"{ATTEMPTS} attempts to read its history ended the connection")
        while True:
            page, point = await self._page(channel, since, until + AFTER)
            yield page
            if point:
                await self._release(channel, point)
            last = source_time(page[-1]) if point or len(page) >= PAGE else None
            if last is None or last <= since:
                break
            since = last
        del self._attempts[attempt]

    async def _release(self, channel: str, point: bytes) -> None:
        given_back = ua.HistoryReadParameters(
            HistoryReadDetails=ua.ReadRawModifiedDetails(IsReadModified=False, NumValuesPerNode=PAGE),
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            ReleaseContinuationPoints=True,
            NodesToRead=[ua.HistoryReadValueId(NodeId=self._places[channel], ContinuationPoint=point)],
        )
        with suppress(UaError):  # it ends with the session
            await self._session.history_read(given_back)

    async def _page(self, channel: str, since: datetime, until: datetime) -> tuple[list[ua.DataValue], bytes | None]:
        request = ua.HistoryReadParameters(
            HistoryReadDetails=ua.ReadRawModifiedDetails(
                IsReadModified=False,
                StartTime=_time(since),
                EndTime=_time(until),
                NumValuesPerNode=PAGE,
                ReturnBounds=False,
            ),
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            ReleaseContinuationPoints=False,
            NodesToRead=[ua.HistoryReadValueId(NodeId=self._places[channel])],
        )
        try:
            (result,) = await self._session.history_read(request)
        except LOST:
            raise
        except TimeoutError as late:
            raise NoHistoryError("its history did not answer in time") from late
        except UaError as refused:
            raise NoHistoryError(f"it gives no history: {refused}") from refused
        if result.StatusCode.is_bad():
            raise NoHistoryError(f"it gives no history: {result.StatusCode.name}")
        values = getattr(result.HistoryData, "DataValues", None) or []
        return list(values), result.ContinuationPoint or None


def _time(time: datetime) -> ua.DateTime:
    return ua.DateTime.fromisoformat(time.isoformat())
