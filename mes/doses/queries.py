"""What is asked about dose plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from flask import abort, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed.commands import Person
from batch_records.master.dose_plan import DosePlan, load_plan
from batch_records.master.recipe import Role
from batch_records.values.boin import Row, bounds
from mes.batches.shown import local
from mes.context import installation
from mes.doses.commands import RESPONSES, TOXICITIES, DraftDosePlan, RecordOutcome
from mes.doses.found import NOT_YET, LevelFound, Patient, found, lowest_wanted, others
from mes.doses.models import DoseOutcome, DosePlanEdition
from mes.execute import HANDLERS
from mes.masters.editions import EditionLine, edition_line
from mes.patients.models import TherapyOrder
from mes.people.queries import names
from mes.web import shapes
from mes.web.history import head_of


@dataclass(frozen=True)
class PlanLine:
    """A dose plan with its editions, the newest first; ``search`` is where its levels are looked at, once approved."""

    title: str
    name: str
    editions: tuple[EditionLine, ...]
    search: str


@dataclass(frozen=True)
class PlansPage:
    """Everything that ``dose_plans.html`` asks for."""

    plans: tuple[PlanLine, ...]
    may_load: bool
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanPage:
    """Everything that ``dose_plan.html`` asks for."""

    title: str
    name: str
    edition: EditionLine
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]
    portions: tuple[tuple[str, str], ...]
    search: str
    signature: shapes.Signature | None
    blocked: str
    error: str = ""


@dataclass(frozen=True)
class PatientLine:
    """A patient in the list, by the chain of identity."""

    coi: str
    level: str
    toxicity: str
    response: str
    recorded: shapes.Stamp | None
    url: str


@dataclass(frozen=True)
class SearchPage:
    """Everything that ``dose_search.html`` asks for."""

    title: str
    name: str
    edition: int
    plan: DosePlan
    raise_at: str
    lower_at: str
    levels: tuple[LevelFound, ...]
    decisions: tuple[Row, ...]
    wanted: str
    patients: tuple[PatientLine, ...]
    elsewhere: int
    chosen: PatientLine | None
    toxicities: tuple[shapes.Option, ...]
    responses: tuple[shapes.Option, ...]
    may_record: bool
    error: str = ""


def plans_page(person: Person, problems: tuple[str, ...] = ()) -> PlansPage:
    """Return all dose plans with their editions."""
    query = select(DosePlanEdition).order_by(DosePlanEdition.code, DosePlanEdition.edition.desc())
    with installation().reading() as session:
        rows = session.scalars(query).all()
    people = names()
    plans = []
    for code, group in groupby(rows, key=lambda row: row.code):
        editions = list(group)
        lines = tuple(_edition(row, people) for row in editions)
        plans.append(PlanLine(editions[0].title, code, lines, _search_url(code, lines)))
    return PlansPage(tuple(plans), bool(person.roles & HANDLERS[DraftDosePlan].roles), problems)


def _search_url(code: str, editions: tuple[EditionLine, ...]) -> str:
    return url_for("doses.search", plan=code) if any(each.state == "approved" for each in editions) else ""


def _edition(row: DosePlanEdition, people: Mapping[str, str]) -> EditionLine:
    return edition_line(row, people, url_for("doses.plan", plan=row.code, edition=row.edition))


def plan_page(code: str, edition: int, person: Person, error: str = "") -> PlanPage:
    """Return one edition with what it says, and its text."""
    with installation().reading() as session:
        row = session.get(DosePlanEdition, (code, edition))
        if row is None:
            abort(404, f"Dose plan {code} has no edition {edition}.")
        head = head_of(session, row.book)
    plan, line = load_plan(row.text), _edition(row, names())
    may_sign = row.status == "draft" and Role.REVIEWER.value in person.roles
    is_own = row.author == person.id
    return PlanPage(
        title=row.title,
        name=row.code,
        edition=line,
        lines=tuple(row.text.splitlines()),
        facts=tuple(_facts(plan)),
        levels=tuple((level.name, level.rule.words) for level in plan.levels),
        portions=tuple((f"{part.name}, {part.share}", part.gate) for part in plan.portions),
        search=_search_url(code, (line,)),
        signature=_approving(row, head) if may_sign and not is_own else None,
        blocked="Who wrote a dose plan does not approve it: another person of quality does." if is_own else "",
        error=error,
    )


def _facts(plan: DosePlan) -> list[tuple[str, str]]:
    return [
        ("Protocol", plan.protocol),
        ("For the recipes", ", ".join(plan.recipes)),
        ("Counted", plan.counted),
        ("Weight", plan.weight),
        ("Starts at", f"level {plan.start}"),
        ("De-escalation", plan.deescalation),
        ("Toxicity", f"target {plan.toxicity.rate} within {plan.toxicity.window}: {plan.toxicity.counted}"),
        ("Response", f"wanted {plan.response.rate} within {plan.response.window}: {plan.response.counted}"),
    ]


def _approving(row: DosePlanEdition, head: str) -> shapes.Signature:
    statement = f"Orders name a level of this text from now on. Digest {row.digest[:16]}…"
    return shapes.Signature("Approve the dose plan", statement, "approved", head, f"{row.code}, edition {row.edition}")


def search_page(code: str, person: Person, coi: str = "", error: str = "") -> SearchPage:
    """Return what was found at each level of a plan, with what the design advises."""
    query = select(DosePlanEdition).where(DosePlanEdition.code == code, DosePlanEdition.status == "approved")
    with installation().reading() as session:
        row = session.scalars(query).first()
        if row is None:
            abort(404, f"There is no approved dose plan {code}.")
        outcomes = {
            each.coi: each for each in session.scalars(select(DoseOutcome).where(DoseOutcome.plan == code)).all()
        }
        orders = _orders(session, code)
    plan = load_plan(row.text)
    patients = tuple(_patient(order, outcomes.get(order.coi)) for order in orders)
    people = names()
    lines = tuple(_line(code, each, outcomes.get(each.coi), people) for each in patients)
    levels, design = found(plan, patients), bounds(plan.toxicity.rate.base)
    return SearchPage(
        title=row.title,
        name=code,
        edition=row.edition,
        plan=plan,
        raise_at=f"{100 * design.raise_at:.1f} %",
        lower_at=f"{100 * design.lower_at:.1f} %",
        levels=levels,
        decisions=plan.decisions(),
        wanted=lowest_wanted(levels),
        patients=lines,
        elsewhere=len(others(plan, patients)),
        chosen=next((line for line in lines if line.coi == coi), None),
        toxicities=tuple(shapes.Option(word, word) for word in TOXICITIES),
        responses=tuple(shapes.Option(word, word) for word in RESPONSES),
        may_record=bool(person.roles & HANDLERS[RecordOutcome].roles),
        error=error,
    )


def _orders(session: Session, code: str) -> list[TherapyOrder]:
    query = select(TherapyOrder).where(TherapyOrder.dose_plan == code).order_by(TherapyOrder.ordered)
    return list(session.scalars(query))


def _patient(order: TherapyOrder, outcome: DoseOutcome | None) -> Patient:
    dose = (order.dose or "").partition(" (")[0]
    seen = (outcome.toxicity, outcome.response) if outcome else (NOT_YET, NOT_YET)
    return Patient(order.coi, order.dose_level or "", dose, *seen)


def _line(code: str, patient: Patient, outcome: DoseOutcome | None, people: Mapping[str, str]) -> PatientLine:
    recorded = None
    if outcome:
        who = people.get(outcome.recorded_by, outcome.recorded_by)
        recorded = shapes.Stamp(who, "", local(outcome.recorded))
    url = url_for("doses.search", plan=code, coi=patient.coi)
    return PatientLine(patient.coi, patient.level, patient.toxicity, patient.response, recorded, url)
