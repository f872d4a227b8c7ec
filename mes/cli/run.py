"""Start the laboratory on this machine: web pages, instrument gateway, clock. Ctrl-C stops it; the records stay.

In a folder of its own that is empty, the first start loads a demonstration: people, lots, equipment and an approved
recipe, all synthetic, with simulated instruments. A folder that `./lab user open` has set up is a laboratory's: it
runs on the machine's clock, with the instruments of its gateway.toml.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from mes.cli import folder_argument
from mes.demonstration.laboratory import CAST
from mes.demonstration.processes import Laboratory
from mes.processes import Processes
from mes.site.queries import kind_at

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
    folder = options.folder.resolve()
    is_laboratory = _kind(folder) == "laboratory"
    with Processes(folder, options.port) if is_laboratory else Laboratory(folder, options.port) as processes:
        sys.stdout.write(_welcome(processes))
        sys.stdout.flush()
        while not stop.wait(0.5):
            if ended := processes.ended():
                sys.stderr.write(f"\n{ended}\n")
                return 1
        sys.stdout.write("\nStopping …\n")
    return 0


def _kind(folder: Path) -> str:
    """Return what kind of site the database is, wherever it is; nothing where there is none yet."""
    return kind_at(os.environ.get("MES_DATABASE_URL", f"sqlite:///{folder / 'mes.sqlite'}"))


def _welcome(processes: Processes) -> str:
    if not isinstance(processes, Laboratory):
        return f"\n  The laboratory is open at {processes.url}. Records are in {processes.folder}.\n"
    width = max(len(colleague.id) for colleague in CAST)
    people = "\n".join(f"    {each.id:<{width}}   {each.name}, {each.does}" for each in CAST)
    return f"""
  The laboratory is open. It is a demonstration: every person, cell and number in it is synthetic.

  Pages          {processes.url}
  Instruments    {processes.panel}   (their front panels; time can be skipped there)

  Sign in as
{people}
  with the passphrase   {processes.passphrase}

  Records are in {processes.folder}. Ctrl-C stops everything; the records stay.
"""
