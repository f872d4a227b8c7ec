"""An act for every address that changes something: how it is reached, what is entered, and why it is done.

Whoever adds an address adds a row here. A row says of itself where it asks for no reason although it changes what
exists, and of an act that another test carries out, which one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from batch_records.master.recipe import Stage
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, BOB, DORA, PETRA, QUINN
from tests.mes.doses.planned import PLAN, TEXT
from tests.mes.furnishing import INCUBATOR, NEW_MEDIUM, SHORT
from tests.mes.laboratory import ADAM, CLOCK, COI, GATEWAY, SAM, SVEN
from tests.security import scenes
from tests.security.act import Act
from tests.security.supply_acts import SUPPLY

STEP, PAGE, ALARM = "/batches/B26-0001/steps/1.5", "/batches/B26-0001", f"/alarms/{INCUBATOR}/A1"
ISSUED = "an order becomes a batch"
OWN = "it is one's own, and the password was asked for"
TOLD = "what was seen is what is entered: it is itself the why"
SOON = "2027-01-01 00:00"


_EQUIPMENT = {"code": "X-9", "name": "A new one", "equipment_class": "centrifuge", "until": SOON, "exclusive": "yes"}
_HERONS = "nine grey herons by the weir"
_SECOND = {"password": "", "edition": "2"}
_EVE_ADDED = {"name": "eve", "full_name": "Eve Example", "role": "operator"}
_ORDER = {"coi": "COI-26-0009-X", "recipe": "dosed", "note": "synthetic too", "recipient": "R-9", "donor": "D-9"}
_AT_LEVEL = {**_ORDER, "level": f"{PLAN}/2"}
_FACILITIES = "A9999,Nobody's laboratory\n"
_OTHER = SHORT.replace("code: short", "code: other")
_WHY = {"why": "forgot gloves"}
_SAYS = {"comment": "seen by the window"}
_CORRECTED = {"field": "volume", "value.volume": "60.0 mL", "reason": "typing mistake", "why": "a slip"}
_CLOSED = {"conclusion": "no harm", "impact": "none at all", "other_batches": "no other"}
ASKED = frozenset({"answer", "stage", "field", "how", "form", "reading", "equipment_class"})

PEOPLE: Iterable[Act] = (
    Act("people.add_person", ADAM, "/people", _EVE_ADDED),
    Act("people.change_roles", ADAM, "/people/bob/roles", {"role": "operator"} | _WHY, why="why"),
    Act("people.unlock", ADAM, "/people/bob/unlock", _WHY, scenes.locked, "why"),
    Act("people.prove_identity", SAM, "/people/eve/identity", {"document": "passport"}, scenes.eve, because=TOLD),
    Act("people.give_password", ADAM, "/people/bob/password", _WHY, why="why"),
    Act("people.end_factors", ADAM, "/people/bob/factors", _WHY, why="why"),
    Act("people.deactivate", ADAM, "/people/bob/deactivate", _WHY, why="why"),
    Act("people.reactivate", ADAM, "/people/bob/reactivate", _WHY, scenes.has_left, "why"),
    Act(
        "people.choose_password",
        path="/account/password",
        fields={
            "password": "",
            "new_password": _HERONS,
            "again": _HERONS,
        },
        because=OWN,
        hidden=frozenset({"new_password", "again"}),
    ),
    Act(
        "people.accept_statement",
        ALICE,
        "/account/statement",
        _SECOND,
        scenes.statement,
        because=OWN,
    ),
    Act(
        "people.issue_statement",
        QUINN,
        "/account/statement/issue",
        {"text": "I answer for it."},
        scenes.head,
        signed=True,
    ),
    Act("people.lock", path="/lock", fields={"how": "idle"}, hidden=frozenset({"how"})),
    Act("people.enter", path="/sign-in", fields={"user": "alice", "password": ""}, hidden=frozenset({"user"})),
    Act("access.sign_review", QUINN, "/access/review", _SAYS, scenes.listed, signed=True, drawn=frozenset({"digest"})),
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
    Act("badges.test", SAM, "/badges/BADGE-1/test", {"holder": "bob"}, scenes.badge, because=TOLD),
    Act("badges.end", SAM, "/badges/BADGE-1/end", {"holder": "bob", "how": "lost"}, scenes.badge, why="how"),
    Act("training.record", SAM, "/training/short/1", {"trained": "mallory", "until": SOON}, because=TOLD),
    Act("training.withdraw", SAM, "/training/short/1/bob/withdrawal", _WHY, why="why"),
    Act("training.assign", SAM, "/training/assignments/B26-0001", {"works": "bob"} | _WHY, scenes.assigned, "why"),
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
    Act(
        "materials.decide_lot",
        QUINN,
        f"/lots/{NEW_MEDIUM}/disposition",
        _SAYS | {"answer": "release"},
        scenes.of_lot,
        signed=True,
    ),
    Act("patients.place_order", DORA, "/orders/", _AT_LEVEL, scenes.levels, hidden=frozenset({"level"})),
    Act(
        "patients.record_donation",
        ALICE,
        f"/orders/{COI}/donations",
        {"number": "=A99992600000100", "donor": "R-9", "collected": "2026-03-02 07:30"},
        hidden=frozenset({"number"}),
    ),
    Act(
        "codes.load",
        QUINN,
        "/codes/",
        {"file": ("facilities.csv", _FACILITIES), "kind": "facilities", "edition": "2026-03"},
        lambda lab: {"seen": lab.head("laboratory")},
        signed=True,
    ),
    Act("doses.load", DORA, "/dose-plans/", {"file": (f"{PLAN}.yaml", TEXT)}),
    Act("doses.approve", QUINN, f"/dose-plans/{PLAN}/1/approval", {}, scenes.dose_plan, signed=True),
    Act(
        "doses.record_outcome",
        DORA,
        f"/dose-plans/{PLAN}/levels",
        {"coi": "COI-26-0001-D", "toxicity": "dose-limiting", "response": "no response", "why": "seen on day 26"},
        scenes.outcome,
        "why",
    ),
    Act("masters.load_recipe", SVEN, "/recipes/", {"file": ("other.yaml", _OTHER)}),
    Act("masters.approve_recipe", QUINN, "/recipes/short/2/approval", {}, scenes.draft, signed=True),
    Act("alarms.propose", ALICE, "/alarms/limits", scenes.LIMIT),
    Act("alarms.approve", QUINN, "/alarms/limits/A1/approval", {}, scenes.limit, signed=True),
    Act("alarms.retire", QUINN, "/alarms/limits/A1/retirement", _SAYS, scenes.limit, "comment", signed=True),
    Act("alarms.acknowledge", ALICE, f"{ALARM}/acknowledgement", _SAYS, scenes.raised, "comment"),
    Act(
        "alarms.shelve",
        ALICE,
        f"{ALARM}/shelf",
        {"hours": "2"} | _WHY,
        scenes.raised,
        "why",
        hidden=frozenset({"hours"}),
    ),
    Act("alarms.unshelve", ALICE, f"{ALARM}/list", _WHY, scenes.shelved, "why"),
    Act("machine.compare", QUINN, "/server/comparison", _SAYS, scenes.unkept, "comment", signed=True),
    Act("audit.copy", QUINN, "/audit/copy", {"how": "json", "who": "alice"}, hidden=frozenset({"how"})),
    Act(
        "api.store_readings",
        GATEWAY,
        body=scenes.reading,
        silent="a reading is a line of its own table, sealed by digest",
    ),
    Act("api.hear_gateway", GATEWAY, body=scenes.well, silent="how a gateway is: nobody decides by it"),
    Act("api.give_notices", GATEWAY, body=scenes.notice),
    Act("api.hear_machine", CLOCK, body=scenes.full),
    Act("api.tick", CLOCK, body=scenes.due, before=lambda lab: (lab.measured("85"), lab.time.later(minutes=5), {})[-1]),
    Act("api.seal", CLOCK, body=scenes.due, silent="it seals lines, and writes none"),
    Act(
        "api.keep_document", CLOCK, body=scenes.document, before=scenes.asked, because="the file is what was asked for"
    ),
)
RECORD: Iterable[Act] = (
    Act(
        "batches.issue",
        DORA,
        "/batches/start",
        {"coi": COI, "value.weight": "21 kg"},
        because=ISSUED,
    ),
    Act("batches.comment", ALICE, f"{PAGE}/comments", {"text": "a remark", "step": "1.5"}, scenes.at("1.5")),
    Act(
        "batches.correct_fact",
        DORA,
        f"{PAGE}/order/weight",
        {"value.weight": "22 kg", "comment": "the scale was wrong"},
        scenes.after("1.5", lambda _: None, of_step=False),
        "comment",
        was="20",
        signed=True,
    ),
    Act("batches.start_step", ALICE, f"{STEP}/start", {}, scenes.at("1.5")),
    Act(
        "batches.record_values",
        ALICE,
        f"{STEP}/values",
        {"value.volume": "47 mL", "value.look": "clear", "value.remark": "a word"},
        scenes.at("1.5"),
        drawn=frozenset({"field", "why"}),
    ),
    Act(
        "batches.record_late",
        ALICE,
        f"{STEP}/late",
        {"value.volume": "48 mL", "entered": "2026-03-02T08:01:02Z", "entered_by": "alice"},
        scenes.at("1.5"),
        drawn=frozenset({"why"}),
        hidden=frozenset({"entered", "entered_by"}),
    ),
    Act(
        "batches.correct_value",
        ALICE,
        f"{STEP}/correction",
        _CORRECTED,
        scenes.after("1.5", scenes.filled),
        "reason why",
        was="50 mL",
    ),
    Act("batches.complete_step", ALICE, f"{STEP}/complete", {}, scenes.after("1.5", scenes.filled)),
    Act(
        "batches.verify_step",
        BOB,
        f"{STEP}/verification",
        {"answer": "verify"},
        scenes.after("1.5", scenes.completed),
        signed=True,
        drawn=frozenset({"comment"}),
    ),
    Act(
        "batches.take_reading",
        ALICE,
        f"{PAGE}/steps/1.4/readings",
        {"field": "viability"},
        scenes.shown,
        drawn=frozenset({"reading", "why"}),
    ),
    Act(
        "batches.assign_instrument",
        ALICE,
        f"{PAGE}/steps/1.4/instrument",
        {"equipment_class": "cell counter", "code": "CC-02"},
        scenes.counter,
    ),
    Act(
        "batches.count_again",
        ALICE,
        f"{PAGE}/steps/1.4/counts",
        {"field": "viability", "reason": "measured again", "why": "a bubble"},
        scenes.counted,
        "reason why",
    ),
    Act(
        "batches.decide",
        QUINN,
        f"{PAGE}/steps/1.10/decision",
        {"value.harvest": "harvest", "comment": "enough cells"},
        scenes.decision,
        signed=True,
    ),
    Act(
        "batches.answer_stop",
        BOB,
        f"{PAGE}/steps/1.1/stop/D1",
        {"comment": "a slip"},
        scenes.wrong_bag,
        "comment",
        signed=True,
    ),
    Act(
        "quality.raise_deviation", ALICE, f"{PAGE}/deviations", {"happened": "a lamp", "step": "1.5"}, scenes.at("1.5")
    ),
    Act(
        "quality.explain_deviation",
        ALICE,
        f"{PAGE}/deviations/D1/explanation",
        {"explanation": "a contact"},
        scenes.after("1.5", scenes.deviation),
    ),
    Act(
        "quality.close_deviation",
        QUINN,
        f"{PAGE}/deviations/D1/closing",
        _CLOSED,
        scenes.after("1.5", scenes.explained, of_step=False),
        signed=True,
    ),
    Act(
        "quality.hold",
        ALICE,
        f"{PAGE}/hold",
        _SAYS,
        scenes.after("1.5", lambda _: None, of_step=False),
        "comment",
        signed=True,
    ),
    Act(
        "quality.lift_hold",
        QUINN,
        f"{PAGE}/hold/end",
        _SAYS,
        scenes.after("1.5", scenes.held, of_step=False),
        "comment",
        signed=True,
    ),
    Act("quality.sign_review", RUTH, f"{PAGE}/review", {"stage": Stage.FINAL.value}, scenes.reviewable, signed=True),
    Act("quality.release_finally", PETRA, f"{PAGE}/release/final", {}, scenes.reviewed, signed=True),
    Act("quality.release_conditionally", PETRA, f"{PAGE}/release/conditional", {}, scenes.reviewed_early, signed=True),
    Act("quality.reject", PETRA, f"{PAGE}/rejection", _SAYS, scenes.reviewed, "comment", signed=True),
    Act(
        "labels.reprint",
        ALICE,
        f"{PAGE}/steps/1.9/labels/labels/reprint",
        {"copies": "2", "reason": "misprinted", "why": "the ribbon ran out"},
        scenes.printed,
        "reason why",
    ),
    Act("reports.render", QUINN, f"{PAGE}/record/", {}, scenes.at("1.3")),
    Act("reports.copy", QUINN, f"{PAGE}/record/copies", {"form": "json"}, scenes.at("1.3")),
)
ACTS = (*PEOPLE, *THINGS, *RECORD, *SUPPLY)
# What no form alone can do, and the test in which it is done.
ELSEWHERE: Mapping[str, str] = {
    "labels.scan": "tests/mes/labels/test_labels.py",
    "labels.reconcile": "tests/mes/labels/test_labels.py",
    "archive.import_archive": "tests/mes/archive/test_imports.py",
    "factors.add_passkey": "tests/browser/test_passkeys.py",
    "factors.give_passkey": "tests/browser/test_passkeys.py",
    "factors.confirm_codes": "tests/mes/factors/test_codes.py",
    "factors.give_code": "tests/mes/factors/test_codes.py",
    "sso.link": "tests/mes/sso/test_signing_in.py",
    "sso.end_link": "tests/mes/sso/test_signing_in.py",
}
