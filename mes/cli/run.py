"""Start the laboratory on this machine: web pages, instrument gateway, clock, and simulated instruments.

The first start loads a demonstration: people, lots, equipment and an approved recipe, all synthetic. The records are
kept in the folder; started again, everything goes on where it was. Ctrl-C stops it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from mes.cli import folder_argument
from mes.demonstration.laboratory import CAST
from mes.demonstration.processes import Laboratory

about = "start the laboratory here"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("--port", type=int, default=8000, help="of the web pages (8000); the instruments take others")


def main(options: argparse.Namespace) -> int:
    """Start everything, say where it is, and wait to be told to stop."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Laboratory(options.folder.resolve(), options.port) as laboratory:
        sys.stdout.write(_welcome(laboratory))
        sys.stdout.flush()
        while not stop.wait(0.5):
            if ended := laboratory.ended():
                sys.stderr.write(f"\n{ended}\n")
                return 1
        sys.stdout.write("\nStopping …\n")
    return 0


def _welcome(laboratory: Laboratory) -> str:
    width = max(len(colleague.id) for colleague in CAST)
    people = "\n".join(f"    {each.id:<{width}}   {each.name}, {each.does}" for each in CAST)
    return f"""
  The laboratory is open. It is a demonstration: every person, cell and number in it is synthetic.

  Pages          {laboratory.url}
  Instruments    {laboratory.panel}   (their front panels; time can be skipped there)

  Sign in as
{people}
  with the passphrase   {laboratory.passphrase}

  Records are in {laboratory.folder}. Ctrl-C stops everything; the records stay.
"""
