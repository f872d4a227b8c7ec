"""Instruments behind a network: a balance on a raw port, and a terminal server that speaks RFC 2217."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any, Self

import serial
from serial.rfc2217 import PortManager

from tests.devices.support import until

ANSWERS = {b"I4": b'I4 A "B123456789"\r\n', b"SI": b"S S     100.00 g\r\n"}


class _Server:
    """A port that serves every connection in a thread."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def connections(self) -> int:
        """How many there were."""
        return len(self._threads) - 1

    def hang_up(self) -> None:
        """Close every connection."""
        for peer in self._open:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._server.accept()
                self._open.append(peer)
                thread = Thread(target=self._hold, args=(peer,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _hold(self, peer: socket.socket) -> None:
        with suppress(OSError), peer:
            self._serve(peer)

    def _serve(self, peer: socket.socket) -> None:
        raise NotImplementedError


class Balance(_Server):
    """A balance that answers MT-SICS, unless it is told to be silent."""

    def __init__(self) -> None:
        self.silent = Event()
        super().__init__()

    def _serve(self, peer: socket.socket) -> None:
        with peer.makefile("rb") as lines:
            for line in lines:
                if not self.silent.is_set():
                    peer.sendall(ANSWERS[line.strip()])


class TerminalServer(_Server):
    """pyserial's own RFC 2217 server; what the line behind it sends is said by a test."""

    def __init__(self) -> None:
        self.settings: Any = serial.serial_for_url("loop://")
        self._heard, self._lock = bytearray(), Lock()
        self._manager: PortManager | None = None
        super().__init__()
        self.url = f"rfc2217://127.0.0.1:{self.port}"

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.settings.close()

    def send(self, *pieces: bytes) -> bytes:
        """Send each piece to the one that is connected, and return all that was answered."""
        answers = b""
        for piece in pieces:
            assert self._manager
            self._peer.sendall(b"".join(self._manager.escape(piece)))
            until(lambda: self._heard)
            with self._lock:
                answers += bytes(self._heard)
                self._heard.clear()
        return answers

    def write(self, data: bytes) -> None:
        """Write what the protocol itself has to say."""
        self._peer.sendall(data)

    def _serve(self, peer: socket.socket) -> None:
        self._peer = peer
        self._manager = PortManager(self.settings, self)
        while data := peer.recv(1024):
            with self._lock:
                self._heard += b"".join(self._manager.filter(data))
