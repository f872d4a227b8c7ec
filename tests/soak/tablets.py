"""Many at once (C1 to C8): one wins and the others hear why, nothing twice, nothing out of order.

In each round two people record one value, one tap is sent twice at once and again later, fifty start batches of which
some are refused, four read and correct one value and what they saw must fit into one row, and a release meets a
correction. In a quarter as many, a hundred entries come an hour late, shuffled and twice, half of them of somebody who
has left. Then many tablets save at a real server for a while, with slow clients beside them and records being
printed: nobody waits half a minute, and nobody hears an error.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from uuid import uuid4

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from mes.batches.commands import IssueBatch
from mes.equipment.commands import AddEquipment
from mes.patients.commands import PlaceOrder
from mes.schema import upgrade
from tests.cast import ALICE, DORA, PETRA, QUINN
from tests.mes.batches.test_late import shuffled
from tests.mes.furnishing import furnish
from tests.mes.laboratory import START, Laboratory, opened
from tests.mes.played import Played
from tests.mes.test_concurrency import at_once, refusals
from tests.services import postgres
from tests.soak.crowd import crowd
from tests.soak.linear import Did, explained
from tests.soak.rounds import KINDS, Report, luck, rounds_arguments, tell


@contextmanager
def laboratory(kind: str) -> Iterator[Laboratory]:
    """Open a furnished laboratory."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mes-tablets-")))
        url = f"sqlite:///{folder}/lab.db"
        if kind == "postgresql":
            url = stack.enter_context(stack.enter_context(postgres.running()).database())
        upgrade(url)
        with opened(url, folder) as lab:
            furnish(lab)
            yield lab


def play(lab: Laboratory, number: int, report: Report, creators: int = 50) -> None:
    """Play one round."""
    chance = luck(report.seed, number)
    coi, incubator = f"COI-26-{number:05}-X", f"INC-X{number}"
    lab.do(PlaceOrder(coi, "short"), DORA)
    lab.do(AddEquipment(incubator, "Another", "incubator", START.replace(year=2027), exclusive=True), QUINN)
    batch = Played(lab).start(coi)
    batch.answers |= {"incubator": incubator, "tube": f"TUBE-X{number}"}
    batch.finish("1.5")
    report.flaws += [f"round {number}: {flaw}" for flaw in _rounds(batch, chance, creators, number, report)]
    report.rounds += 1


def _rounds(batch: Played, chance: Random, creators: int, number: int, report: Report) -> Iterator[str]:
    yield from _one_value(batch)
    yield from _one_tap(batch, report)
    yield from _one_row(batch, chance, report)
    yield from _numbers(batch.lab, creators, number, report)
    yield from _release(batch)
    yield from (f"{flaw.book}: {flaw.sentence}" for flaw in batch.lab.verify().flaws)


def _one_value(batch: Played) -> Iterator[str]:
    """One value is recorded at two tablets: one is told what stands there, and both attempts are on record (C1)."""
    wishes = ((c.RecordValues(batch.number, "1.5", {"volume": text}), text) for text in ("50 mL", "60 mL"))
    record = [partial(batch.lab.do, wish, ALICE, on=f"tablet {at}") for wish, at in wishes]
    refused = refusals(at_once(*record))
    if len(refused) != 1 or f"is recorded as {batch.value('1.5', 'volume')}" not in refused[0]:
        yield f"of two tablets that recorded one value were refused: {refused}"
    if batch.kinds().count("attempt refused") < 1:
        yield "the attempt that was refused is not in the record"


def _one_tap(batch: Played, report: Report) -> Iterator[str]:
    """The same tap at once, and again as if its answer was lost: one remark, one answer (C2, C3)."""
    tap, command = str(uuid4()), c.AddComment(batch.number, str(uuid4()))
    send = partial(batch.lab.do, command, ALICE, tap=tap)
    answers = [*at_once(send, send), send(), send()]
    report.counts["taps sent again"] += 3
    texts = [text for _, text in batch.batch.comments]
    if texts.count(command.text) != 1 or any(answer != answers[0] for answer in answers):
        yield f"a tap sent four times is there {texts.count(command.text)} times, and was answered {answers}"


