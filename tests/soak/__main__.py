"""Trials in large numbers. Each says what it did and what it found, and ends with 1 where its bar is not met.

A round depends on the seed and its number alone: ``--seed S --from N`` plays it again.
"""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module

TRIALS = {
    "gateway": "kill the gateway, the web, a server and the database: no reading lost or doubled",
    "web": "kill the web application under eight writers (R1)",
    "database": "kill PostgreSQL's backends and its postmaster under eight writers (R2)",
    "powercut": "cut the power under SQLite, sector by sector (R3)",
    "blackout": "cut the power under PostgreSQL, page by page (R4)",
    "commit": "COMMIT comes late, or fails: nothing is said before it, nothing stays after it (R5, R6)",
    "disk": "fill the disk while people save (R7)",
    "backup": "copy under load, restore elsewhere, prove (R10)",
    "time": "let clocks jump while batches are played (T1)",
    "tablets": "many at once: steps, taps, numbers, stock, slow clients (C1 to C8)",
    "attacks": "attack the ledger in every way that is known, and look what shows it",
    "archive": "alter a byte of a batch record: each must be named",
    "security": "every role at every address, guessed ids, scripts in a browser (S1, S2, S6)",
    "api": "fuzz the interface after its own document (F1)",
}


def main(words: list[str]) -> int:
    """Run one kind of trial, or list them."""
    if not words or words[0] not in TRIALS:
        listed = "\n".join(f"  {name:<10} {about}" for name, about in TRIALS.items())
        sys.stdout.write(f"./lab soak TRIAL --rounds N --seed S --from N\n\n{__doc__}\n{listed}\n")
        return 0 if not words or words[0] in ("-h", "--help") else 2
    trial = import_module(f"tests.soak.{words[0]}")
    parser = argparse.ArgumentParser(prog=f"./lab soak {words[0]}", description=trial.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    trial.arguments(parser)
    options = parser.parse_args(words[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended too
    return int(trial.main(options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
