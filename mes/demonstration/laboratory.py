"""The demonstration laboratory: who works in it, what is in its store, what stands in its rooms.

Everything is entered as people would enter it, through the same door, with the same signatures.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from batch_records.executed.commands import Person
from batch_records.master.dose_plan import shipped_plans
from batch_records.master.load import shipped
from batch_records.master.recipe import Role
from mes.alarms.commands import ApproveAlarm, ProposeAlarm
from mes.alarms.models import BOOK
from mes.context import installation
from mes.doses.commands import ApproveDosePlan, DraftDosePlan
from mes.equipment.commands import AddEquipment
from mes.execute import Actor, Outcome, execute
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.materials.commands import DisposeOfLot, ReceiveLot
from mes.patients.commands import PlaceOrder
from mes.people.commands import AddMachine, AddUser, ChoosePassword
from mes.people.identity import AcceptStatement, ProveIdentity
from mes.people.models import ADMINISTRATOR, AUDITOR, CLOCK, INSTRUMENT, SCIENTIST, SUPERVISOR
from mes.people.passwords import new_password
from mes.signing import Signing
from mes.site.commands import INSTALLER, OpenSite
from mes.training.commands import RecordTraining
from mes.web.history import head_of

DEMONSTRATION = "demonstration"
RECIPE = "cd7_car_t_autologous_pebl"  # the batch that plays itself
LEVEL = "cd7_dose_finding/3"


@dataclass(frozen=True)
class Colleague:
    """One of the cast: an id to sign in with, a full name, and roles."""

    id: str
    name: str
    roles: tuple[str, ...]
    does: str


CAST = (
    Colleague("alice", "Alice Adeyemi", (Role.OPERATOR.value,), "performs"),
    Colleague("bob", "Bob Brandt", (Role.OPERATOR.value, Role.VERIFIER.value), "performs, verifies"),
    Colleague("lena", "Lena Lindqvist", (Role.ANALYST.value,), "reports results"),
    Colleague("luis", "Luis Lopez", (Role.ANALYST.value,), "reads results a second time"),
    Colleague("dora", "Dora Dvořák", (Role.PHYSICIAN.value,), "orders, collects"),
    Colleague("rita", "Rita Rossi", (Role.REVIEWER.value,), "decides for quality, at the gates"),
    Colleague("quinn", "Quinn Quirke", (Role.REVIEWER.value,), "reviews for quality, and does none of the work"),
    Colleague("petra", "Petra Popova", (Role.RELEASER.value,), "releases"),
    Colleague("sami", "Sami Saarinen", (SUPERVISOR,), "supervises: trains, assigns"),
    Colleague("nora", "Nora Nilsen", (SCIENTIST,), "writes recipes"),
    Colleague("adam", "Adam Arslan", (ADMINISTRATOR,), "administers, makes nothing"),
    Colleague("ines", "Inés Ibáñez", (AUDITOR,), "inspects, changes nothing"),
)

MATERIALS = {
    "DGM-2601": "density gradient medium",
    "WB-2614": "wash buffer",
    "CM-2609": "culture medium",
    "AR-2603": "activation reagent",
    "CY-2605": "cytokine mix",
    "LV-2602": "CD7-PEBL-CAR lentiviral vector",
    "CRY-2611": "cryomedium",
}
_VECTOR = {"titre": "1.2e8 TU/mL", "titre_method": "flow titre on SUP-T1 cells, method 2"}

EQUIPMENT = (
    ("ROOM-2", "Clean room 2, grade B", "clean room", False),
    ("BSC-21", "Safety cabinet, grade A", "safety cabinet", False),
    ("CC-01", "Cell counter", "cell counter", False),
    ("VC-01", "Vi-CELL BLU", "cell counter", False),
    ("INC-05", "Incubator", "incubator", True),
    ("BR-01", "Bioreactor", "bioreactor", True),
    ("CRF-02", "Controlled-rate freezer", "controlled-rate freezer", False),
)
_WELL = "Cells divide at 36 to 38 °C; outside for minutes they suffer (synthetic limit)"
_ACID = "Lactate has gathered; growth slows below (synthetic limit)"
_BREATH = "The culture takes up more than enters: feed it, or stir faster (synthetic limit)"
LIMITS = (  # of the bioreactor's channels: kind, limit, deadband, seconds until raised and until over, priority, why
    ("temperature", "high", "37.8 °C", "0.2 °C", "300", "60", "critical", _WELL),
    ("temperature", "low", "36.2 °C", "0.2 °C", "300", "60", "high", _WELL),
    ("pH", "low", "6.9 pH", "0.05 pH", "600", "60", "high", _ACID),
    ("dissolved_oxygen", "low", "82 %", "2 %", "600", "0", "medium", _BREATH),
)
ORDERS = ("COI-26-0007-K", "COI-26-0008-M", "COI-26-0009-R")


def load(folder: Path) -> None:
    """Load the laboratory into an empty database; the passphrase and the machines' tokens go into files."""
    first, password = (new_password(*(colleague.id for colleague in CAST)) for _ in range(2))
    administrator = next(each for each in CAST if each.roles == (ADMINISTRATOR,))
    _do(OpenSite(DEMONSTRATION, administrator.id, administrator.name, first), INSTALLER)
    for colleague in CAST:
        if colleague is not administrator:
            _do(AddUser(colleague.id, colleague.name, colleague.roles, first), _actor("adam"))
    for colleague in CAST:
        _settle_in(colleague.id, first, password)
    _add_machines(folder)
    _add_equipment()
    _fill_the_store(password)
    _approve_recipes(password)
    _approve_dose_plans(password)
    _set_alarm_limits(password)
    for coi in ORDERS:
        _do(PlaceOrder(coi, RECIPE, "synthetic", level=LEVEL), _actor("dora"))
    _keep_secret(folder / "passphrase", password)


