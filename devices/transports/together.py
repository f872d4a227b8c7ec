"""Several things at once on one connection: the first that fails ends all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


async def together(*endless: Coroutine[None, None, None]) -> None:
    """Run what runs for ever, until one of it raises; that is raised."""
    tasks = [asyncio.create_task(each) for each in endless]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
