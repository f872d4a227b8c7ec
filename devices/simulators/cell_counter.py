"""The cell counter: ASTM over a pseudo-terminal, a message for each count.

Like an analyser, it keeps a result that nobody acknowledged and sends it again. Faults are of the wire (`drop` stops
in the middle of a frame, `restart` begins the message anew at once; `garble` and `wrong_checksum` spoil a frame once),
of the order in which results come, or of the result.
"""

from __future__ import annotations

import logging
import os
import select
import time
import tty
from pathlib import Path
from threading import Event as Stop
from threading import Thread
from typing import Any

from devices.protocols import Send, astm, lis2
from devices.simulators.faults import Order
from devices.simulators.world import Count, World

GLANCE = 0.05  # seconds
AGAIN = 2.0  # seconds after a failure
PATIENCE = 20.0  # seconds that whoever counts waits for the acknowledgement

_log = logging.getLogger(__name__)


class CellCounter:
    """A counter whose line is a pseudo-terminal with a name that stays."""

    def __init__(self, line: Path, world: World) -> None:
        self._world = world
        self._results: Order[tuple[bytes, Stop]] = Order()
        self._stop = Stop()
        # We hold the far end too, so that the line exists while no gateway has it open.
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        line.unlink(missing_ok=True)
        line.symlink_to(os.ttyname(self._far))
        self._thread = Thread(target=self._send_results, name="cell counter", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sending; what was not acknowledged is lost with the machine's power."""
        self._stop.set()
        self._thread.join()
        os.close(self._near)
        os.close(self._far)

    def count(self, sample: str, vessel: str) -> dict[str, Any]:
        """Count a sample and send its result; tell it, and whether it was acknowledged while we waited."""
        count, fault = self._world.count(sample, vessel), self._world.asked("cell counter")
        text, acknowledged = message(count, self._world.happens("cell counter", "nan", "bad")), Stop()
        self._results.take(fault, self._world.clock(), (text, acknowledged))
        patience = 0 if fault in ("lag", "reorder") else PATIENCE
        told = {"instrument": "CC-01", "sample": count.sample, "at": count.at.isoformat()} | count.values
        return told | {"acknowledged": acknowledged.wait(patience)}

    def _send_results(self) -> None:
        while not self._stop.wait(GLANCE):
            for text, acknowledged in self._results.give(self._world.asked("cell counter"), self._world.clock()):
                self._send(text, acknowledged)

    def _send(self, text: bytes, acknowledged: Stop) -> None:
        """Send one message until it was acknowledged, or the counter is switched off."""
        while not self._stop.is_set():
            if self._sent(text):
                acknowledged.set()
                return
            self._stop.wait(AGAIN)

    def _sent(self, text: bytes) -> bool:
        """Send one message; return whether it was acknowledged."""
        sender = astm.Sender()
        fault = self._world.happens("cell counter", "drop", "restart", "garble", "wrong_checksum")
        events = sender.send(astm.frames(text), time.monotonic())
        while not self._stop.is_set():
            for event in events:
                if isinstance(event, Send):
                    restarts, fault = fault == "restart", self._write(event.data, fault)
                    if restarts and not fault:
                        return False
                elif isinstance(event, astm.Delivered):
                    return True
                else:
                    _log.warning("not acknowledged: %s", event.reason)
                    return False
            replies = os.read(self._near, 1024) if select.select([self._near], [], [], GLANCE)[0] else b""
            events = sender.feed(replies, time.monotonic()) + sender.tick(time.monotonic())
        return False

    def _write(self, data: bytes, fault: str) -> str:
        """Write, with a fault where the data is a frame; return the fault that is still to come."""
        if not fault or not data.startswith(astm.STX):
            os.write(self._near, data)
            return fault
        spoiled = {
            "drop": data[: len(data) // 2],
            "restart": data[: len(data) // 2],
            "garble": data[:4] + bytes([data[4] ^ 0x10]) + data[5:],
            "wrong_checksum": data[:-4] + b"00\r\n" if data[-4:-2] != b"00" else data[:-4] + b"01\r\n",
        }
        os.write(self._near, spoiled[fault])
        return ""


def message(count: Count, fault: str = "") -> bytes:
    """Return the records of one count."""
    at = f"{count.at:%Y%m%d%H%M%S}"
    unit = {"TOTAL": "cells/mL", "VIABLE": "cells/mL", "VIABILITY": "%"}
    values = {"TOTAL": count.total, "VIABLE": count.viable, "VIABILITY": count.viability}
    status = "X" if fault == "bad" else "F"
    results = [
        f"R|{place}|^^^{test}|{'NaN' if fault == 'nan' else values[test]}|{unit[test]}||N||{status}||||{at}"
        for place, test in enumerate(values, 1)
    ]
    records = [
        f"H|\\^&|||cell-counter^simulated|||||||P|E1394-97|{at}",
        "P|1",
        f"O|1|{lis2.escape(count.sample)}||^^^COUNT",
        *results,
        "L|1|N",
    ]
    return "".join(f"{record}\r" for record in records).encode("latin-1", "replace")
