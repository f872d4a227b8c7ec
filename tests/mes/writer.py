"""A process of its own that writes: ``python -m tests.mes.writer URL BATCH NAME COUNT``."""

from __future__ import annotations

import sys
from pathlib import Path

from batch_records.executed.commands import AddComment
from tests.cast import ALICE
from tests.mes.laboratory import opened


def main(url: str, batches: str, name: str, count: str) -> None:
    """Write so many remarks to each of some batches."""
    with opened(url, Path()) as laboratory:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for number in range(int(count)):
            for batch in batches.split(","):
                laboratory.do(AddComment(batch, f"{name} {number}"), ALICE, on=name)


if __name__ == "__main__":
    main(*sys.argv[1:])
