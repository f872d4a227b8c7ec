"""The simulated bioreactor's history: every value that it showed, for a client that was away.

It is kept in memory, and in a file where one is given: a server that was killed knows again what it had measured.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.server.history import HistoryStorageInterface
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

LONGEST = 100_000  # values of one node; a probe that is read each second fills it in a day


class Recorder(HistoryStorageInterface):
    """What asyncua's server answers HistoryRead from."""

    def __init__(self, file: Path | None = None) -> None:
        super().__init__()
        self._values: dict[str, list[tuple[datetime, ua.DataValue]]] = defaultdict(list)
        lines = file.read_text().splitlines() if file and file.exists() else ()
        for line in lines:
            if line.endswith("]"):  # the last one may have been cut by a kill
                node, binary = json.loads(line)
                self._add(node, struct_from_binary(ua.DataValue, Buffer(b64decode(binary))))
        self._file = file.open("a") if file else None

    async def init(self) -> None:
        """There is nothing to prepare."""

    async def stop(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    async def new_historized_node(self, node_id: ua.NodeId, period: timedelta | None, count: int = 0) -> None:
        """There is nothing to prepare."""

    async def save_node_value(self, node_id: ua.NodeId, datavalue: ua.DataValue) -> None:
        """Keep a value."""
        node = node_id.to_string().partition(";")[2]  # without its namespace's index, which may be another tomorrow
        self._add(node, datavalue)
        if self._file:
            self._file.write(json.dumps([node, b64encode(struct_to_binary(datavalue)).decode()]) + "\n")
            self._file.flush()

    def _add(self, node: str, value: ua.DataValue) -> None:
        kept = self._values[node]
        kept.append((_aware(value.SourceTimestamp), value))
        if len(kept) > LONGEST:
            del kept[: LONGEST // 10]

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        """Return a page of values from a time on, and the time of the next page's first value."""
        kept = self._values[node_id.to_string().partition(";")[2]]
        first = bisect_left(kept, _aware(start), key=lambda each: each[0])
        found = [each for each in kept[first:] if each[0] <= _aware(end)]
        page = min(nb_values or self.max_history_data_response_size, self.max_history_data_response_size)
        more = found[page][1].SourceTimestamp if len(found) > page else None
        return [value for _, value in found[:page]], more


def _aware(time: datetime | None) -> datetime:
    if time is None:
        return datetime.max.replace(tzinfo=UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
