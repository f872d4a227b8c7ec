"""The commands of ``./lab``, one file each.

A command's file has ``about`` (one line), ``arguments(parser)`` and ``main(options) -> int``, the exit code: 0 done,
1 it ran and the answer is no, 2 wrong use, 3 something is missing on this machine. It is imported only when it is
asked for: a command that answers at once must not wait for libraries that another needs.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

COMMANDS = (
    "run",
    "demo",
    "doctor",
    "verify",
    "backup",
    "restore",
    "archive",
    "evidence",
    "qualify",
    "periodic",
    "seal",
    "witness",
    "user",
    "recipe",
)
INTERNAL = ("clock", "render")  # processes that `run` starts


class Missing(Exception):  # noqa: N818 - an answer, not an error
    """Something is missing on this machine; the sentence names it."""


def main(words: list[str]) -> int:
    """Run one command and return its exit code."""
    if not words or words[0] not in (*COMMANDS, *INTERNAL):
        sys.stderr.write(f"Use one of: {', '.join(COMMANDS)}. ./lab explains them.\n")
        return 2
    command = import_module(f"mes.cli.{words[0]}")
    parser = argparse.ArgumentParser(prog=f"./lab {words[0]}", description=command.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    command.arguments(parser)
    options = parser.parse_args(words[1:])
    try:
        return int(command.main(options))
    except Missing as missing:
        sys.stderr.write(f"{missing}\n")
        return 3
    except KeyboardInterrupt:
        return 130


def folder_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which installation is meant."""
    parser.add_argument(
        "--folder", type=Path, default=Path(".lab/laboratory"), help="where the installation is (.lab/laboratory)"
    )
