"""Kill -9 the whole server group while eight tablets save: nothing lost, doubled, unaudited or made up (R1).

It must answer again within five seconds: on two cores with nobody else at work, as a laboratory's are.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.soak.rounds import Report, luck, on_each, rounds_arguments
from tests.soak.writers import BAR, at_work, judge, more, site_on


def soak(kind: str, rounds: int, seed: int, first: int = 0, saves: int = 200) -> Report:
    """Kill the server so often, each time after about so many saves, and wait until it answers again."""
    report = Report(f"the server killed under eight writers, {kind}", seed)
    with tempfile.TemporaryDirectory(prefix="mes-web-") as folder, site_on(Path(folder), kind) as site:
        site.start()
        with at_work(site) as writers:
            for number in range(first, first + rounds):
                more(writers, luck(seed, number).randint(saves // 2, saves))
                site.kill()
                took = site.start()
                report.took("until it answered again", took)
                report.rounds += 1
            more(writers, saves)
        judge(site, writers, report)
    if slow := [took for took in report.seconds["until it answered again"] if took > BAR]:
        report.flaws.append(f"{len(slow)} starts took longer than {BAR:.0f} s")
    return report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 50)


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where anything was lost, doubled or made up."""
    return on_each(options, soak)
