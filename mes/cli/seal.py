"""Print the key that seals the ledger, or have another one sign from now on.

    ./lab seal key                                                   each key that was announced, for witnesses
    ./lab seal rotate --reason WHY --as ADMINISTRATOR                a new key, for which the old one vouches
    ./lab seal lost   --reason WHY --as ADMINISTRATOR                a new key, because the old one is gone or stolen

Tell a witness on another machine the new key before it signs: ./lab witness trust KEY there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from mes.cli import folder_argument
from mes.cli.installed import carried_out
from mes.cli.user import do_as
from mes.context import installation
from mes.ledger.seal_keys import LOSS, ROTATION
from mes.seals.commands import ChangeSealKey
from mes.seals.queries import keys

about = "print or change the seal key"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("what", choices=tuple(_WHAT))
    parser.add_argument("--reason", default="")
    parser.add_argument("--as", dest="administrator", default="", metavar="ADMINISTRATOR")


def main(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    return carried_out(_WHAT[options.what], options)


def _key(options: argparse.Namespace) -> None:
    del options
    for key in keys():
        sys.stdout.write(f"{key.text}\n    {key.words}\n")


def _rotate(options: argparse.Namespace) -> None:
    old = keys()[-1:]
    _change(ROTATION, options)
    keyring = installation().sealing.keyring
    for each in old:
        keyring.forget(each.key)
    sys.stdout.write("The old key vouched for the new one, and is destroyed.\n" if old else "")


def _lost(options: argparse.Namespace) -> None:
    _change(LOSS, options)


def _change(because: str, options: argparse.Namespace) -> None:
    outcome = do_as(ChangeSealKey(because, options.reason), options.administrator)
    sys.stdout.write(f"From now on this key signs: {outcome['key']}\n")
    for problem in outcome["not_witnessed"]:
        sys.stdout.write(f"  {problem}\n")


_WHAT: dict[str, Callable[[argparse.Namespace], None]] = {"key": _key, "rotate": _rotate, "lost": _lost}
