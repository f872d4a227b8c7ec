"""Play a whole batch through tablets and instruments, in accelerated process time, and print its record.

Every person's taps go through the real pages, every measurement through the simulated instruments' real wires.
With --peers the bioreactor is node-opcua's and counts come from files that a real Vi-CELL BLU exported.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from mes.cli import Missing
from mes.cli.verify import report
from mes.demonstration import score
from mes.demonstration.laboratory import ORDERS
from mes.demonstration.player import Player
from mes.demonstration.processes import Laboratory
from mes.demonstration.tablet import NotDone
from mes.processes import free_port, hold

about = "play a whole batch"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--peers", action="store_true", help="with instruments that this project did not write")
    parser.add_argument(
        "--folder", type=Path, default=Path(".lab/demo"), help="made anew: an earlier one is removed (.lab/demo)"
    )


def main(options: argparse.Namespace) -> int:
    """Play, and say where the record is and whether the ledger is whole."""
    began = time.monotonic()
    folder = options.folder.resolve()
    _make_room(folder)

    def tell(sentence: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:5.1f} s  {sentence}\n")
        sys.stdout.flush()

    start = score.PEERS_START if options.peers else ""
    tubes = score.PEERS if options.peers else {}
    with Laboratory(folder, free_port(), peers=options.peers, start=start) as laboratory:
        tell(f"the laboratory is open at {laboratory.url}")
        player = Player(laboratory.url, laboratory.panel, laboratory.passphrase, tell, tubes)
        try:
            batch = player.play(ORDERS[0])
            pdf = folder / f"{batch}.pdf"
            pdf.write_bytes(player.record())
        except NotDone as sentence:
            sys.stderr.write(f"The batch did not come to its end: {sentence}\n")
            return 1
        finally:
            player.close()
        tell("the record is printed; the ledger is checked")
        holds = report(laboratory.environment)
    sys.stdout.write(f"\n  {pdf}\n")
    return 0 if holds else 1


def _make_room(folder: Path) -> None:
    """Remove what an earlier demonstration left. Raise `Missing` where one is playing, or what is there is none."""
    if not folder.is_dir():
        return
    if any(folder.iterdir()) and not (folder / "instruments" / "clock.json").exists():
        raise Missing(
            f"{folder} holds something else than a demonstration, which is not removed: give another --folder"
        )
    with hold(folder):
        shutil.rmtree(folder)
