"""Trials in large numbers. Each says what it did, and what it found.

python -m tests.soak gateway --rounds 1000    kill the gateway, the web, a server and the database at random points
python -m tests.soak security                 every role at every address, guessed ids, scripts in a browser
python -m tests.soak api --cases 10000        fuzz the interface after its own document
"""

from __future__ import annotations

import argparse
import signal
import sys

from tests.soak import gateway, security


def main() -> int:
    """Run one kind of trial."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    trials = parser.add_subparsers(required=True, metavar="gateway | security | api")
    command = trials.add_parser("gateway", description=gateway.__doc__)
    gateway.arguments(command)
    command.set_defaults(act=gateway.main)
    for name, act in (("security", security.main), ("api", security.fuzz_api)):
        command = trials.add_parser(name, description=security.__doc__)
        security.arguments(command)
        command.set_defaults(act=act)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended too
    return int(options.act(options))


if __name__ == "__main__":
    sys.exit(main())
