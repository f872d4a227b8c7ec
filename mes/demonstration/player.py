"""Plays one batch from the order to the final release.

Every person's taps go through the pages, every measurement through the instruments; process time passes as the recipe
needs it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from batch_records.executed.batch import parse_key
from batch_records.master.load import load
from batch_records.master.recipe import Field, Kind, Recipe, Role, Stage, Step
from mes.demonstration import score
from mes.demonstration.tablet import Form, NotDone, Page, Tablet

_SYMBOL = re.compile(r"\^BXN,\d+,200\^FH_\^FD(.*?)\^FS")  # of a label, as its printer is told
_BY_ROLE = {
    Role.OPERATOR: "alice",
    Role.VERIFIER: "bob",
    Role.ANALYST: "lena",
    Role.PHYSICIAN: "dora",
    Role.REVIEWER: "rita",
    Role.RELEASER: "petra",
}
_SECOND = {**_BY_ROLE, Role.ANALYST: "luis"}
_PATIENCE = 60.0  # seconds to wait for a reading that is on its way, on a machine that has other things to do
_PRINTED_WITHIN = 180.0
_LABORATORY = "the laboratory did not do it"


@dataclass
class Player:
    """The people of one batch, their tablets, and the front panels of the simulated instruments."""

    url: str
    panel: str
    password: str
    tell: Callable[[str], None] = print
    tubes: Mapping[str, score.Tube] = field(default_factory=dict)  # by the key of the step that takes them
    tablets: dict[str, Tablet] = field(default_factory=dict)
    batch: str = ""
    coi: str = ""
    recipe: Recipe | None = None
    flow: Mapping[str, float] = field(default_factory=dict)
    taken: int = 0
    counter: str = score.COUNTER  # the cell counter that the batch measures with
    told: str = ""

    def play(self, coi: str) -> str:
        """Play a whole batch for an order, and return its number."""
        self.start(coi)
        while key := self.next_step():
            if self._step(key).stage is Stage.FINAL:
                break
            if key == score.DAY_5[0]:
                for earlier in score.DAY_5[1]:
                    self.step(earlier)
            self.step(key)
        self.release("conditional")
        while key := self.next_step():
            self.step(key)
        self.release("final")
        self.free_equipment()
        return self.batch

    # --- people and their tablets ---------------------------------------------------------------------------------

    def tablet(self, user: str) -> Tablet:
        """Return somebody's tablet, signed in."""
        if user not in self.tablets:
            self.tablets[user] = Tablet(self.url)
            self.tablets[user].sign_in(user, self.password)
        return self.tablets[user]

    def signed(self, user: str, **fields: str) -> dict[str, str]:
        """Return what somebody enters to sign."""
        return {"user": user, "password": self.password, **fields}

    def close(self) -> None:
        """Put all tablets away."""
        for tablet in self.tablets.values():
            tablet.close()

    # --- the batch ------------------------------------------------------------------------------------------------

    def start(self, coi: str) -> None:
        """Issue the batch for an order."""
        self.coi = coi
        dora = self.tablet("dora")
        form = _must(dora.open(f"/batches/start?coi={coi}").form("/batches/start"))
        facts = {f"value.{name}": text for name, text in score.FACTS.items()}
        facts["value.weight_measured"] = f"{self.now() - timedelta(days=1):%Y-%m-%d %H:%M}"
        self.batch = dora.send(form, facts).url.rsplit("/", 1)[-1]
        record: Mapping[str, Any] = dora.json(f"/api/v1/batches/{self.batch}")
        self.recipe = load(record["recipe_text"])
        self.tell(f"batch {self.batch} started for {coi}")

    def next_step(self) -> str:
        """Return the key of the step that is next, as the batch's page says; empty when there is none."""
        link = self.tablet("alice").open(f"/batches/{self.batch}").links.get("primary", "")
        return link.rsplit("/", 1)[-1] if "/steps/" in link else ""

    def values(self) -> dict[str, str]:
        """Return what is recorded so far, by name."""
        record: Mapping[str, Any] = self.tablet("alice").json(f"/api/v1/batches/{self.batch}")
        found: dict[str, str] = {}
        for line in record["lines"]:
            body = json.loads(line["text"])["body"]
            if "field" in body and "value" in body:
                found[body["field"]] = body["value"]
        return found

    def step(self, key: str) -> None:
        """Do one step: what happens to the cells, what is recorded of it, and the second person's check."""
        step = self._step(key)
        self._tell_operation(step)
        tablet = self.tablet(_BY_ROLE[step.performer])
        cue = score.CUES.get(step.id, score.Cue())
        self._happen(cue, key)
        self._answer_alarms()
        deadline = time.monotonic() + _PATIENCE
        while not self._tap(tablet, step, key):
            if time.monotonic() > deadline:
                raise NotDone(f"step {key} does not come to an end")

    def release(self, stage: str) -> None:
        """Review the record and release the batch for a stage."""
        quinn, petra = self.tablet("quinn"), self.tablet("petra")
        self.tell(f"quality reviews the record and releases the batch: {stage} release")
        quinn.send(_must(quinn.open(f"/batches/{self.batch}/review").form("/review")), self.signed("quinn"))
        ending = f"/release/{stage}"
        petra.send(_must(petra.open(f"/batches/{self.batch}/release").form(ending)), self.signed("petra"))

    def free_equipment(self) -> None:
        """Make ready again what belonged to the batch, so that the next one can use it."""
        alice = self.tablet("alice")
        for code in score.EXCLUSIVE:
            form = _must(alice.open(f"/equipment/?item={code}").form("/status"))
            alice.send(form, {"status": "ready", "why": "cleaned and inspected"})

    def record(self) -> bytes:
        """Return the record's PDF, which is made by itself when a batch is released."""
        petra, path = self.tablet("petra"), f"/batches/{self.batch}/record/"
        deadline = time.monotonic() + _PRINTED_WITHIN
        while petra.open(path).form("/record/") is None:  # as long as it is being made, nobody can ask for it
            if time.monotonic() > deadline:
                raise NotDone("the record is not made")
            time.sleep(0.5)
        return petra.download(f"{path}batch-record.pdf")

    # --- one step -------------------------------------------------------------------------------------------------

    def _step(self, key: str) -> Step:
        if self.recipe is None:
            raise NotDone("no batch was started")
        return self.recipe.steps[parse_key(key)[0]]

    def _tap(self, tablet: Tablet, step: Step, key: str) -> bool:
        """Do the next thing that the page offers. Return whether the step is over."""
        page = tablet.open(f"/batches/{self.batch}/steps/{key}")
        if form := page.form("/verification"):
            user = _SECOND[step.verifier] if step.verifier else ""
            tablet.send(form, self.signed(user))
            return True
        if form := page.form("/decision"):
            return self._decide(tablet, step, form)
        if (form := page.form("/instrument")) and self._counts_elsewhere(step):
            tablet.send(form, {"code": self.counter})
            return False
        if form := page.form("/readings"):
            tablet.send(form, {})
            return False
        if page.waits("/readings"):
            time.sleep(0.1)  # the reading is on its way, or the next one is
            return False
        if step.type == "reconcile" and page.form("/complete") is None:
            self._account_for_labels(tablet, step, key)
            return False
        entering = page.form("/values")
        if entering and (entering.asks or self._is_to_compute(step, page)):
            tablet.send(entering, self._entered(step, key, entering))
            return False
        if form := page.form("/complete"):
            tablet.send(form, self.signed(_BY_ROLE[step.performer]) if "password" in form.asks else {})
            return step.verifier is None
        self._let_time_pass(step)
        return False

    def _account_for_labels(self, tablet: Tablet, step: Step, key: str) -> None:
        """Scan each label but the last where it was put, and destroy that one."""
        (asked,) = step.fields
        address = f"/batches/{self.batch}/steps/{key}/labels/{asked.name}"
        for code in _SYMBOL.findall(tablet.download(f"{address}/zpl").decode())[:-1]:
            tablet.send(_must(tablet.open(address).form("/scan")), {"code": code})
        tablet.send(_must(tablet.open(address).form("/reconciliation")), {"destroyed": "1", "kept": "0"})

    def _counts_elsewhere(self, step: Step) -> bool:
        """Say whether this step's tube is counted on another counter than the one before, and remember it."""
        cue = score.CUES.get(step.id, score.Cue())
        if not cue.count:
            return False
        tube = self._known_tube(self.values()[cue.sample])
        counter = tube.counter if tube else score.COUNTER
        before, self.counter = self.counter, counter
        return before != counter

    def _tube_of_round(self, key: str) -> score.Tube | None:
        """Return the tube with a known time of analysis that is taken in the same round of the same operation."""
        if self.recipe is None:
            return None
        step, number = parse_key(key)
        operation = self.recipe.operation_of[step]
        for taken, tube in self.tubes.items():
            other, round_ = parse_key(taken)
            if self.recipe.operation_of[other] is operation and round_ == number:
                return tube
        return None

    def _known_tube(self, code: str) -> score.Tube | None:
        return next((tube for tube in self.tubes.values() if tube.code == code), None)

    def _is_to_compute(self, step: Step, page: Page) -> bool:
        return step.type == "calculate" and page.form("/complete") is None and "compute" in page.text

    def _decide(self, tablet: Tablet, step: Step, form: Form) -> bool:
        (asked,) = step.fields
        choice = score.CHOICES.get(asked.name) or self._harvest_or_not()
        user = _BY_ROLE[step.performer]
        tablet.send(form, self.signed(user, **{f"value.{asked.name}": choice}))
        return step.verifier is None

    def _harvest_or_not(self) -> str:
        values = self.values()
        enough = score.number(values["culture_cells"]) >= score.number(values["planned_cells"])
        well = score.number(values["culture_viability"]) >= 85
        checked = "day5_gate" in values
        return "ready for harvest" if enough and well and checked else "continue the culture"

    def _entered(self, step: Step, key: str, form: Form) -> dict[str, str]:
        values = self.values()
        if self.flow:
            values["flow cd7 negative"] = f"{100 - self.flow['cd7']:.1f}"
        asked = {name.removeprefix("value.") for name in form.asks if name.startswith("value.")}
        return {f"value.{each.name}": self._answer(each, key, values) for each in step.fields if each.name in asked}

    def _answer(self, each: Field, key: str, values: Mapping[str, str]) -> str:
        if each.kind is Kind.IDENTITY:
            return values.get(each.matches, self.coi)
        if each.kind is Kind.SAMPLE:
            return self._tube(key)
        if each.kind is Kind.TIME:
            return f"{self.now():%Y-%m-%d %H:%M}"
        if each.name in score.FROM_FLOW:
            return f"{self.flow[score.FROM_FLOW[each.name]]:g}"
        if each.name in score.LOTS | score.EQUIPMENT:
            return (score.LOTS | score.EQUIPMENT)[each.name]
        if each.name in score.METABOLITES:
            return f"{self.culture()[each.name]:.1f}"
        if each.name == "culture_volume":
            return f"{self.culture()['volume']:.0f}"
        if each.kind is Kind.CHOICE and each.options == ("clear", "not clear"):
            return "clear"
        typed = score.TYPED[each.name]
        return typed if isinstance(typed, str) else typed(values)

    def _tube(self, key: str) -> str:
        self.taken += 1
        return self.tubes[key].code if key in self.tubes else f"{self.batch}-T{self.taken:03}"

    # --- the cells and the clock ----------------------------------------------------------------------------------

    def ask(self, path: str, **values: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
        """Do something at an instrument's front panel."""
        answer = httpx.post(f"{self.panel}{path}", json=values, timeout=90)
        told: Mapping[str, Any] = answer.json()
        if answer.is_error:
            raise NotDone(f"{path}: {told.get('error', answer.text)}")
        return told

    def state(self) -> Mapping[str, Any]:
        """Return the true state of the simulated culture: what a person at the vessel sees."""
        state: Mapping[str, Any] = httpx.get(f"{self.panel}/state", timeout=30).json()
        return state

    def now(self) -> datetime:
        """Return the process time."""
        return datetime.fromisoformat(self.state()["time"])

    def culture(self) -> Mapping[str, float]:
        """Return what the bioreactor holds."""
        contents: Mapping[str, float] = self.state()["vessels"]["bioreactor"]
        return contents

    def _happen(self, cue: score.Cue, key: str) -> None:
        """Let happen to the cells what the score says, before the step is recorded."""
        if tube := self._tube_of_round(key):
            self._wait_until(tube.analysed - timedelta(minutes=10))
        elif cue.hours and not cue.before_completing and (not cue.later_rounds_only or parse_key(key)[1] > 1):
            self.ask("/clock/skip", hours=cue.hours)
        if cue.event:
            values = self.values()
            self.ask("/culture/event", event=cue.event, volume=cue.volume(values), cells=cue.cells(values))
        if cue.count:
            code = self.values()[cue.sample]
            if tube := self._known_tube(code):
                self._wait_until(tube.analysed)
            self.ask("/counter/count", sample=code, vessel=cue.count)
        if cue.flow:
            self.flow = httpx.get(f"{self.panel}/flow", params={"vessel": cue.flow}, timeout=30).json()

    def _answer_alarms(self) -> None:
        """Acknowledge what has alarmed meanwhile."""
        bob = self.tablet("bob")
        for number, answer in score.ALARMS.items():
            if form := bob.open(f"/alarms/?item={score.BIOREACTOR}&number={number}").form("/acknowledgement"):
                bob.send(form, {"comment": answer})
                self.tell(f"{self.now():%Y-%m-%d %H:%M}  alarm {number} of {score.BIOREACTOR}: {answer}")

    def _wait_until(self, at: datetime) -> None:
        hours = (at - self.now()).total_seconds() / 3600
        if hours > 0:
            self.ask("/clock/skip", hours=hours)

    def _let_time_pass(self, step: Step) -> None:
        cue = score.CUES.get(step.id, score.Cue())
        if not (cue.before_completing and cue.hours):
            time.sleep(0.1)
            return
        self.ask("/clock/skip", hours=cue.hours)

    def _tell_operation(self, step: Step) -> None:
        if self.recipe is None:
            return
        operation = self.recipe.operation_of[step.id]
        words = f"{operation.id} {operation.title}"
        if words != self.told:
            self.told = words
            self.tell(f"{self.now():%Y-%m-%d %H:%M}  {words}")


def _must(form: Form | None) -> Form:
    if form is None:
        raise NotDone(_LABORATORY)
    return form
