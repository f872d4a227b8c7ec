"""Many at once: one wins and the others hear why, nothing is lost, nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from batch_records.executed import commands as c
from batch_records.executed.batch import Disposition
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from mes.batches.commands import IssueBatch
from mes.clock import Tick
from mes.db import FairLock
from mes.equipment.commands import AddEquipment
from mes.patients.commands import PlaceOrder
from tests.architecture.source import ROOT
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, BOB, DORA, PETRA, QUINN
from tests.mes.laboratory import CLOCK, COI, OTHER_COI, Laboratory, reading
from tests.mes.played import Played

Act = Callable[[], object]


def at_once(*acts: Act) -> list[object]:
    """Do several things at the same moment, and return what came of each: an answer, or a refusal."""
    start = threading.Barrier(len(acts), timeout=20)

    def do(act: Act) -> object:
        start.wait()
        try:
            return act()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def refusals(answers: list[object]) -> list[str]:
    return [str(answer) for answer in answers if isinstance(answer, Refused)]


# --- one step, two people -----------------------------------------------------------------------------------------


def test_of_two_who_complete_a_step_one_hears_that_it_is_done(batch: Played) -> None:
    """Alice and Bob tap at the same moment: it is completed once, and the other is told by whom."""
    for key in ("1.2", "1.3", "1.4", "1.6"):
        batch.finish(key).work(key)
        command = c.CompleteStep(batch.number, key)
        answers = at_once(*(partial(batch.lab.do, command, by) for by in (ALICE, BOB)))
        (sentence,) = refusals(answers)
        assert f"step {key} was completed by" in sentence
    assert batch.kinds().count("attempt refused") == 4
    assert batch.lab.verify().holds


def test_of_two_who_verify_a_step_one_hears_that_it_is_done(batch: Played) -> None:
    """Two second persons sign at once: one signature stands."""
    carol = replace(BOB, id="carol", name="Carol Verifier", roles=frozenset({"verifier"}))
    batch.lab.hire(carol)
    batch.lab.train("short", 1, carol)
    batch.finish("1.5").work("1.5")
    batch.complete("1.5")
    seen = batch.batch.run("1.5").last.hash
    command = c.VerifyStep(batch.number, "1.5", seen)
    answers = at_once(*(lambda by=by: batch.lab.do(command, by, seen=seen) for by in (BOB, carol)))
    assert len(refusals(answers)) == 1
    assert batch.kinds().count("step verified") == 2  # this one, and that of step 1.1
    assert batch.lab.verify().holds


@pytest.mark.requirement("RQ-101")
def test_of_two_values_for_one_field_the_second_is_refused(batch: Played) -> None:
    """No last writer wins: who comes second is told what stands there."""
    batch.finish("1.5")
    acts = [
        lambda text=text, by=by: batch.lab.do(c.RecordValues(batch.number, "1.5", {"volume": text}), by)
        for text, by in (("50 mL", ALICE), ("60 mL", BOB))
    ]
    (sentence,) = refusals(at_once(*acts))
    assert f"is recorded as {batch.value('1.5', 'volume')}" in sentence
    assert batch.lab.verify().holds


def test_a_release_and_a_correction_do_not_cross(batch: Played) -> None:
    """Petra signs while Alice corrects: either the record she saw is released, or it is not released at all."""
    batch.finish().review()
    seen = batch.batch.last.hash
    correction = c.CorrectValue(batch.number, "1.5", "remark", "all was well", "misread")
    answers = at_once(
        lambda: batch.lab.do(c.ReleaseBatch(batch.number, Stage.FINAL, seen), PETRA, seen=seen),
        lambda: batch.lab.do(correction, ALICE),
    )
    (sentence,) = refusals(answers)
    if batch.batch.disposition is Disposition.RELEASED:
        assert "nothing can be added" in sentence
    else:
        assert "changed since it was shown" in sentence
    assert batch.lab.verify().holds


# --- one tap, many times ------------------------------------------------------------------------------------------


def test_the_same_tap_from_everywhere_is_one_act(batch: Played) -> None:
    """A queue that sends again and again, at once: one remark, one answer, and nobody hears a failure."""
    for number in range(4):
        tap = str(uuid4())
        command = c.AddComment(batch.number, f"remark {number}")
        answers = at_once(*[lambda tap=tap, command=command: batch.lab.do(command, ALICE, tap=tap)] * 8)
        assert answers == [answers[0]] * 8
    assert batch.kinds().count("comment added") == 4
    assert batch.lab.verify().holds


def test_the_same_readings_at_once_are_stored_once(lab: Laboratory) -> None:
    """Two deliveries of the same readings cross: each is stored once, both are answered."""
    readings = [reading(lab.time(), str(number), sequence=number) for number in range(1, 40)]
    answers = at_once(*[lambda: lab.deliver(*readings)] * 4)
    assert sum(answer["stored"] for answer in answers) == 39
    assert sum(answer["known"] for answer in answers) == 3 * 39
    assert lab.count("reading") == 39


def test_two_clocks_seal_once(lab: Laboratory) -> None:
    """A second clock process, started by mistake, seals nothing twice."""
    for number in range(1, 6):
        lab.measured(str(number))
    at_once(*[lambda: lab.do(Tick(), CLOCK)] * 4)
    bodies = [line["body"] for line in lab.lines("equipment:CC-01", "readings sealed")]
    assert [(body["from"], body["to"]) for body in bodies] == [(1, 5)]


# --- one thing, two batches ---------------------------------------------------------------------------------------


def test_an_order_is_started_once(lab: Laboratory) -> None:
    """Two start the same order: one batch."""
    answers = at_once(*[lambda: lab.do(IssueBatch(COI, {"weight": "20"}), DORA)] * 4)
    assert len(refusals(answers)) == 3
    assert lab.count("batch_view") == 1
    assert lab.verify().holds


def test_numbers_are_given_once(lab: Laboratory) -> None:
    """Eight start eight batches: eight numbers, without a gap."""
    orders = [f"COI-26-10{number:02}-Z" for number in range(8)]
    for coi in orders:
        lab.do(PlaceOrder(coi, "short"), DORA)
    answers = at_once(*(lambda coi=coi: lab.do(IssueBatch(coi, {"weight": "20"}), DORA) for coi in orders))
    assert sorted(answer["batch"] for answer in answers) == [f"B26-{number:04}" for number in range(1, 9)]
    assert lab.verify().holds


@pytest.mark.requirement("RQ-088")
def test_an_incubator_is_given_to_one_batch(batch: Played) -> None:
    """Two batches reach for the same incubator: one has it, the other hears whose it is."""
    other = Played(batch.lab).start(OTHER_COI)
    for each in (batch, other):
        each.finish("1.2")
    acts = [
        lambda each=each: each.send(c.UseEquipment(each.number, "1.2", "incubator", "INC-05"), ALICE)
        for each in (batch, other)
    ]
    (sentence,) = refusals(at_once(*acts))
    assert "is in use for batch" in sentence
    assert batch.lab.verify().holds


def test_a_tube_is_given_to_one_batch(batch: Played) -> None:
    """One tube, two batches, one moment: it holds one patient's cells."""
    until = batch.at + timedelta(days=9)
    batch.lab.do(AddEquipment("INC-06", "Another", "incubator", until, exclusive=True), QUINN)
    other = Played(batch.lab).start(OTHER_COI)
    other.answers["incubator"] = "INC-06"
    for each in (batch, other):
        each.finish("1.3")
    acts = [
        lambda each=each: each.send(c.TakeSample(each.number, "1.3", "tube", "TUBE-1"), ALICE)
        for each in (batch, other)
    ]
    (sentence,) = refusals(at_once(*acts))
    assert "already holds a sample of batch" in sentence
    assert batch.lab.verify().holds


