"""Serial lines, and the terminal servers that stand for them, through pyserial.

pyserial does not notice when the far end of a ``socket://`` or ``rfc2217://`` is silently gone: reads time out empty
and writes succeed, for ever. So the kernel asks the far end every few seconds whether it is there (TCP's keep-alive,
whose own first question comes after two hours), protocols that ask their instrument say when it does not answer
(`devices.protocols.Lost`), and nothing here trusts a write that no reply has answered. Any failure closes the port and
is recorded with its reason; the port is opened again after a pause (which throws away what came meanwhile), and the
protocol starts anew. After a far end that did not answer, the line counts as restored when its first byte is heard:
a terminal server takes connections for an instrument that is switched off.

A terminal server without modem lines may need ``rfc2217://host:port?ign_set_control&timeout=5``. What remains unseen
is a cable pulled between a terminal server, or this machine, and an instrument that only speaks when it has a result.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event as Stop
from zoneinfo import ZoneInfo

import serial

from devices.backoff import Backoff
from devices.config import SerialSettings
from devices.instrument import SerialInstrument
from devices.intake import Intake
from devices.protocols import Event, Frame, Garbled, Link, Message, ProtocolError, Send
from devices.spool import SpoolError

GLANCE = 0.1  # seconds that a read waits, so that a stop or a deadline is seen
ALIVE = {  # a far end that is gone is noticed in five seconds
    socket.TCP_KEEPIDLE: 2,  # seconds of silence before the first question
    socket.TCP_KEEPINTVL: 1,  # seconds between questions
    socket.TCP_KEEPCNT: 3,  # questions without an answer
    socket.TCP_USER_TIMEOUT: 5_000,  # milliseconds that something sent may wait for its acknowledgement
}

_log = logging.getLogger(__name__)


class NoAnswerError(Exception):
    """The instrument was asked and does not answer."""


class SerialLine:
    """One instrument on a line."""

    def __init__(self, instrument: SerialInstrument, settings: SerialSettings, zone: ZoneInfo, intake: Intake) -> None:
        self._instrument, self._settings, self._zone, self._intake = instrument, settings, zone, intake

    def run(self, stop: Stop, now: Callable[[], float] = time.monotonic) -> None:
        """Listen until told to stop. Every failure of the line ends in another attempt."""
        backoff, answers = Backoff(), True
        while not stop.is_set():
            try:
                with self._open() as port:
                    if answers:
                        self._restored(backoff)
                    self._listen(port, stop, now, lambda: self._restored(backoff))
            except (serial.SerialException, OSError, ValueError, NoAnswerError) as lost:
                answers = not isinstance(lost, NoAnswerError)
                self._intake.state("no line", f"{self._settings.port}: {lost}")
            except SpoolError as full:
                # The line is closed without a reply: the instrument keeps its result and sends it again.
                _log.error("%s is not acknowledged: %s", self._intake.instrument, full)
            stop.wait(0 if stop.is_set() else backoff.wait())

    def _restored(self, backoff: Backoff) -> None:
        self._intake.state("listening")
        backoff.reset()

    @contextmanager
    def _open(self) -> Iterator[serial.Serial]:
        line = self._settings.line
        port = serial.serial_for_url(
            self._settings.port,
            baudrate=line.baud,
            bytesize=line.bits,
            parity=line.parity,
            stopbits=line.stop_bits,
            timeout=GLANCE,
        )
        peer = getattr(port, "_socket", None)
        if isinstance(peer, socket.socket):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ALIVE.items():
                peer.setsockopt(socket.IPPROTO_TCP, option, value)
        try:
            yield port
        finally:
            port.close()
            if isinstance(peer, socket.socket):
                peer.close()  # pyserial leaves it open when the far end is gone

    def _listen(self, port: serial.Serial, stop: Stop, now: Callable[[], float], heard: Callable[[], None]) -> None:
        link: Link = self._instrument.link()
        while not stop.is_set():
            data = port.read(1)
            if data:
                heard()
                data += port.read(port.in_waiting)
                self._carry_out(link.feed(data, now()), port)
            if link.deadline is not None and now() >= link.deadline:
                self._carry_out(link.tick(now()), port)

    def _carry_out(self, events: Iterable[Event], port: serial.Serial) -> None:
        for event in events:
            if isinstance(event, Frame):
                self._intake.frame(event.raw)
            elif isinstance(event, Message):
                self._take(event)
            elif isinstance(event, Garbled):
                self._intake.garbled(event.raw, event.reason)
            elif isinstance(event, Send):
                port.write(event.data)
            else:
                raise NoAnswerError(event.reason)

    def _take(self, message: Message) -> None:
        try:
            measurements = list(self._instrument.measurements(message.text, message.raw, self._zone))
        except ProtocolError as error:
            self._intake.garbled(message.raw, str(error))
        else:
            self._intake.take(measurements)
