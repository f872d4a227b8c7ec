"""The Vi-CELL BLU over OPC-UA, counting the culture's samples, and failing on request.

Its faults are of the result (`nan` and `bad` once), of the order in which results come, or of the wire: `drop` loses
every connection, `restart` starts the server again. What is found meanwhile is kept, and told when it is asked for.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from devices.simulators.faults import Order
from devices.simulators.vicell_blu import Result, ViCellFace
from devices.simulators.world import World

NAME = "Vi-CELL BLU"
GLANCE = 0.05  # seconds
_SKIPPED = 8  # the status of a sample that the instrument could not analyse


class OpcuaCounter:
    """A Vi-CELL BLU whose server can be started again."""

    def __init__(self, world: World, user: str, make: Callable[[], ViCellFace]) -> None:
        self._world, self._user, self._make, self._face = world, user, make, make()
        self._order: Order[Result] = Order()
        self.url = self._face.url

    async def start(self) -> None:
        """Listen."""
        await self._face.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._face.stop()

    def count(self, sample: str, vessel: str) -> dict[str, Any]:
        """Count a sample, from any thread, and have its result on its way. Raises `NotSoError` for an empty vessel."""
        count = self._world.count(sample, vessel, NAME)
        result = Result.of(count, self._user, self._world.culture.seed)
        match self._world.happens(NAME, "nan", "bad"):
            case "nan":
                result = replace(result, viable=math.nan, viability=math.nan)
            case "bad":
                result = replace(result, status=_SKIPPED)
        self._order.take(self._world.asked(NAME), self._world.clock(), result)
        return {"instrument": "VC-02", "sample": count.sample, "at": count.at.isoformat()} | count.values

    async def tell(self) -> None:
        """Tell results as they come, and fail as is asked, for ever."""
        while True:
            for result in self._order.give(self._world.asked(NAME), self._world.clock()):
                await self._face.count(result)
            if happens := self._world.happens(NAME, "drop", "restart"):
                await (self._face.drop() if happens == "drop" else self._restart())
            await asyncio.sleep(GLANCE)

    async def _restart(self) -> None:
        await self._face.stop()
        self._face = self._make()
        await self._face.start()
