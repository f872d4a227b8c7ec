"""Laboratories in the middle of something: each is what stands before an act. What a signer saw is returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from batch_records.executed import commands as c
from batch_records.executed import supply_commands as s
from batch_records.master.recipe import Stage
from mes.badges.commands import IssueBadge
from mes.doses.commands import RecordOutcome
from mes.equipment.commands import AddEquipment
from mes.ledger.line import utc
from mes.machine.commands import HearMachine
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from mes.people.commands import AddUser, SetActive
from mes.people.identity import IssueStatement
from mes.reports.commands import AskForRecord
from mes.training.commands import Assign
from tests.batch_records.playing import RUTH
from tests.batch_records.release.test_out_of_specification import DAVE
from tests.cast import ALICE, DORA, PETRA, QUINN
from tests.mes.alarms.watched import Watched
from tests.mes.batches.test_counts import REPEATED
from tests.mes.doses import planned
from tests.mes.furnishing import INCUBATOR, NEW_MEDIUM, SHORT
from tests.mes.laboratory import ADAM, CLOCK, COI, FIRST_PASSWORD, OTHER_COI, SAM, START, SVEN, Laboratory
from tests.mes.played import Played

Fields = Mapping[str, Any]
Before = Callable[[Laboratory], Fields | None]
LIMIT = {
    "equipment_class": "cell counter",
    "channel": "viability",
    "kind": "low",
    "limit": "61 %",
    "priority": "high",
    "justification": "cells die below",
    "deadband": "1 %",
    "on_delay": "61",
    "off_delay": "31",
}


def at(step: str) -> Before:
    """Have a batch that has come to a step, or to its end; its last line is what a signer sees."""

    def before(lab: Laboratory) -> Fields:
        batch = Played(lab).start(COI).finish(*([step] if step else []))
        return {"seen": seen(batch, step)}

    return before


def seen(batch: Played, step: str = "") -> str:
    return batch.batch.head(step) if step else batch.batch.last.hash


def after(step: str, then: Callable[[Played], object], *, of_step: bool = True) -> Before:
    """Have a batch at a step, and something done there."""

    def before(lab: Laboratory) -> Fields:
        batch = Played(lab).start(COI).finish(step)
        then(batch)
        return {"seen": seen(batch, step if of_step else "")}

    return before


def filled(batch: Played) -> None:
    batch.enter("1.5", volume="50 mL", look="clear", remark="nothing")


def completed(batch: Played) -> None:
    filled(batch)
    batch.complete("1.5")


def deviation(batch: Played) -> None:
    batch.do(c.RaiseDeviation(batch.number, "the lamp flickered", "1.5"), ALICE)


def explained(batch: Played) -> None:
    deviation(batch)
    batch.do(c.ExplainDeviation(batch.number, "D1", "a loose contact"), ALICE)


def held(batch: Played) -> None:
    batch.do(c.HoldBatch(batch.number, "the alarm rang"), ALICE)


def reviewable(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.finish()
    return {"seen": seen(batch)}


def reviewed(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.finish().review()
    return {"seen": seen(batch)}


def reviewed_early(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.finish("3.1").review(Stage.CONDITIONAL)
    return {"seen": seen(batch)}


def impure(*acts: Callable[[Played], object]) -> Before:
    """Have a batch whose purity is out of specification, and some records of its supply."""

    def before(lab: Laboratory) -> Fields:
        batch = Played(lab).start(COI)
        batch.answers["purity"] = "75"
        batch.finish("3.1").settle()
        for each in acts:
            each(batch)
        return {"seen": seen(batch)}

    return before


def asked_for(batch: Played) -> None:
    batch.do(s.RequestSupply("", "relapse", "none", "no other", seen(batch)), DORA)


def evaluated(batch: Played) -> None:
    batch.do(s.EvaluateRisk("", "fewer T cells", seen(batch)), QUINN)


def accepted(batch: Played) -> None:
    batch.do(s.AcceptSupply("", "the parents agree", seen(batch)), DORA)


def reviewed_for(batch: Played) -> None:
    batch.review(Stage.CONDITIONAL)


def supplied(batch: Played) -> None:
    for each in (asked_for, evaluated, accepted, reviewed_for):
        each(batch)
    batch.do(s.ReleaseOutOfSpecification("", seen(batch)), PETRA)
    batch.do(s.MakeNotification("", "N1", "its duty desk", "call 3"), QUINN)
    batch.finish().review(Stage.FINAL)


def under_an_ind(lab: Laboratory) -> Fields:
    text = SHORT.replace("code: short", "code: ind").replace("EU GMP Part IV 11.5", "US IND")
    lab.do(DraftRecipe("ind", text), SVEN)
    lab.do(ApproveRecipe("ind", 1), QUINN)
    lab.do(PlaceOrder("COI-26-0004-D", "ind", "synthetic"), DORA)
    lab.hire(DAVE)
    lab.train("ind", 1, DAVE)
    batch = Played(lab).start("COI-26-0004-D")
    batch.answers["purity"] = "75"
    batch.finish("3.1").settle()
    for each in (asked_for, evaluated, accepted):
        each(batch)
    return {"seen": seen(batch)}


def above_the_gate(lab: Laboratory) -> Fields:
    waived = 'viability >= 70 %", waived by: [quality reviewer, physician]}'
    text = SHORT.replace("code: short", "code: gated").replace('viability >= 70 %"}', waived)
    lab.do(DraftRecipe("gated", text), SVEN)
    lab.do(ApproveRecipe("gated", 1), QUINN)
    lab.do(PlaceOrder("COI-26-0005-E", "gated", "synthetic"), DORA)
    batch = Played(lab).start("COI-26-0005-E").finish("1.4")
    batch.take("1.4", "viability", "65 %")
    batch.complete("1.4")
    batch.finish("1.10").settle()
    return {"seen": seen(batch)}


def left(*acts: Callable[[Played], object]) -> Before:
    """Have a batch that was released, and something found after it."""

    def before(lab: Laboratory) -> Fields:
        batch = Played(lab).start(COI)
        batch.finish().review()
        batch.release()
        for each in acts:
            each(batch)
        return {"seen": seen(batch)}

    return before


def found_late(batch: Played) -> None:
    batch.do(s.ReportLateResult("", "a culture", "growth"), RUTH)


def told(batch: Played) -> None:
    batch.do(s.MakeNotification("", "N1", "Dora", "call 4"), RUTH)


def wrong_bag(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.scan("1.1", "bag", OTHER_COI)
    return {"seen": seen(batch)}


def counted(lab: Laboratory) -> None:
    text = SHORT.replace("code: short", "code: thrice").replace("            class: IPC\n", REPEATED)
    lab.do(DraftRecipe("thrice", text), SVEN)
    lab.do(ApproveRecipe("thrice", 1), QUINN)
    lab.do(PlaceOrder("COI-26-0003-C", "thrice", "synthetic"), DORA)
    batch = Played(lab).start("COI-26-0003-C").finish("1.4")
    for value in ("84.0 %", "85.0 %", "86.0 %"):
        batch.take("1.4", "viability", value)


def counter(lab: Laboratory) -> None:
    lab.do(AddEquipment("CC-02", "Another counter", "cell counter", START + timedelta(days=90)), QUINN)
    Played(lab).start(COI).finish("1.4")


def shown(lab: Laboratory) -> None:
    Played(lab).start(COI).finish("1.4").show("1.4", "viability", "85.0 %")


def printed(lab: Laboratory) -> None:
    """Have a batch whose labels are printed."""
    Played(lab).start(COI).finish("1.9").work("1.9")


def decision(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI).finish("1.10")
    return {"seen": seen(batch, "1.10")}


def raised(lab: Laboratory) -> None:
    watched = Watched(lab)
    watched.limit()
    watched.raise_one()


def shelved(lab: Laboratory) -> None:
    raised(lab)
    tablet = lab.tablet(ALICE)
    tablet.press(f"/alarms/?item={INCUBATOR}&number=A1", "/shelf", hours="2", why="it is being cleaned")


def limit(lab: Laboratory) -> Fields:
    lab.tablet(ALICE).press("/alarms/limits", "/limits", **LIMIT)
    return {"seen": lab.head("alarms")}


def eve(lab: Laboratory) -> None:
    lab.do(AddUser("eve", "Eve Example", ("operator",), FIRST_PASSWORD), ADAM)


def has_left(lab: Laboratory) -> None:
    lab.do(SetActive("bob", active=False, reason="has left"), ADAM)


def locked(lab: Laboratory) -> None:
    for number in range(5):
        lab.tablet().sign_in("bob", f"a guess, number {number}")


def badge(lab: Laboratory) -> None:
    lab.do(IssueBadge("BADGE-1", "bob"), SAM)


def statement(lab: Laboratory) -> None:
    lab.do(IssueStatement("I answer for what I sign."), QUINN, seen=lab.head("laboratory"))


def assigned(lab: Laboratory) -> None:
    Played(lab).start(COI)
    lab.do(Assign("B26-0001", ("lena",)), SAM)


def draft(lab: Laboratory) -> Fields:
    lab.do(DraftRecipe("short", SHORT.replace("A short one", "A shorter one")), SVEN)
    return {"seen": lab.head("recipe:short")}


def dose_plan(lab: Laboratory) -> Fields:
    planned.draft(lab)
    return {"seen": lab.head(f"dose-plan:{planned.PLAN}")}


def levels(lab: Laboratory) -> None:
    planned.planned(lab)


def outcome(lab: Laboratory) -> None:
    planned.planned(lab)
    (coi,) = planned.ordered(lab, "1", 1)
    lab.do(RecordOutcome(planned.PLAN, coi, "none", "response"), DORA)


def asked(lab: Laboratory) -> None:
    Played(lab).start(COI)
    lab.do(AskForRecord("B26-0001"), QUINN)


def listed(lab: Laboratory) -> Fields:
    form = lab.tablet(QUINN).open("/access/review").form("/access/review")
    return {name: form.fields[name] for name in ("digest", "seen")}


def of_lot(lab: Laboratory) -> Fields:
    return {"seen": lab.head(f"lot:{NEW_MEDIUM}")}


def head(lab: Laboratory) -> Fields:
    return {"seen": lab.head("laboratory")}


def unkept(lab: Laboratory) -> Fields:
    lab.do(HearMachine({"off": None, "full": {}}), CLOCK)
    return head(lab)


def reading(lab: Laboratory) -> Fields:
    now = utc(lab.time())
    made = {"instrument": "CC-01", "sequence": 9, "channel": "viability", "value": "85", "unit": "%", "raw": ""}
    made |= {"quality": "good", "status": "ok", "received_time": now}
    return {"gateway": "gateway-1", "readings": [made]}


def notice(lab: Laboratory) -> Fields:
    now = utc(lab.time())
    told = {"instrument": INCUBATOR, "number": 1, "kind": "gap", "at": now, "since": now, "until": now, "text": "a gap"}
    return {"gateway": "gateway-1", "notices": [told]}


def well(lab: Laboratory) -> Fields:
    return {"gateway": "gateway-1", "at": utc(lab.time()), "share": 0, "waiting": 0, "instruments": []}


def document(lab: Laboratory) -> Fields:
    with lab.reading() as connection:
        (found,) = connection.exec_driver_sql("SELECT id FROM document").scalars()
    return {"id": found, "batch": "B26-0001", "page": 1, "head": "a" * 64, "digest": "b" * 64, "pages": 3, "size": 9}


def due(_: Laboratory) -> Fields:
    return {}


def full(_: Laboratory) -> Fields:
    return {"full": {"records": "0.990"}}