def _settle_in(user: str, first: str, password: str) -> None:
    """Have somebody choose a password of their own, be seen by another, and accept what signing means."""
    nobody = Actor(Person("nobody", "nobody signed in", frozenset()), "set-up")
    execute(ChoosePassword(user, "", password), by=nobody, tap=str(uuid4()), signing=Signing(user, first, ""))
    _do(ProveIdentity(user, "passport"), _actor("sami" if user != "sami" else "quinn"))
    execute(AcceptStatement(user, 1), by=nobody, tap=str(uuid4()), signing=Signing(user, password, ""))


def _add_machines(folder: Path) -> None:
    for id_, name, role in (
        ("gateway-1", "Instrument gateway", INSTRUMENT),
        ("clock-1", "Clock process", CLOCK),
    ):
        token = secrets.token_urlsafe(32)
        _do(AddMachine(id_, name, role, token), _actor("adam"))
        _keep_secret(folder / f"{id_}.token", token)


def _add_equipment() -> None:
    until = installation().now() + timedelta(days=180)
    for code, name, class_, exclusive in EQUIPMENT:
        _do(AddEquipment(code, name, class_, until, exclusive), _actor("quinn"))


def _fill_the_store(password: str) -> None:
    now = installation().now()
    for number, material in MATERIALS.items():
        gives = _VECTOR if "vector" in material else {}
        _do(ReceiveLot(number, material, now + timedelta(days=270), gives), _actor("alice"))
        release = DisposeOfLot(number, "released", "certificate complies")
        _sign(release, f"lot:{number}", password)
    _do(ReceiveLot("CM-2502", "culture medium", now - timedelta(days=3), {}), _actor("alice"))
    _sign(DisposeOfLot("CM-2502", "released", "certificate complies"), "lot:CM-2502", password)
    _do(ReceiveLot("LV-2603", "CD7-PEBL-CAR lentiviral vector", now + timedelta(days=300), _VECTOR), _actor("alice"))


def _approve_recipes(password: str) -> None:
    for code, text in shipped().items():
        _do(DraftRecipe(code, text), _actor("nora"))
        _sign(ApproveRecipe(code, 1), f"recipe:{code}", password)
        everybody = tuple(each.id for each in CAST if each.id != "sami")
        _do(RecordTraining(code, 1, everybody, installation().now() + timedelta(days=365)), _actor("sami"))


def _approve_dose_plans(password: str) -> None:
    for code, text in shipped_plans().items():
        _do(DraftDosePlan(code, text), _actor("dora"))
        _sign(ApproveDosePlan(code, 1), f"dose-plan:{code}", password)


def _set_alarm_limits(password: str) -> None:
    for channel, kind, limit, deadband, on_delay, off_delay, priority, why in LIMITS:
        proposal = ProposeAlarm("bioreactor", channel, kind, limit, priority, why, deadband, on_delay, off_delay)
        number = _do(proposal, _actor("alice"))["number"]
        _sign(ApproveAlarm(number), BOOK, password)


def _do(command: object, by: Actor) -> Outcome:
    return execute(command, by=by, tap=str(uuid4()))


def _sign(command: object, book: str, password: str) -> None:
    with installation().reading() as session:
        seen = head_of(session, book)
    execute(command, by=_actor("quinn"), tap=str(uuid4()), signing=Signing("quinn", password, seen))


def _actor(id_: str) -> Actor:
    colleague = next(each for each in CAST if each.id == id_)
    return Actor(Person(colleague.id, colleague.name, frozenset(colleague.roles)), "set-up", colleague.id)


def _keep_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)
