"""The load: many clients over kept-alive connections, in a process of its own, each waiting for its answers.

Reads a plan from a file and prints how long each answer took. It speaks just enough HTTP not to be the bottleneck.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Loaded:
    """How long each answer took, in seconds, and how long all of them took together."""

    latencies: tuple[float, ...]
    seconds: float

    def percentile(self, share: float) -> float:
        """Return a percentile in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def run(folder: Path, port: int, clients: list[list[str]], expected: int, pace: float = 0.0) -> Loaded:
    """Send each client's requests, one after another; with a pace, one begins each so many seconds."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps({"port": port, "clients": clients, "expected": expected, "pace": pace}))
    command = [sys.executable, "-m", "tests.bench.load", str(plan)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the load failed: {done.stderr[-2000:]}")
    latencies, seconds = json.loads(done.stdout)
    return Loaded(tuple(latencies), seconds)


async def _client(number: int, plan: dict[str, object], requests: list[str], latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(str(plan["port"])))
    pace, expected = float(str(plan["pace"])), str(plan["expected"])
    begin = time.perf_counter() + (pace * number / 50 if pace else 0.0)
    for turn, request in enumerate(requests):
        if pace:
            await asyncio.sleep(max(0.0, begin + turn * pace - time.perf_counter()))
        started = time.perf_counter()
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.split("\r\n") if line.lower().startswith("content-length"))
        body = await reader.readexactly(int(length.split(":")[1]))
        latencies.append(time.perf_counter() - started)
        if head.split(" ", 2)[1] != expected:
            raise RuntimeError(f"{head.splitlines()[0]}: {body[-1500:].decode()}")
    writer.close()


async def _main(plan: dict[str, object]) -> None:
    latencies: list[float] = []
    clients: list[list[str]] = plan["clients"]  # type: ignore[assignment] # the plan is JSON
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, requests in enumerate(clients):
            group.create_task(_client(number, plan, requests, latencies))
    sys.stdout.write(json.dumps([latencies, time.perf_counter() - started]))


if __name__ == "__main__":
    asyncio.run(_main(json.loads(Path(sys.argv[1]).read_text())))