def _one_row(batch: Played, chance: Random, report: Report) -> Iterator[str]:
    """Four read and correct one value at once; what each saw fits into one row (C6)."""
    before = str(uuid4())
    batch.lab.do(c.RecordValues(batch.number, "1.5", {"remark": before}), ALICE)
    plans = [[chance.random() < 0.6 for _ in range(5)] for _ in range(4)]
    histories = at_once(*(partial(_hand, batch, plan) for plan in plans))
    broken = [each for each in histories if isinstance(each, Refused)]
    history = [did for each in histories if isinstance(each, list) for did in each]
    report.counts["operations put in a row"] += len(history)
    if broken or not explained(history, before):
        yield f"what was seen of one value at once fits into no row: {broken or history}"


def _hand(batch: Played, plan: list[bool]) -> list[Did]:
    done = []
    for writes in plan:
        began, text = time.monotonic(), str(uuid4()) if writes else None
        if text:
            batch.lab.do(c.CorrectValue(batch.number, "1.5", "remark", text, "misread"), ALICE)
        saw = None if text else batch.value("1.5", "remark")
        done.append(Did(began, time.monotonic(), text, saw))
    return done


def _numbers(lab: Laboratory, creators: int, number: int, report: Report) -> Iterator[str]:
    """Many start batches, some of an order that another starts too: no number twice, none left out (C5)."""
    orders = [f"COI-26-{number:05}-{each:03}" for each in range(creators - creators // 5)]
    for coi in orders:
        lab.do(PlaceOrder(coi, "short"), DORA)
    before = lab.count("batch_view")
    wishes = orders + orders[: creators // 5]
    answers = at_once(*(partial(lab.do, IssueBatch(coi, {"weight": "20"}), DORA) for coi in wishes))
    report.counts["batches started at once"] += creators
    given = sorted(int(answer["batch"][-4:]) for answer in answers if isinstance(answer, dict))
    if given != list(range(before + 1, before + 1 + len(orders))):
        yield f"{len(orders)} orders were given the numbers {given} after {before}"


def _release(batch: Played) -> Iterator[str]:
    """A release meets a correction: the record that was seen is released, or none (C8)."""
    batch.finish()
    batch.settle()
    batch.review()
    seen = batch.batch.last.hash
    correction = c.CorrectValue(batch.number, "1.5", "remark", str(uuid4()), "misread")
    answers = at_once(
        lambda: batch.lab.do(c.ReleaseBatch(batch.number, Stage.FINAL, seen), PETRA, seen=seen),
        lambda: batch.lab.do(correction, ALICE),
    )
    if len(refusals(answers)) != 1:
        yield f"a release and a correction at once led to {answers}"


def soak(kind: str, rounds: int, seed: int, first: int = 0, creators: int = 50) -> Report:
    """Play so many rounds on one laboratory."""
    report = Report(f"many at once, {kind}", seed)
    with laboratory(kind) as lab:
        for number in range(first, first + rounds):
            play(lab, number, report, creators)
    return report


def late(kind: str, rounds: int, seed: int, first: int = 0, entries: int = 100) -> Report:
    """Send so often what waited on a tablet for an hour (C4)."""
    report = Report(f"what waited on a tablet, {kind}", seed)
    with laboratory(kind) as lab:
        for number in range(first, first + rounds):
            coi, incubator = f"COI-26-{number:05}-L", f"INC-L{number}"
            lab.do(PlaceOrder(coi, "short"), DORA)
            lab.do(AddEquipment(incubator, "Another", "incubator", START.replace(year=2027), exclusive=True), QUINN)
            batch = Played(lab).start(coi)
            batch.answers |= {"incubator": incubator, "tube": f"TUBE-L{number}"}
            report.flaws += [f"round {number}: {flaw}" for flaw in shuffled(lab, batch, number, entries)]
            report.counts["entries sent late, each twice"] += entries
            report.rounds += 1
        report.flaws += [f"{flaw.book}: {flaw.sentence}" for flaw in lab.verify().flaws]
    return report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 200)
    parser.add_argument("--clients", type=int, nargs="*", default=[50, 200], help="of the crowds (50 200)")
    parser.add_argument("--seconds", type=float, default=60, help="that each crowd saves (60)")


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where anything was lost, doubled, out of order, or kept waiting."""
    kinds = options.database or KINDS
    rounds = (soak(kind, options.rounds, options.seed, options.first) for kind in kinds)
    lates = (late(kind, -(-options.rounds // 4), options.seed, options.first) for kind in kinds)
    crowds = (crowd(kind, count, options.seconds, options.seed) for kind in kinds for count in options.clients)
    return tell(report for reports in (rounds, lates, crowds) for report in reports)
