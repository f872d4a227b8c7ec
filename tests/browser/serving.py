"""The application of this process behind a real server on loopback, over TLS as at a site."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    """One thread a connection, which stays open as under gunicorn; what is asked for is not listed."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """List nothing."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application while entered, and give its origin. Whatever laboratory it works in is asked each time."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet, ssl_context="adhoc")
    server.socket.do_handshake_on_connect = False  # in the connection's own thread: one that dawdles stops nobody else
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
