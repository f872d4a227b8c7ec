"""Be a witness for laboratories on other machines: remember how many lines each had, and sign that they only grew.

    ./lab witness key                      print the key that the laboratory writes into its seals.toml
    ./lab witness trust KEY                serve the laboratory with this seal key (./lab seal key prints it there)
    ./lab witness serve --port 8090        answer; Ctrl-C stops it

What it knows lies in its folder, and is worth as much as nobody of the laboratory can write there. It speaks C2SP
tlog-witness; any other witness that does may stand in its place.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from devices.clock import machine_clock
from mes.ledger.checkpoint import Key, NotACheckpoint
from mes.seals.witnessing import LARGEST, Answer, Witnessing

about = "be a witness"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("what", choices=tuple(_WHAT))
    parser.add_argument("key", nargs="?", default="", help="of a laboratory's seals")
    parser.add_argument("--folder", type=Path, default=Path(".lab/witness"), help="where it keeps what it knows")
    parser.add_argument("--name", default="witness", help="what its key is called; it counts the first time")
    parser.add_argument("--host", default="127.0.0.1", help="the address that it listens on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8090)


def main(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    try:
        return _WHAT[options.what](Witnessing(options.folder, machine_clock, options.name), options)
    except NotACheckpoint as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _key(witness: Witnessing, options: argparse.Namespace) -> int:
    del options
    sys.stdout.write(f"{witness.key}\n")
    return 0


def _trust(witness: Witnessing, options: argparse.Namespace) -> int:
    key = Key.read(options.key)
    witness.trust(key)
    sys.stdout.write(f"{key.name} is served; what it confirms is kept in {witness.file_of(key.name)}\n")
    return 0


def _serve(witness: Witnessing, options: argparse.Namespace) -> int:
    with serving(witness, options.host, options.port) as server:
        sys.stdout.write(f"{witness.key}\nlistening on {options.host}, port {server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
    return 0


def serving(witness: Witnessing, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers for a witness."""

    class Handler(BaseHTTPRequestHandler):
        """One request."""

        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            """Take a checkpoint."""
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self._send(Answer(404, "there is only /add-checkpoint\n"))
            elif not length.isdigit() or int(length) > LARGEST:
                self.close_connection = True
                self._send(Answer(413, "a checkpoint is small\n"))
            else:
                self._send(witness.add_checkpoint(self.rfile.read(int(length))))

        def _send(self, answer: Answer) -> None:
            content = answer.text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return ThreadingHTTPServer((host, port), Handler)


_WHAT: dict[str, Callable[[Witnessing, argparse.Namespace], int]] = {"key": _key, "trust": _trust, "serve": _serve}
