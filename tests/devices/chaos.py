"""A TCP line that can be made to fail, between a client and a server on loopback."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from threading import Event, Thread
from typing import Self

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


class Line:
    """A port that forwards to another. What is silent here is silent for both ends: no FIN, no RST."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._flows: list[tuple[socket.socket, socket.socket, Event]] = []
        self._open = Event()  # cleared while the line is a black hole
        self._open.set()
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.reset()
        for thread in self._threads:
            thread.join()

    def black_hole(self) -> None:
        """Hold everything, of old connections and new ones."""
        self._open.clear()

    def restore(self) -> None:
        """Let everything that was held go on."""
        self._open.set()

    def drop(self) -> None:
        """Let the connections that are open go silent for ever; new ones are well."""
        for _, _, dead in self._flows:
            dead.set()

    def reset(self) -> None:
        """Break every connection."""
        for near, far, dead in self._flows:
            dead.set()
            for end in (near, far):
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._flows = []

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                try:
                    far, dead = socket.create_connection(("127.0.0.1", self._target)), Event()
                except ConnectionRefusedError:  # nobody is there now
                    near.close()
                    continue
                self._flows.append((near, far, dead))
                for ends in ((near, far), (far, near)):
                    thread = Thread(target=self._pump, args=(*ends, dead), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _pump(self, source: socket.socket, sink: socket.socket, dead: Event) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._open.wait()
                if not dead.is_set():
                    sink.sendall(data)
