"""What a server's own history still holds of a hole: raw values, read page by page (OPC 10000-11, 6.5.3).

A page that is not the last has a continuation point. There are servers that cut a page and give none: after a full
page the next one is asked for by the time of its last value, and what the two share is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from asyncua import ua
from asyncua.client.ua_session import UaSession

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
        point: bytes | None = None
        begun = False
        while True:
            page, point = await self._page(channel, since, until + AFTER, point)
            yield [each for each in page if not begun or (source_time(each) or since) > since]
            if point is None:
                last = source_time(page[-1]) if len(page) >= PAGE else None
                if last is None or last <= since:
                    break
                since, begun = last, True
        del self._attempts[attempt]

    async def _page(
        self, channel: str, since: datetime, until: datetime, point: bytes | None
    ) -> tuple[list[ua.DataValue], bytes | None]:
        request = ua.HistoryReadParameters(
            HistoryReadDetails=ua.ReadRawModifiedDetails(
                IsReadModified=False,
                StartTime=_time(since),
                EndTime=_time(until),
                NumValuesPerNode=PAGE,
                ReturnBounds=False,
            ),
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            NodesToRead=[ua.HistoryReadValueId(NodeId=self._places[channel], ContinuationPoint=point)],
        )
        try:
            (result,) = await self._session.history_read(request)
        except LOST:
            raise
        except TimeoutError as late:
            raise NoHistoryError("its history did not answer in time") from late
        except ua.UaError as refused:
            raise NoHistoryError(f"it gives no history: {refused}") from refused
        if result.StatusCode.is_bad():
            raise NoHistoryError(f"it gives no history: {result.StatusCode.name}")
        values = getattr(result.HistoryData, "DataValues", None) or []
        return list(values), result.ContinuationPoint or None


def _time(time: datetime) -> ua.DateTime:
    return ua.DateTime.fromisoformat(time.isoformat())
