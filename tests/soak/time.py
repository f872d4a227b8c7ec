"""Let the clock jump while batches are played: two days back, an hour, ten years ahead and back again (T1).

Before each command chance may set the clock. The order of the record is that of its pages, whatever the times say; no
page shows a duration below nothing; readings are sealed by the next tick; what is old is not called new; the batch can
be brought to its release, and everything verifies.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from mes.clock import Tick
from mes.equipment.commands import AddEquipment
from mes.execute import Outcome
from mes.patients.commands import PlaceOrder
from mes.schema import upgrade
from tests.cast import DORA, QUINN
from tests.mes.furnishing import furnish
from tests.mes.laboratory import CLOCK, START, Laboratory, opened
from tests.mes.played import Played
from tests.mes.tablet import Tablet
from tests.services import postgres
from tests.soak.rounds import Report, luck, on_each, rounds_arguments

JUMPS = {
    "two days back": timedelta(days=-2),
    "an hour back": timedelta(hours=-1),
    "an hour ahead": timedelta(hours=1),
    "a leap second": timedelta(seconds=-1),
    "ten years ahead and back": timedelta(days=3_652),
}
_NEGATIVE = re.compile(r"(?<![\w.–-])[-−]\d+ (?:d|h|min|s)\b")  # noqa: RUF001 - the minus that pages may show
_FAR = timedelta(days=2, hours=12)  # from the start: beyond it lots and calibrations end, as they should


class Jumping(Played):
    """A batch in a laboratory whose clock somebody sets again and again."""

    def __init__(self, lab: Laboratory, chance: Random, tablet: Tablet, report: Report) -> None:
        super().__init__(lab)
        self.chance, self.tablet, self.report = chance, tablet, report

    def send(self, command: c.Command, by: Person, tap: str = "") -> Outcome:
        """Let the clock jump, perhaps, then send."""
        if self.number and self.chance.random() < 0.25:
            self.jump(self.chance.choice(list(JUMPS)))
        return super().send(command, by, tap)

    def jump(self, name: str) -> None:
        """Set the clock, and look round."""
        before = self.lab.time.at
        after = before + JUMPS[name]
        if name.startswith("ten years"):
            self.lab.time.at = after
            self.look(name)
            after = before
        self.lab.time.at = after if abs(after - START) < _FAR else START
        self.look(name)
        self.report.counts[f"jumps of {name}"] += 1

    def look(self, name: str) -> None:
        """Tick, open every page of the batch, and say what is wrong on it."""
        self.lab.do(Tick(), CLOCK)
        for path in (self.page, f"{self.page}/review/", f"{self.page}/record/", f"{self.page}/trends/", "/batches/",
                     "/alarms/", "/gateways/", "/equipment/", "/audit/"):  # fmt: skip
            answer = self.tablet.open(path)
            if answer.status >= 500:
                self.report.flaws.append(f"{path} after {name}: {answer.status}")
            if found := _NEGATIVE.search(answer.page.text):
                self.report.flaws.append(f"{path} after {name} shows {found[0]}")


def play(lab: Laboratory, chance: Random, number: int, report: Report) -> None:
    """Play one batch to its release under jumps."""
    lab.time.at = START
    coi = f"COI-26-{number:04}-T"
    lab.do(PlaceOrder(coi, "short"), DORA)
    batch = Jumping(lab, chance, lab.tablet(QUINN), report).start(coi)
    incubator = f"INC-T{number}"
    lab.do(AddEquipment(incubator, "Another", "incubator", START + timedelta(days=90), exclusive=True), QUINN)
    batch.answers |= {"tube": f"TUBE-T{number}", "incubator": incubator}
    batch.finish()
    batch.settle()  # a hold time that a jump made too long is a deviation, as any other
    batch.review()
    batch.release()
    report.flaws += [f"{batch.number}: {flaw}" for flaw in _wrong(batch)]
    report.rounds += 1


def _wrong(batch: Jumping) -> Iterator[str]:
    pages = [line["page"] for line in batch.lab.lines(batch.book)]
    if pages != list(range(1, len(pages) + 1)):
        yield "its pages are not in order"
    if "batch released" not in batch.kinds():
        yield "it was not released"
    verified = batch.lab.verify()
    yield from (f"{flaw.book}: {flaw.sentence}" for flaw in verified.flaws)
    batch.lab.do(Tick(), CLOCK)
    if (stored := batch.lab.count("reading")) != (sealed := batch.lab.verify().readings):
        yield f"{stored} readings are stored, and {sealed} sealed"


def soak(kind: str, rounds: int, seed: int, first: int = 0) -> Report:
    """Play so many batches on a laboratory of their own."""
    report = Report(f"clocks that jump, {kind}", seed)
    with tempfile.TemporaryDirectory(prefix="mes-time-") as folder:
        if kind == "sqlite":
            _soak_on(f"sqlite:///{folder}/lab.db", Path(folder), range(first, first + rounds), report)
        else:
            with postgres.running() as cluster, cluster.database() as url:
                _soak_on(url, Path(folder), range(first, first + rounds), report)
    return report


def _soak_on(url: str, folder: Path, numbers: range, report: Report) -> None:
    upgrade(url)
    with opened(url, folder) as lab:
        furnish(lab)
        for number in numbers:
            play(lab, luck(report.seed, number), number, report)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 100)


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where a page failed, an order changed, or a duration was below nothing."""
    return on_each(options, soak)
