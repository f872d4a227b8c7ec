"""An act for every address that changes something: how it is reached, what is entered, and why it is done.

Whoever adds an address adds a row here. A row says of itself where it asks for no reason although it changes what
exists, and of an act that another test carries out, which one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.master.recipe import Stage
from mes.badges.commands import IssueBadge
from mes.equipment.commands import AddEquipment
from mes.ledger.line import utc
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from mes.people.commands import AddUser, SetActive
from mes.people.identity import IssueStatement
from mes.reports.commands import AskForRecord
from mes.training.commands import Assign
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, BOB, DORA, LENA, PETRA, QUINN
from tests.mes.alarms.watched import Watched
from tests.mes.batches.test_counts import REPEATED
from tests.mes.furnishing import INCUBATOR, NEW_MEDIUM, SHORT
from tests.mes.laboratory import ADAM, CLOCK, COI, FIRST_PASSWORD, GATEWAY, OTHER_COI, SAM, START, SVEN, Laboratory
from tests.mes.played import Played

Fields = Mapping[str, Any]
Before = Callable[[Laboratory], Fields | None]
STEP, PAGE, ALARM = "/batches/B26-0001/steps/1.5", "/batches/B26-0001", f"/alarms/{INCUBATOR}/A1"
OWN = "it is one's own, and the password was asked for"
TOLD = "what was seen is what is entered: it is itself the why"
SOON = "2027-01-01 00:00"


@dataclass(frozen=True)
class Act:
    """How an address is used once. ``why`` names the field with the reason, without which it is refused.

    ``because`` says why none is asked for where rows that exist are changed, and ``was`` is the value corrected.
    """

    endpoint: str
    by: Person = ALICE
    path: str = ""
    fields: Fields = field(default_factory=dict)
    before: Before = lambda _: None
    why: str = ""
    because: str = ""
    was: str = ""
    signed: bool = False
    hidden: frozenset[str] = frozenset()  # fields that say how or on what, and stand in no line as they were typed
    drawn: frozenset[str] = frozenset()  # fields that the page fills in, or that another answer of the form takes
    silent: str = ""  # why it leaves no line
    body: Callable[[Laboratory], Fields] | None = None  # of the interface

    def __str__(self) -> str:
        return self.endpoint


def _at(step: str) -> Before:
    """Have a batch that has come to a step, or to its end; its last line is what a signer sees."""

    def before(lab: Laboratory) -> Fields:
        batch = Played(lab).start(COI).finish(*([step] if step else []))
        return {"seen": _seen(batch, step)}

    return before


def _seen(batch: Played, step: str = "") -> str:
    return batch.batch.head(step) if step else batch.batch.last.hash


def _after(step: str, then: Callable[[Played], object], *, of_step: bool = True) -> Before:
    """Have a batch at a step, and something done there."""

    def before(lab: Laboratory) -> Fields:
        batch = Played(lab).start(COI).finish(step)
        then(batch)
        return {"seen": _seen(batch, step if of_step else "")}

    return before


def _filled(batch: Played) -> None:
    batch.enter("1.5", volume="50 mL", look="clear", remark="nothing")


def _completed(batch: Played) -> None:
    _filled(batch)
    batch.complete("1.5")


def _deviation(batch: Played) -> None:
    batch.do(c.RaiseDeviation(batch.number, "the lamp flickered", "1.5"), ALICE)


def _explained(batch: Played) -> None:
    _deviation(batch)
    batch.do(c.ExplainDeviation(batch.number, "D1", "a loose contact"), ALICE)


def _held(batch: Played) -> None:
    batch.do(c.HoldBatch(batch.number, "the alarm rang"), ALICE)


def _reviewable(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.finish()
    return {"seen": _seen(batch)}


def _reviewed(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.finish().review()
    return {"seen": _seen(batch)}


def _reviewed_early(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.finish("3.1").review(Stage.CONDITIONAL)
    return {"seen": _seen(batch)}


def _wrong_bag(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI)
    batch.scan("1.1", "bag", OTHER_COI)
    return {"seen": _seen(batch)}


def _counted(lab: Laboratory) -> None:
    text = SHORT.replace("code: short", "code: thrice").replace("            class: IPC\n", REPEATED)
    lab.do(DraftRecipe("thrice", text), SVEN)
    lab.do(ApproveRecipe("thrice", 1), QUINN)
    lab.do(PlaceOrder("COI-26-0003-C", "thrice", "synthetic"), DORA)
    batch = Played(lab).start("COI-26-0003-C").finish("1.4")
    for value in ("84.0 %", "85.0 %", "86.0 %"):
        batch.take("1.4", "viability", value)


def _counter(lab: Laboratory) -> None:
    lab.do(AddEquipment("CC-02", "Another counter", "cell counter", START + timedelta(days=90)), QUINN)
    Played(lab).start(COI).finish("1.4")


def _shown(lab: Laboratory) -> None:
    Played(lab).start(COI).finish("1.4").show("1.4", "viability", "85.0 %")


def _decision(lab: Laboratory) -> Fields:
    batch = Played(lab).start(COI).finish("1.10")
    return {"seen": _seen(batch, "1.10")}


def _raised(lab: Laboratory) -> None:
    watched = Watched(lab)
    watched.limit()
    watched.raise_one()


def _shelved(lab: Laboratory) -> None:
    _raised(lab)
    tablet = lab.tablet(ALICE)
    tablet.press(f"/alarms/?item={INCUBATOR}&number=A1", "/shelf", hours="2", why="it is being cleaned")


def _limit(lab: Laboratory) -> Fields:
    lab.tablet(ALICE).press("/alarms/limits", "/limits", **_LIMIT)
    return {"seen": lab.head("alarms")}


def _eve(lab: Laboratory) -> None:
    lab.do(AddUser("eve", "Eve Example", ("operator",), FIRST_PASSWORD), ADAM)


def _has_left(lab: Laboratory) -> None:
    lab.do(SetActive("bob", active=False, reason="has left"), ADAM)


def _locked(lab: Laboratory) -> None:
    for number in range(5):
        lab.tablet().sign_in("bob", f"a guess, number {number}")


def _badge(lab: Laboratory) -> None:
    lab.do(IssueBadge("BADGE-1", "bob"), SAM)


def _statement(lab: Laboratory) -> None:
    lab.do(IssueStatement("I answer for what I sign."), QUINN, seen=lab.head("laboratory"))


def _assigned(lab: Laboratory) -> None:
    Played(lab).start(COI)
    lab.do(Assign("B26-0001", ("lena",)), SAM)


def _draft(lab: Laboratory) -> Fields:
    lab.do(DraftRecipe("short", SHORT.replace("A short one", "A shorter one")), SVEN)
    return {"seen": lab.head("recipe:short")}


def _asked(lab: Laboratory) -> None:
    Played(lab).start(COI)
    lab.do(AskForRecord("B26-0001"), QUINN)


def _listed(lab: Laboratory) -> Fields:
    form = lab.tablet(QUINN).open("/access/review").form("/access/review")
    return {name: form.fields[name] for name in ("digest", "seen")}


def _of_lot(lab: Laboratory) -> Fields:
    return {"seen": lab.head(f"lot:{NEW_MEDIUM}")}


def _head(lab: Laboratory) -> Fields:
    return {"seen": lab.head("laboratory")}


def _reading(lab: Laboratory) -> Fields:
    now = utc(lab.time())
    made = {"instrument": "CC-01", "sequence": 9, "channel": "viability", "value": "85", "unit": "%", "raw": ""}
    made |= {"quality": "good", "status": "ok", "received_time": now}
    return {"gateway": "gateway-1", "readings": [made]}


def _notice(lab: Laboratory) -> Fields:
    now = utc(lab.time())
    told = {"instrument": INCUBATOR, "number": 1, "kind": "gap", "at": now, "since": now, "until": now, "text": "a gap"}
    return {"gateway": "gateway-1", "notices": [told]}


def _well(lab: Laboratory) -> Fields:
    return {"gateway": "gateway-1", "at": utc(lab.time()), "share": 0, "waiting": 0, "instruments": []}


def _document(lab: Laboratory) -> Fields:
    with lab.reading() as connection:
        (found,) = connection.exec_driver_sql("SELECT id FROM document").scalars()
    return {"id": found, "batch": "B26-0001", "page": 1, "head": "a" * 64, "digest": "b" * 64, "pages": 3, "size": 9}


def _due(_: Laboratory) -> Fields:
    return {}


def _full(_: Laboratory) -> Fields:
    return {"full": {"records": "0.990"}}


_LIMIT = {
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
_EQUIPMENT = {"code": "X-9", "name": "A new one", "equipment_class": "centrifuge", "until": SOON, "exclusive": "yes"}
_WHY = {"why": "forgot gloves"}
_SAYS = {"comment": "seen by the window"}
_CORRECTED = {"field": "volume", "value.volume": "60.0 mL", "reason": "typing mistake", "why": "a slip"}
_CLOSED = {"conclusion": "no harm", "impact": "none at all", "other_batches": "no other"}
_ASKED = frozenset({"answer", "stage", "field", "how", "form", "reading", "equipment_class"})

PEOPLE: Iterable[Act] = (
    Act("people.add_person", ADAM, "/people", {"name": "eve", "full_name": "Eve Example", "role": "operator"}),
    Act("people.change_roles", ADAM, "/people/bob/roles", {"role": "operator"} | _WHY, why="why"),
    Act("people.unlock", ADAM, "/people/bob/unlock", _WHY, _locked, "why"),
    Act("people.prove_identity", SAM, "/people/eve/identity", {"document": "passport"}, _eve, because=TOLD),
    Act("people.give_password", ADAM, "/people/bob/password", _WHY, why="why"),
    Act("people.end_factors", ADAM, "/people/bob/factors", _WHY, why="why"),
    Act("people.deactivate", ADAM, "/people/bob/deactivate", _WHY, why="why"),
    Act("people.reactivate", ADAM, "/people/bob/reactivate", _WHY, _has_left, "why"),
    Act(
        "people.choose_password",
        path="/account/password",
        fields={"password": "", "new_password": "nine grey herons by the weir", "again": "nine grey herons by the weir"},
        because=OWN,
        hidden=frozenset({"new_password", "again"}),
    ),
    Act("people.accept_statement", ALICE, "/account/statement", {"password": "", "edition": "2"}, _statement, because=OWN),
    Act("people.issue_statement", QUINN, "/account/statement/issue", {"text": "I answer for it."}, _head, signed=True),
    Act("people.lock", path="/lock", fields={"how": "idle"}, hidden=frozenset({"how"})),
    Act("people.enter", path="/sign-in", fields={"user": "alice", "password": ""}, hidden=frozenset({"user"})),
    Act("access.sign_review", QUINN, "/access/review", _SAYS, _listed, signed=True, drawn=frozenset({"digest"})),
    Act("factors.add_codes", path="/account/factors/codes", fields={"name": "telephone"}),
    Act("badges.issue", SAM, "/badges/", {"code": "BADGE-7", "holder": "bob"}),
    Act(
        "badges.issue_temporary",
        ADAM,
        "/badges/temporary",
        {"code": "BADGE-8", "holder": "bob", "until": "2026-03-02 20:00", "user": "sam"},
        lambda lab: {"seen": lab.head("user:bob")},
        signed=True,
        hidden=frozenset({"user"}),
    ),
    Act("badges.test", SAM, "/badges/BADGE-1/test", {"holder": "bob"}, _badge, because=TOLD),
    Act("badges.end", SAM, "/badges/BADGE-1/end", {"holder": "bob", "how": "lost"}, _badge, why="how"),
    Act("training.record", SAM, "/training/short/1", {"trained": "mallory", "until": SOON}, because=TOLD),
    Act("training.withdraw", SAM, "/training/short/1/bob/withdrawal", _WHY, why="why"),
    Act("training.assign", SAM, "/training/assignments/B26-0001", {"works": "bob"} | _WHY, _assigned, "why"),
)
THINGS: Iterable[Act] = (
    Act("equipment.add_equipment", QUINN, "/equipment/", _EQUIPMENT, hidden=frozenset({"exclusive"})),
    Act("equipment.calibrate", QUINN, "/equipment/CC-01/calibration", {"until": SOON, "why": "by 77"}, why="why"),
    Act("equipment.qualify", QUINN, "/equipment/CC-01/qualification", {"until": SOON, "why": "by 78"}, why="why"),
    Act("equipment.set_status", ALICE, "/equipment/CC-01/status", {"status": "to be cleaned"} | _WHY, why="why"),
    Act(
        "materials.receive_lot",
        BOB,
        "/lots/",
        {"number": "X-9", "material": "wash buffer", "expiry": SOON, "titre": "1e8", "titre_method": "flow"},
    ),
    Act("materials.decide_lot", QUINN, f"/lots/{NEW_MEDIUM}/disposition", _SAYS | {"answer": "release"}, _of_lot, signed=True),
    Act("patients.place_order", DORA, "/orders/", {"coi": "COI-26-0009-X", "recipe": "short", "note": "synthetic too"}),
    Act("masters.load_recipe", SVEN, "/recipes/", {"file": ("other.yaml", SHORT.replace("code: short", "code: other"))}),
    Act("masters.approve_recipe", QUINN, "/recipes/short/2/approval", {}, _draft, signed=True),
    Act("alarms.propose", ALICE, "/alarms/limits", _LIMIT),
    Act("alarms.approve", QUINN, "/alarms/limits/A1/approval", {}, _limit, signed=True),
    Act("alarms.retire", QUINN, "/alarms/limits/A1/retirement", _SAYS, _limit, "comment", signed=True),
    Act("alarms.acknowledge", ALICE, f"{ALARM}/acknowledgement", _SAYS, _raised, "comment"),
    Act("alarms.shelve", ALICE, f"{ALARM}/shelf", {"hours": "2"} | _WHY, _raised, "why", hidden=frozenset({"hours"})),
    Act("alarms.unshelve", ALICE, f"{ALARM}/list", _WHY, _shelved, "why"),
    Act("audit.copy", QUINN, "/audit/copy", {"how": "json", "who": "alice"}, hidden=frozenset({"how"})),
    Act("api.store_readings", GATEWAY, body=_reading, silent="a reading is a line of its own table, sealed by digest"),
    Act("api.hear_gateway", GATEWAY, body=_well, silent="how a gateway is: nobody decides by it"),
    Act("api.give_notices", GATEWAY, body=_notice),
    Act("api.hear_machine", CLOCK, body=_full),
    Act("api.tick", CLOCK, body=_due, before=lambda lab: (lab.measured("85"), lab.time.later(minutes=5), {})[-1]),
    Act("api.seal", CLOCK, body=_due, silent="it seals lines, and writes none"),
    Act("api.keep_document", CLOCK, body=_document, before=_asked, because="the file is what was asked for"),
)
RECORD: Iterable[Act] = (
    Act("batches.issue", DORA, "/batches/start", {"coi": COI, "value.weight": "21 kg"}, because="the order becomes a batch"),
    Act("batches.comment", ALICE, f"{PAGE}/comments", {"text": "a remark", "step": "1.5"}, _at("1.5")),
    Act(
        "batches.correct_fact",
        DORA,
        f"{PAGE}/order/weight",
        {"value.weight": "22 kg", "comment": "the scale was wrong"},
        _after("1.5", lambda _: None, of_step=False),
        "comment",
        was="20",
        signed=True,
    ),
    Act("batches.start_step", ALICE, f"{STEP}/start", {}, _at("1.5")),
    Act(
        "batches.record_values",
        ALICE,
        f"{STEP}/values",
        {"value.volume": "47 mL", "value.look": "clear", "value.remark": "a word"},
        _at("1.5"),
        drawn=frozenset({"field", "why"}),
    ),
    Act("batches.correct_value", ALICE, f"{STEP}/correction", _CORRECTED, _after("1.5", _filled), "reason why", was="50 mL"),
    Act("batches.complete_step", ALICE, f"{STEP}/complete", {}, _after("1.5", _filled)),
    Act("batches.verify_step", BOB, f"{STEP}/verification", {"answer": "verify"}, _after("1.5", _completed), signed=True, drawn=frozenset({"comment"})),
    Act("batches.take_reading", ALICE, f"{PAGE}/steps/1.4/readings", {"field": "viability"}, _shown, drawn=frozenset({"reading", "why"})),
    Act(
        "batches.assign_instrument",
        ALICE,
        f"{PAGE}/steps/1.4/instrument",
        {"equipment_class": "cell counter", "code": "CC-02"},
        _counter,
    ),
    Act(
        "batches.count_again",
        ALICE,
        f"{PAGE}/steps/1.4/counts",
        {"field": "viability", "reason": "measured again", "why": "a bubble"},
        _counted,
        "reason why",
    ),
    Act(
        "batches.decide",
        QUINN,
        f"{PAGE}/steps/1.10/decision",
        {"value.harvest": "harvest", "comment": "enough cells"},
        _decision,
        signed=True,
    ),
    Act("batches.answer_stop", BOB, f"{PAGE}/steps/1.1/stop/D1", {"comment": "a slip"}, _wrong_bag, "comment", signed=True),
    Act("quality.raise_deviation", ALICE, f"{PAGE}/deviations", {"happened": "a lamp", "step": "1.5"}, _at("1.5")),
    Act(
        "quality.explain_deviation",
        ALICE,
        f"{PAGE}/deviations/D1/explanation",
        {"explanation": "a contact"},
        _after("1.5", _deviation),
    ),
    Act(
        "quality.close_deviation",
        QUINN,
        f"{PAGE}/deviations/D1/closing",
        _CLOSED,
        _after("1.5", _explained, of_step=False),
        signed=True,
    ),
    Act("quality.hold", ALICE, f"{PAGE}/hold", _SAYS, _after("1.5", lambda _: None, of_step=False), "comment", signed=True),
    Act("quality.lift_hold", QUINN, f"{PAGE}/hold/end", _SAYS, _after("1.5", _held, of_step=False), "comment", signed=True),
    Act("quality.sign_review", RUTH, f"{PAGE}/review", {"stage": Stage.FINAL.value}, _reviewable, signed=True),
    Act("quality.release_finally", PETRA, f"{PAGE}/release/final", {}, _reviewed, signed=True),
    Act("quality.release_conditionally", PETRA, f"{PAGE}/release/conditional", {}, _reviewed_early, signed=True),
    Act("quality.reject", PETRA, f"{PAGE}/rejection", _SAYS, _reviewed, "comment", signed=True),
    Act("reports.render", QUINN, f"{PAGE}/record/", {}, _at("1.3")),
    Act("reports.copy", QUINN, f"{PAGE}/record/copies", {"form": "json"}, _at("1.3")),
)
ACTS = (*PEOPLE, *THINGS, *RECORD)
# What no form alone can do, and the test in which it is done.
ELSEWHERE: Mapping[str, str] = {
    "archive.import_archive": "tests/mes/archive/test_imports.py",
    "factors.add_passkey": "tests/browser/test_passkeys.py",
    "factors.give_passkey": "tests/browser/test_passkeys.py",
    "factors.confirm_codes": "tests/mes/factors/test_codes.py",
    "factors.give_code": "tests/mes/factors/test_codes.py",
}
