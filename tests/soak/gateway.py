"""Kill -9 at random points: the gateway, the web, the instrument's server, the database. Nothing is lost or doubled.

A round waits for a moment, kills one or two of them, starts them again, and waits until new readings are committed.
What happens in a round depends on the seed and its number alone, so ``--seed S --from N`` goes on where a run broke
off, or plays a round again. What a killed server had in its memory died with it; within each of its lives, every value
from the first that arrived to the last must be there once.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from mes.db import Database
from mes.integrity import check
from tests.soak.plant import Counting, Plant, running
from tests.soak.rounds import KINDS, rounds_arguments
from tests.soak.server import LIFE


@dataclass
class Report:
    """What a run did, and the sentences about what it found wrong."""

    seed: int
    kind: str
    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    back: dict[str, list[float]] = field(default_factory=dict)
    readings: int = 0
    lives: int = 0
    acknowledged: int = 0
    flaws: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [
            f"  {name:<9} killed {self.kills[name]:>5} times; readings came again after {median(took):5.2f} s,"
            f" at most {max(took):5.2f} s"
            for name, took in sorted(self.back.items())
        ]
        found = [f"  WRONG     {flaw}" for flaw in self.flaws] or ["  nothing lost, nothing doubled"]
        head = f"{self.kind}, seed {self.seed}: {self.rounds} rounds"
        told = f"  {self.readings} readings in {self.lives} lives of the server, {self.acknowledged} counts kept"
        return "\n".join([head, *rows, told, *found])


def soak(kind: str, rounds: int, seed: int, first: int = 0, *, progress: bool = False) -> Report:
    """Run some rounds on one kind of database, and return what was found."""
    report = Report(seed, kind)
    with tempfile.TemporaryDirectory(prefix="mes-soak-") as folder, running(Path(folder), kind) as (plant, counting):
        for number in range(first, first + rounds):
            _round(plant, Random(f"{seed}:{number}"), report)  # noqa: S311 - played again from its seed
            report.rounds += 1
            if progress:
                told = f"{plant.committed()} readings, {report.kills.total()} kills"
                sys.stderr.write(f"\r  {kind} round {number + 1}: {told}")
                sys.stderr.flush()
        _settle(plant, counting)
        report.flaws += [*_wrong_readings(plant, report), *_wrong_counts(plant, counting, report), *_ledger(plant)]
    return report


def _round(plant: Plant, luck: Random, report: Report) -> None:
    victims = luck.sample(plant.targets, 2 if luck.random() < 0.2 else 1)
    pause = luck.uniform(0.0, 1.5)
    plant.until(_after(pause), "a moment")
    for name in victims:
        plant.kill(name)
        report.kills[name] += 1
    began = time.monotonic()
    for name in sorted(victims):  # the database before the web
        plant.start(name)
    before = plant.committed()
    plant.until(lambda: plant.committed() > before, f"a reading after the {' and the '.join(victims)}")
    for name in victims:
        report.back.setdefault(name, []).append(time.monotonic() - began)


def _after(seconds: float) -> Callable[[], bool]:
    calls = iter(range(round(seconds / 0.05) + 1))
    return lambda: next(calls, None) is None


def _settle(plant: Plant, counting: Counting) -> None:
    """Let the counter finish, the server end, and everything arrive."""
    counting.end()
    plant.kill("server")
    plant.until(lambda: _spooled(plant) == _stored(plant), "the last reading")


def _spooled(plant: Plant) -> dict[str, int]:
    with closing(sqlite3.connect(plant.site.folder / "spool.sqlite")) as spool:
        return dict(spool.execute("select name, sequence from instrument where sequence > 0").fetchall())


def _stored(plant: Plant) -> dict[str, int]:
    rows = plant.ask("select instrument, count(*) from reading group by instrument")
    return {str(instrument): int(str(count)) for instrument, count in rows}


def _wrong_readings(plant: Plant, report: Report) -> Iterator[str]:
    rows = plant.ask("select sequence, value from reading where instrument = 'BR-01' order by sequence")
    sequences, numbers = [row[0] for row in rows], [round(float(str(row[1]))) for row in rows]
    report.readings, report.lives = len(rows), len({number // LIFE for number in numbers})
    if sequences != list(range(1, len(rows) + 1)):
        yield "the sequences at the MES have holes"
    counted = [number for number in numbers if number]  # 0 is what a new server shows before it counts
    if doubled := len(counted) - len(set(counted)):
        yield f"{doubled} values came twice"
    if counted != sorted(counted):
        yield "values came out of order"
    for life in sorted({number // LIFE for number in counted}):
        lived = {number for number in counted if number // LIFE == life}
        if lost := max(lived) - min(lived) + 1 - len(lived):
            yield f"{lost} values of the server's life {life} are lost"


def _wrong_counts(plant: Plant, counting: Counting, report: Report) -> Iterator[str]:
    rows = plant.ask("select sample, count(*) from reading where instrument = 'CC-01' group by sample")
    arrived = {str(sample): int(str(count)) for sample, count in rows}
    report.acknowledged = len(counting.acknowledged)
    for sample in counting.asked:
        count, kept = arrived.get(sample, 0), sample in counting.acknowledged
        if count not in ((3,) if kept else (0, 3)):
            yield f"{sample} has {count} readings, and was {'' if kept else 'not '}acknowledged"


def _ledger(plant: Plant) -> Iterator[str]:
    database = Database(plant.measured.url)
    with database.snapshot() as connection:
        yield from (str(flaw) for flaw in check(connection).flaws)
    database.dispose()


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 1_000)


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where anything was lost or doubled."""
    flawed = False
    for kind in options.database or KINDS:
        report = soak(kind, options.rounds, options.seed, options.first, progress=True)
        sys.stderr.write("\n")
        sys.stdout.write(f"{report}\n")
        flawed = flawed or bool(report.flaws)
    return 1 if flawed else 0