# --- many writers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 8])
def test_eight_writers_lose_nothing(lab: Laboratory, count: int) -> None:
    """Whether they write into one record or into eight, each line is there once and every chain holds."""
    orders = [f"COI-26-10{number:02}-Z" for number in range(count)]
    for coi in orders:
        lab.do(PlaceOrder(coi, "short"), DORA)
    batches = [Played(lab).start(coi) for coi in orders] * (8 // count)

    def write(writer: int) -> Act:
        def act() -> None:
            for number in range(12):
                lab.do(c.AddComment(batches[writer].number, f"{writer} {number}"), ALICE)

        return act

    at_once(*(write(writer) for writer in range(8)))
    texts = [text for each in {each.number: each for each in batches}.values() for _, text in each.batch.comments]
    assert sorted(texts) == sorted(f"{writer} {number}" for writer in range(8) for number in range(12))
    for each in batches:
        mine = [text for _, text in each.batch.comments if text.startswith("3 ")]
        assert mine == sorted(mine, key=lambda text: int(text.split()[1]))
    assert lab.verify().holds


def test_processes_lose_nothing(batch: Played) -> None:
    """Four processes with connections and memories of their own write into the same two records."""
    other = Played(batch.lab).start(OTHER_COI)
    arguments = (batch.lab.owner_url, f"{batch.number},{other.number}")
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.mes.writer", *arguments, f"process {number}", "10"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(4)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    ended = [writer.communicate("go\n", timeout=60) for writer in writers]
    assert [(writer.returncode, errors) for writer, (_, errors) in zip(writers, ended, strict=True)] == [(0, "")] * 4
    for each in (batch, other):
        texts = [text for _, text in each.batch.comments]
        assert sorted(texts) == sorted(f"process {writer} {number}" for writer in range(4) for number in range(10))
    assert batch.lab.verify().holds


def test_what_another_process_wrote_is_seen(batch: Played) -> None:
    """A batch that was folded before is folded on from what others wrote since."""
    assert batch.batch.last.page == 1
    writer = (sys.executable, "-m", "tests.mes.writer", batch.lab.owner_url, batch.number, "elsewhere", "1")
    subprocess.run(writer, input="go\n", text=True, capture_output=True, cwd=ROOT, check=True)
    assert [text for _, text in batch.batch.comments] == ["elsewhere 0"]
    batch.do(c.AddComment(batch.number, "here"), ALICE)
    assert batch.batch.last.page == 3
    assert batch.lab.verify().holds
    assert RUTH.id not in {line["author"] for line in batch.lab.lines(batch.book)}


# --- the lock -----------------------------------------------------------------------------------------------------


def test_the_lock_serves_in_order_of_arrival() -> None:
    """On SQLite one writes at a time; who waits longest is next."""
    lock, served, threads = FairLock(), list[int](), list[threading.Thread]()

    def take(number: int) -> None:
        with lock:
            served.append(number)

    with lock:
        for number in range(12):
            thread = threading.Thread(target=take, args=(number,))
            thread.start()
            while len(lock._waiting) <= number:
                assert thread.is_alive()
            threads.append(thread)
    for thread in threads:
        thread.join(10)
    assert served == list(range(12))


def test_the_lock_is_given_back_by_who_fails() -> None:
    """An act that breaks does not leave everybody waiting."""
    lock = FairLock()
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with lock:
        assert lock._held
    assert not lock._held
