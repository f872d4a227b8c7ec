"""Trials in large numbers. Each says what it did, and what it found.

python -m tests.soak gateway --rounds 1000    kill the gateway, the web, a server and the database at random points
python -m tests.soak attacks --rounds 100     attack the ledger in every way that is known, and look what shows it
python -m tests.soak archive FILE             alter a byte of a batch record 2,000 times, each of which must be named
"""

from __future__ import annotations

import argparse
import signal
import sys

from tests.soak import archive, attacks, gateway


def main() -> int:
    """Run one kind of trial."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    trials = parser.add_subparsers(required=True, metavar="gateway | attacks | archive")
    for name, trial in (("gateway", gateway), ("attacks", attacks), ("archive", archive)):
        command = trials.add_parser(name, description=trial.__doc__)
        trial.arguments(command)
        command.set_defaults(act=trial.main)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended too
    return int(options.act(options))


if __name__ == "__main__":
    sys.exit(main())
