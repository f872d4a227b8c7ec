"""The server's worker: who says nothing, or says it slowly, keeps no thread from who does.

gunicorn's threaded worker gives each new connection a thread at once, which then waits five seconds for a first word:
a few hundred silent connections keep everybody out for minutes. Here a connection waits with the poller, which costs
nothing, until it has said something; and a thread that reads from it waits a few seconds at most. At the end of a
connection gunicorn waits up to two seconds for the other side, in the thread that all connections wait with: one slow
reader would stop everybody, so each is waited for apart. What drips in byte by byte is for the proxy before us, which
takes a request whole before it passes it on.
"""

from __future__ import annotations

import errno
import selectors
import socket
from functools import partial
from threading import Thread

from gunicorn.workers.gthread import TConn, ThreadWorker

_PATIENCE = 5.0  # seconds that a thread waits for the next bytes of a request
_GONE = (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK)


class _Connection(TConn):  # type: ignore[misc]  # gunicorn ships no types
    """A connection whose reader does not wait for ever."""

    def init(self) -> None:
        """Get ready to read."""
        super().init()
        self.sock.settimeout(_PATIENCE)

    def close(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002 - gunicorn's own
        """Close. For the other side's last word somebody else waits, not the poller, on which everybody depends."""
        if graceful:
            Thread(target=super().close, args=(graceful,), daemon=True).start()
        else:
            super().close()


class Worker(ThreadWorker):  # type: ignore[misc]  # the same
    """gunicorn's threaded worker, with threads only for who has said something."""

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, and wait with the poller until it says something."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in _GONE:
                raise
            return
        self.nr_conns += 1
        connection = _Connection(self.cfg, sock, address, listener.getsockname())
        connection.set_timeout()
        self.pending_conns.append(connection)
        self.poller.register(sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, connection))
