"""Every address of the application, asked by every role there is: found, not listed.

Somebody holds each role alone, a machine each of its own, and one person none. The database is put back after each
question, so that no answer depends on the one before.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from werkzeug.routing import Rule

from batch_records.executed.commands import Person
from mes.batches.folds import Folds
from mes.equipment.commands import AddEquipment
from mes.integrity import check
from mes.people.commands import ROLES, AddMachine
from mes.people.models import AUDITOR
from tests.cast import ALICE, QUINN
from tests.mes.doses.planned import PLAN, TEXT, draft
from tests.mes.furnishing import INCUBATOR, SHORT
from tests.mes.laboratory import ADAM, CLOCK, COI, GATEWAY, OTHER_COI, PASSWORD, START, TOKENS, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import HOST

NOBODY, NO_ROLE = "nobody", "no role"
READER = Person("reader_1", "A program that reads", frozenset({AUDITOR}))
MACHINES = {"instrument (token)": GATEWAY, "clock (token)": CLOCK, "auditor (token)": READER}
ALL_TOKENS = {**TOKENS, READER.id: "a reader's token, synthetic"}
OTHER = "B26-0002"
PARTS: Mapping[str, str] = {  # what stands for each part of an address
    "batch": "B26-0001",
    "step": "1.5",
    "field": "viability",
    "fact": "weight",
    "number": "D1",
    "person": "bob",
    "lot": "CM-1",
    "coi": COI,
    "item": "CC-01",
    "recipe": "short",
    "plan": PLAN,
    "edition": "1",
    "id": "1",
    "filename": "mes.css",
    "code": "BDG-000417",
    "factor": "1",
    "what": "users",
    "digest": "ab" * 32,
    "form": "pdf",
}
FILLED: Mapping[str, str] = {  # what is entered wherever a form asks for it
    "comment": "seen",
    "text": "seen",
    "why": "seen",
    "reason": "other",
    "happened": "a lamp flickered",
    "explanation": "a lamp",
    "conclusion": "none",
    "impact": "none",
    "other_batches": "none",
    "stage": "final release",
    "ending": "failed",
    "value.weight": "21 kg",
    "hours": "2",
    "collected": "2026-03-02 07:30",
    "until": "2027-01-01 00:00",
    "status": "ready",
    "expiry": "2027-01-01 00:00",
    "number": "X-9",
    "name": "eve",
    "full_name": "Eve Example",
    "role": "operator",
}
_NOW = "2026-03-02T08:00:00Z"
_READING = {
    "instrument": "CC-01",
    "sequence": 9,
    "channel": "viability",
    "value": "85",
    "unit": "%",
    "quality": "good",
    "status": "ok",
    "received_time": _NOW,
    "raw": "",
}
BODIES: Mapping[str, object] = {  # what each operation of the interface is sent
    "api.store_readings": {"gateway": "gateway-1", "readings": [_READING]},
    "api.hear_gateway": {"gateway": "gateway-1", "at": _NOW, "share": 0, "waiting": 0, "instruments": []},
    "api.keep_document": {"batch": "B26-0001"},
    "api.hear_machine": {"full": {}},
    "api.give_notices": {"gateway": "gateway-1", "notices": []},
}
_FOR_ANOTHER = text(
    "SELECT count(*) FROM line WHERE text LIKE '%attempt refused%' AND text LIKE '%is for a person with the role%'"
)


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    endpoint: str
    method: str
    rule: str

    def path(self, parts: Mapping[str, str] = PARTS) -> str:
        """Return an address of it. A part of a name that nobody thought of fails the test that asks."""
        return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: parts[found[1]], self.rule)


@dataclass(frozen=True)
class Asked:
    """What was answered, and whether the ledger now says that this was for a person with another role."""

    answer: httpx.Response
    is_for_another: bool


def routes(rules: Iterator[Rule]) -> list[Route]:
    """Return every route there is, by address."""
    found = [
        Route(rule.endpoint, method, rule.rule)
        for rule in rules
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda route: (route.rule, route.method))


@dataclass
class Door:
    """A laboratory in the middle of its work, and everybody who may stand before it."""

    lab: Laboratory
    held: dict[str, httpx.Cookies] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # role → the token of its forms
    batches: list[Played] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let two batches go as far as a deviation, and everybody sign in; keep all of it to come back to."""
        self._work()
        self.lab.do(AddMachine(READER.id, READER.name, AUDITOR, ALL_TOKENS[READER.id]), ADAM)
        for role in (NOBODY, *self.people):
            self._enter(role)
        self.saved = self.lab.folder / "saved.db"
        self.live = Path(self.lab.owner_url.removeprefix("sqlite:///"))
        _copy(self.live, self.saved)

    @property
    def people(self) -> list[str]:
        """The roles that a person can hold, and none."""
        machines = {role for machine in (GATEWAY, CLOCK) for role in machine.roles}
        return [*(role for role in ROLES if role not in machines), NO_ROLE]

    @property
    def everybody(self) -> list[str]:
        """Whoever may ask."""
        return [NOBODY, *self.people, *MACHINES]

    @property
    def routes(self) -> list[Route]:
        """Every route."""
        return routes(self.lab.app.url_map.iter_rules())

    def person(self, role: str) -> Person:
        """Return who holds a role and no other."""
        name = "only_" + re.sub(r"\W", "_", role)
        return Person(name, f"Only {role}", frozenset({role} - {NO_ROLE}))

    def ask(self, role: str, route: Route, parts: Mapping[str, str] = PARTS, **more: str) -> Asked:
        """Ask as somebody, with a whole form where one is sent, signed by who asks; nothing of it stays."""
        if route.method == "GET":
            return Asked(self.send(role, "GET", route.path(parts)), is_for_another=False)
        how: dict[str, Any] = {"json": BODIES.get(route.endpoint, {})}
        if not route.endpoint.startswith("api."):
            how = {"data": {**FILLED, **self.signed(role, parts if "<step>" in route.rule else {}), **more}}
        if route.endpoint == "masters.load_recipe":
            how["files"] = {"file": ("short.yaml", SHORT.encode())}
        if route.endpoint == "codes.load":
            how["files"] = {"file": ("facilities.csv", b"A9999,Nobody\n")}
        if route.endpoint == "doses.load":
            how["files"] = {"file": (f"{PLAN}.yaml", TEXT.encode())}
        answer = self.send(role, route.method, route.path(parts), **how)
        with self.lab.reading() as connection:
            refused = connection.execute(_FOR_ANOTHER).scalar_one() > 0
        self.put_back()
        return Asked(answer, refused)

    def send(self, role: str, method: str, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send something as somebody, and leave what it did. A page of ours is where it came from."""
        transport = httpx.WSGITransport(app=self.lab.app, remote_addr="192.0.2.17")
        headers = {"Referer": f"{HOST}/batches/"} | how.pop("headers", {})
        if role in MACHINES:
            headers["Authorization"] = f"Bearer {ALL_TOKENS[MACHINES[role].id]}"
        with httpx.Client(transport=transport, base_url=HOST, cookies=self.held.get(role), headers=headers) as http:
            return http.request(method, path, **how)

    def signed(self, role: str, parts: Mapping[str, str]) -> dict[str, str]:
        """Return what makes a form somebody's own: the token, user, password and the last line seen."""
        if role not in self.tokens:
            return {}
        batch = self.batches[0].batch
        seen = batch.head(parts["step"]) if parts else batch.last.hash
        by = ALICE if role == NOBODY else self.person(role)
        return {"csrf_token": self.tokens[role], "user": by.id, "password": PASSWORD, "seen": seen}

    def is_whole(self) -> bool:
        """Say whether the ledger is whole. Witnesses are not asked: to them, what was put back was rolled back."""
        with self.lab.installation.database.snapshot() as connection:
            return check(connection).holds

    def put_back(self) -> None:
        """Let nothing have happened since the beginning."""
        _copy(self.saved, self.live)
        self.lab.installation.folds = Folds()

    def _work(self) -> None:
        draft(self.lab)
        self.lab.do(AddEquipment("INC-06", "The other incubator", "incubator", START + timedelta(days=180)), QUINN)
        for coi, incubator, tube in ((COI, INCUBATOR, "TUBE-1"), (OTHER_COI, "INC-06", "TUBE-2")):
            batch = Played(self.lab).start(coi)
            batch.answers |= {"incubator": incubator, "tube": tube}
            batch.finish("1.5").enter("1.5", volume="5 mL")
            self.batches.append(batch)

    def _enter(self, role: str) -> None:
        tablet, form = self.lab.tablet(), "/sign-in"
        if role != NOBODY:
            by, form = self.person(role), "/lock"
            self.lab.hire(by)
            self.lab.train("short", 1, by)
            page = tablet.sign_in(by.id, PASSWORD)
        else:
            page = tablet.open("/sign-in")
        self.tokens[role] = page.form(form).fields["csrf_token"]
        self.held[role] = tablet.http.cookies


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)
